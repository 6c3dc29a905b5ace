"""Doing things to a registry over HTTP, to a server that may die at any request."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jettison.oci.digest import Digest
from tests.crashes.script import Refused, Way
from tests.support.content import Draft

TOUCH_SECONDS = 3.0
GRACE_SECONDS = 0.5

CONFIG = {
    "log": {"accesslog": {"disabled": True}},
    "validation": {"manifests": {"indexes": {"platforms": "none"}}},
    "jettison": {
        "deletions": {"undo": "10m"},
        "leases": {"upload": "10m", "touch": f"{TOUCH_SECONDS}s"},
        "sweep": {"interval": 0, "grace": f"{GRACE_SECONDS}s", "uploads": f"{TOUCH_SECONDS}s"},
    },
}
"""Times short enough to be waited for. It sweeps when it is told to: what a sweep finds is the same each time."""


NOTHING = (b"{}", "application/json")


class Died(Exception):
    """The server is gone."""


class HttpHands:
    """See :class:`.script.Hands`. Every method raises Died where the server does not answer any more."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def upload(self, name: str, content: bytes, way: Way) -> None:
        """Upload a blob."""
        digest = Digest.of(content)
        if way == "whole":
            self._expect(201, "POST", f"/v2/{name}/blobs/uploads/?digest={digest}", content)
            return
        location = self._begin(name)
        for start in range(0, len(content) // 2, max(1, len(content) // (2 if way == "parts" else 4))):
            self._expect(202, "PATCH", location, content[start : start + max(1, len(content) // 4)])
        sent = self._sent(location)
        self._expect(201, "PUT", f"{location}?digest={digest}", content[sent:])

    def upload_wrong(self, name: str) -> None:
        """Upload bytes that have another digest, which is refused."""
        self._expect(400, "POST", f"/v2/{name}/blobs/uploads/?digest={Digest.of(b'others')}", b"these")

    def cancel(self, name: str) -> None:
        """Begin an upload, and cancel it."""
        location = self._begin(name)
        self._expect(202, "PATCH", location, b"some")
        self._expect(204, "DELETE", location)

    def leave(self, name: str) -> None:
        """Begin an upload, and never go on with it."""
        self._expect(202, "PATCH", self._begin(name), b"never ended")

    def mount(self, name: str, content: bytes, source: str) -> None:
        """Mount a blob."""
        self._expect(201, "POST", f"/v2/{name}/blobs/uploads/?mount={Digest.of(content)}&from={source}")

    def ask(self, name: str, content: bytes) -> None:
        """Ask for a blob by HEAD, when over half of the lease that it was mounted with has passed."""
        time.sleep(TOUCH_SECONDS * 0.6)
        self._expect(200, "HEAD", f"/v2/{name}/blobs/{Digest.of(content)}")

    def put(self, name: str, draft: Draft, tag: str | None) -> None:
        """Push a manifest alone, by its tag or its digest."""
        path = f"/v2/{name}/manifests/{tag or draft.digest}"
        self._expect(201, "PUT", path, draft.content, draft.media_type)

    def delete(self, name: str, reference: str | None = None, *, blob: bool = False, purge: bool = False) -> None:
        """Delete a tag, a manifest, a blob or the repository."""
        path = f"/v2/{name}" if reference is None else f"/v2/{name}/{'blobs' if blob else 'manifests'}/{reference}"
        self._expect(202, "DELETE", f"{path}{'?purge=true' if purge else ''}")

    def restore(self, name: str) -> None:
        """Undo the last deletion of the repository."""
        self._expect(200, "POST", f"/api/v1/deletions/{self._last_deletion(name)}/restore", *NOTHING)

    def purge(self, name: str) -> None:
        """Make the last deletion of the repository final."""
        self._expect(200, "POST", f"/api/v1/deletions/{self._last_deletion(name)}/purge", *NOTHING)

    def pass_time(self) -> None:
        """Let what only time keeps end, but for what takes minutes, and have it swept."""
        time.sleep(TOUCH_SECONDS)
        self._expect(200, "POST", "/api/v1/sweep", *NOTHING)
        time.sleep(GRACE_SECONDS)
        self._expect(200, "POST", "/api/v1/sweep", *NOTHING)

    def tags(self, name: str) -> set[str]:
        """The tags of the repository; none if it is unknown."""
        body = self._found(f"/v2/{name}/tags/list")
        return set() if body is None else set(json.loads(body)["tags"])

    def manifest(self, name: str, reference: str) -> bytes | None:
        """The bytes of a manifest, by tag or digest."""
        return self._found(f"/v2/{name}/manifests/{reference}")

    def blob(self, name: str, digest: str) -> bytes | None:
        """The bytes of a blob."""
        return self._found(f"/v2/{name}/blobs/{digest}")

    def ask_for(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> tuple[int, Any, bytes]:
        """One request: its status, headers and body."""
        with deaths():
            self._connection.request(method, path, body, {"Content-Type": media_type} if media_type else {})
            response = self._connection.getresponse()
            return response.status, response.headers, response.read()

    def _expect(self, status: int, method: str, path: str, body: bytes = b"", media_type: str = "") -> Any:
        found, headers, content = self.ask_for(method, path, body, media_type)
        if found in (404, 409) and found != status:
            raise Refused(f"{method} {path}: {found} {content!r}")
        assert found == status, f"{method} {path}: {found} {content!r}"
        return headers

    def _begin(self, name: str) -> str:
        location: str = self._expect(202, "POST", f"/v2/{name}/blobs/uploads/")["location"]
        return location

    def _sent(self, location: str) -> int:
        last = self._expect(204, "GET", location)["range"].partition("-")[2]
        return int(last) + 1

    def _found(self, path: str) -> bytes | None:
        status, _, body = self.ask_for("GET", path)
        assert status in (200, 404), f"GET {path}: {status} {body!r}"
        return body if status == 200 else None

    def _last_deletion(self, name: str) -> int:
        body = self._found(f"/api/v1/deletions?limit=1&repository={name}")
        assert body is not None
        [entry] = json.loads(body)["deletions"]
        id: int = entry["deletion"]
        return id


@contextmanager
def deaths() -> Iterator[None]:
    """Raises Died where a connection breaks off."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise Died(str(error)) from error
