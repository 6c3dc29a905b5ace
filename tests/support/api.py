"""What stands in a registry, asked over HTTP beside the client that a test is about."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx2

from .server import JettisonServer

_REQUEST = re.compile(r" access: request method=(\S+) path=(\S+) status=(\d+) ")


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest as the registry serves it."""

    content: bytes
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the server's log tells of."""

    method: str
    path: str
    status: int

    @property
    def to_uploads(self) -> bool:
        """Whether it is about the upload of a blob."""
        return "/blobs/uploads" in self.path


class Api:
    """Plain questions to a running server, on one connection. A context manager."""

    def __init__(self, server: JettisonServer) -> None:
        self.server = server
        self._client = httpx2.Client(base_url=server.url, timeout=20, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._client.close()

    def catalog(self) -> list[str]:
        """All repositories."""
        names: list[str] = self._json("/v2/_catalog")["repositories"]
        return names

    def tags(self, repository: str) -> list[str] | None:
        """The repository's tags; None if there is no such repository."""
        listed = self._json(f"/v2/{repository}/tags/list")
        return None if listed is None else listed["tags"]

    def manifest(self, repository: str, reference: str) -> Stored | None:
        """A manifest by tag or digest; None if it is not there."""
        answer = self._client.get(f"/v2/{repository}/manifests/{reference}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return Stored(answer.content, answer.headers["content-type"], answer.headers["docker-content-digest"])

    def digest(self, repository: str, tag: str) -> str:
        """The digest that a tag, which must be there, points at."""
        found = self.manifest(repository, tag)
        assert found is not None, f"there is no {repository}:{tag}"
        return found.digest

    def has(self, repository: str, reference: str) -> bool:
        """Whether a manifest is there, by tag or digest."""
        return self.manifest(repository, reference) is not None

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether a blob is there."""
        return self._client.head(f"/v2/{repository}/blobs/{digest}").status_code == 200

    def referrers(self, repository: str, subject: str) -> list[str]:
        """The digests of the manifests whose subject it is."""
        return [entry["digest"] for entry in self._json(f"/v2/{repository}/referrers/{subject}")["manifests"]]

    def delete(self, path: str) -> dict[str, Any]:
        """Send DELETE, which must be accepted; return the summary."""
        answer = self._client.delete(path)
        assert answer.status_code == 202, answer.text
        summary: dict[str, Any] = answer.json()
        return summary

    @contextmanager
    def asked(self) -> Iterator[list[Asked]]:
        """A list that, once the block is left, holds the requests that others sent meanwhile, from the server's log."""
        before = len(self.server.log)
        requests: list[Asked] = []
        yield requests
        mark = f"/v2/mark/{time.monotonic_ns()}"
        self._client.get(mark)
        deadline = time.monotonic() + 5
        while mark not in (log := self.server.log[before:]):
            assert time.monotonic() < deadline, f"the log does not tell of {mark}:\n{log}"
            time.sleep(0.01)
        requests += [Asked(method, path, int(status)) for method, path, status in _REQUEST.findall(log.split(mark)[0])]

    @contextmanager
    def no_blob_sent(self) -> Iterator[None]:
        """Assert that in this block others mount blobs, at least one, and send none."""
        files = self._blob_files()
        with self.asked() as requests:
            yield
        uploads = [asked for asked in requests if asked.to_uploads]
        assert uploads, f"nothing was mounted: {requests}"
        assert {(asked.method, asked.status) for asked in uploads} == {("POST", 201)}, uploads
        assert self._blob_files() == files

    def _blob_files(self) -> set[str]:
        return {str(path) for folder in ("blobs", "uploads") for path in (self.server.data / folder).rglob("*")}

    def _json(self, path: str) -> Any:
        answer = self._client.get(path)
        if answer.status_code == 404:
            return None
        return answer.raise_for_status().json()
