"""A repository of any registry, filled and asked over HTTP beside the command that a test is about."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import httpx2

from jettison.oci.digest import Digest
from jettison.oci.media_types import IMAGE_TYPES, INDEX_TYPES
from tests.support.content import Draft, image


@dataclass(frozen=True, slots=True)
class Shelf:
    """The repository ``name`` of the registry at ``client``'s base URL. What it pushes is asserted to be taken."""

    client: httpx2.Client
    name: str

    @property
    def address(self) -> str:
        """HOST:PORT/NAME, as a command takes it."""
        return f"{self.client.base_url.netloc.decode()}/{self.name}"

    def push(self, draft: Draft, *tags: str) -> str:
        """Push all that it holds and itself, under its digest and these tags; the digest."""
        for held in draft.closure():
            for blob in held.blobs:
                self._push_blob(blob)
            self._put(held, str(held.digest))
        for tag in tags:
            self._put(draft, tag)
        return str(draft.digest)

    def push_image(self, *tags: str, created: str | None = None, size: int = 100) -> str:
        """Push an image of one layer of random bytes, which says that it was made at ``created``; its digest."""
        config = None if created is None else json.dumps({"created": created, "salt": os.urandom(8).hex()}).encode()
        return self.push(image(os.urandom(size), config=config), *tags)

    def tags(self) -> list[str]:
        """Its tags, sorted; none where it is not there."""
        answer = self.client.get(f"/v2/{self.name}/tags/list")
        return sorted(answer.json()["tags"] or []) if answer.status_code == 200 else []

    def has(self, reference: str) -> bool:
        """Whether a manifest is there, by tag or digest."""
        return self.client.get(f"/v2/{self.name}/manifests/{reference}", headers=_ACCEPT).status_code == 200

    def digest(self, tag: str) -> str:
        """The digest that a tag, which must be there, points at."""
        answer = self.client.get(f"/v2/{self.name}/manifests/{tag}", headers=_ACCEPT)
        answer.raise_for_status()
        digest: str = answer.headers["docker-content-digest"]
        return digest

    def _push_blob(self, content: bytes) -> None:
        begun = self.client.post(f"/v2/{self.name}/blobs/uploads/")
        assert begun.status_code == 202, begun.text
        place = begun.headers["location"]
        done = self.client.put(place, params=_query(place) | {"digest": str(Digest.of(content))}, content=content)
        assert done.status_code == 201, done.text

    def _put(self, draft: Draft, reference: str) -> None:
        done = self.client.put(
            f"/v2/{self.name}/manifests/{reference}",
            content=draft.content,
            headers={"Content-Type": draft.media_type},
        )
        assert done.status_code == 201, done.text


def _query(url: str) -> dict[str, str]:
    return dict(httpx2.URL(url).params)


_ACCEPT = {"Accept": ", ".join(sorted(IMAGE_TYPES | INDEX_TYPES))}
