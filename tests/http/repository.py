"""A repository as a client fills and sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_CONFIG, OCI_IMAGE, OCI_INDEX, OCI_LAYER

Body = Mapping[str, Any]


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """The digest as it stands in a URL."""
    return str(Digest.of(content, algorithm))


def descriptor(content: bytes, media_type: str = OCI_LAYER, **more: Any) -> dict[str, Any]:
    """A descriptor of this content."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def image(config: bytes, *layers: bytes, **more: Any) -> dict[str, Any]:
    """An image manifest."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(config, OCI_CONFIG),
        "layers": [descriptor(layer) for layer in layers],
        **more,
    }


def index(*children: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An index of these descriptors; without any it needs nothing to be there, and so is the cheapest manifest."""
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **more}


def written(manifest: Body | bytes) -> bytes:
    """The manifest as it is sent."""
    return manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository ``name`` of the registry that ``client`` talks to. What it pushes is asserted to be taken."""

    client: httpx2.Client
    name: str

    @property
    def path(self) -> str:
        """/v2/NAME, without a slash at the end."""
        return f"/v2/{self.name}"

    def push_blob(self, content: bytes, algorithm: str = "sha256") -> str:
        """Push a blob in one request; its digest."""
        digest = digest_of(content, algorithm)
        answer = self.client.post(f"{self.path}/blobs/uploads/", params={"digest": digest}, content=content)
        assert answer.status_code == 201, answer.text
        return digest

    def put(
        self, manifest: Body | bytes, reference: str, media_type: str | None = None, *, also: Sequence[str] = ()
    ) -> httpx2.Response:
        """Send a manifest, with ``also`` as tag parameters, whatever the answer."""
        headers = {"Content-Type": media_type or (OCI_INDEX if b'"manifests"' in written(manifest) else OCI_IMAGE)}
        return self.client.put(
            f"{self.path}/manifests/{reference}", content=written(manifest), headers=headers, params={"tag": also}
        )

    def push(self, manifest: Body | bytes, *tags: str, media_type: str | None = None) -> str:
        """Push a manifest by digest, with these tags; its digest."""
        digest = digest_of(written(manifest))
        answer = self.put(manifest, digest, media_type, also=tags)
        assert answer.status_code == 201, answer.text
        return digest

    def push_image(self, content: str, *tags: str, **more: Any) -> str:
        """Push an image of one layer with this content, and its blobs; its digest."""
        config, layer = b"{}", content.encode()
        self.push_blob(config)
        self.push_blob(layer)
        return self.push(image(config, layer, **more), *tags)

    def has(self, reference: str) -> bool:
        """Whether the manifest is there."""
        return _there(self.client.get(f"{self.path}/manifests/{reference}"))

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is there."""
        return _there(self.client.get(f"{self.path}/blobs/{digest}"))

    def tags(self) -> list[str]:
        """Its tags; none where it is not known."""
        answer = self.client.get(f"{self.path}/tags/list")
        return list(answer.json()["tags"]) if _there(answer) else []

    def begin_upload(self, **parameters: str) -> str:
        """Begin an upload; its Location."""
        answer = self.client.post(f"{self.path}/blobs/uploads/", params=parameters)
        assert answer.status_code == 202, answer.text
        return answer.headers["location"]


def _there(answer: httpx2.Response) -> bool:
    assert answer.status_code in {200, 404}, answer.text
    return answer.status_code == 200


def catalog(client: httpx2.Client) -> list[str]:
    """All that the catalog lists."""
    names: list[str] = []
    path: str | None = "/v2/_catalog"
    while path is not None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        names += answer.json()["repositories"]
        path = next_page(answer)
    return names


def next_page(answer: httpx2.Response) -> str | None:
    """Where the answer says that the next page is; None on the last one."""
    link = answer.headers.get("link")
    if link is None:
        return None
    url, _, parameters = link.partition(">; ")
    assert url.startswith("<"), link
    assert parameters == 'rel="next"', link
    return str(url[1:])
