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


@dataclass(slots=True)
class Uploads:
    """What a client did to bring blobs into the registry."""

    mounted: int = 0
    """Blobs that were taken from another repository."""
    begun: int = 0
    """Blobs of which it sent the bytes, or began to."""
    stored: int = 0
    """Files that the registry stores more than before."""


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
    def uploads(self) -> Iterator[Uploads]:
        """Counts what others do in the block, by the server's log and its folder; known once the block is left."""
        counted = Uploads()
        files, start = self._blob_files(), self._mark()
        yield counted
        end = self._mark()
        log = self.server.log
        requests = _REQUEST.findall(log[log.index(start) : log.index(end)])
        posted = [status for method, path, status in requests if method == "POST" and "/blobs/uploads" in path]
        counted.mounted, counted.begun = posted.count("201"), posted.count("202")
        counted.stored = self._blob_files() - files

    def _blob_files(self) -> int:
        return sum(path.is_file() for path in (self.server.data / "blobs").rglob("*"))

    def _mark(self) -> str:
        """Send a request like no other and wait until the log tells of it: then it tells of all that came before."""
        mark = f"/v2/mark/{time.monotonic_ns()}"
        self._client.get(mark)
        deadline = time.monotonic() + 5
        while mark not in self.server.log:
            assert time.monotonic() < deadline, f"the log does not tell of {mark}"
            time.sleep(0.01)
        return mark

    def _json(self, path: str) -> Any:
        answer = self._client.get(path)
        if answer.status_code == 404:
            return None
        return answer.raise_for_status().json()
