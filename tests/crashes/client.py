"""One client of a registry that may die at any moment: it pushes, deletes and restores, and knows what was promised."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jettison.oci.digest import Digest
from tests.support.content import Draft, image

POOL = [bytes([number]) * (1 << (number + 6)) for number in range(10)]
"""Layers that all clients push again and again, of 64 bytes to 32 KiB."""

TAGS = 6
MOST_UNDOABLE = 4

State = dict[str, Draft]
"""The tags of one repository."""


@dataclass(frozen=True)
class Undoable:
    """A deletion: the tags that it took, and until when (by the monotonic clock) it can be undone at least."""

    id: int
    took: State
    one_tag: bool
    until: float


@dataclass
class Repository:
    """What was acknowledged, and what one request that was under way may have made of it."""

    name: str
    tags: State = field(default_factory=dict)
    maybe: State | None = None
    undoable: list[Undoable] = field(default_factory=list)


class Crashed(Exception):
    """The server is gone."""


class Client(threading.Thread):
    """Works on repositories of its own until ``stopping`` is set or the server is gone.

    ``sources`` are the names of repositories that it mounts from, ``undo`` how many seconds a deletion can be undone.
    """

    def __init__(
        self,
        number: int,
        port: int,
        stopping: threading.Event,
        repositories: list[Repository],
        sources: Sequence[str] = (),
        undo: float = 3600,
    ) -> None:
        super().__init__(name=f"client-{number}")
        self.repositories = repositories
        self.operations = 0
        self.wrong: list[str] = []
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.random = random.Random()
        self._stopping = stopping
        self._sources = [*sources, *(each.name for each in repositories)]
        self._undo = undo

    def run(self) -> None:
        """Work; what must not happen is noted in ``wrong``."""
        try:
            while not self._stopping.is_set():
                self.step()
                self.operations += 1
        except (Crashed, OSError, http.client.HTTPException) as error:
            self.lost(error)
        except AssertionError as error:
            self.wrong.append(f"{self.name}: {error}")
        finally:
            self.connection.close()

    def lost(self, error: Exception) -> None:
        """The connection broke off: here, the server was killed."""

    def step(self) -> None:
        """Do one thing or another."""
        acts = [self.push, self.delete_tag, self.delete_version, self.delete_repository, self.restore, self.pull_all]
        [act] = self.random.choices(acts, weights=[10, 2, 2, 1, 2, 3])
        act(self.random.choice(self.repositories))

    # ---------------------------------------------------------------------------------------------------------- pushing

    def push(self, repository: Repository) -> None:
        """Push an image under some tag: of the layers that all push, and one of its own."""
        draft = self.new_image()
        for blob in draft.blobs:
            self.bring(repository.name, blob)
        tag = f"t{self.random.randrange(TAGS)}"
        after = {**repository.tags, tag: draft}
        self.change(repository, after, 201, "PUT", f"/v2/{repository.name}/manifests/{tag}", draft)

    def new_image(self) -> Draft:
        """An image that nobody has pushed."""
        return image(*self.random.sample(POOL, 2), self.random.randbytes(self.random.randrange(1, 20_000)))

    def bring(self, name: str, blob: bytes) -> None:
        """Have the blob in the repository, in one of the ways that clients know."""
        digest = Digest.of(blob)
        way = self.random.choice(["mount", "ask", "whole", "put", "patch"])
        if way == "ask" and self.ask("HEAD", f"/v2/{name}/blobs/{digest}")[0] == 200:
            return
        if way == "whole":
            status, _, body = self.ask("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", blob)
            assert status == 201, f"POST of a blob: {status} {body!r}"
            return
        asked = f"?mount={digest}&from={self.random.choice(self._sources)}" if way == "mount" else ""
        status, headers, body = self.ask("POST", f"/v2/{name}/blobs/uploads/{asked}")
        assert status in ((201, 202) if asked else (202,)), f"POST of an upload: {status} {body!r}"
        if status == 202:
            self._send(headers["location"], digest, blob, len(blob) // 2 if way == "patch" else 0)

    def _send(self, location: str, digest: Digest, blob: bytes, first: int) -> None:
        if first:
            status, headers, body = self.ask("PATCH", location, blob[:first])
            assert status == 202, f"PATCH: {status} {body!r}"
            location = headers["location"]
        status, _, body = self.ask("PUT", f"{location}?digest={digest}", blob[first:])
        assert status == 201, f"PUT of a blob: {status} {body!r}"

    # --------------------------------------------------------------------------------------------------------- deleting

    def delete_tag(self, repository: Repository) -> None:
        """Delete a tag, if there is one."""
        if repository.tags:
            tag = self.random.choice(sorted(repository.tags))
            left = {name: draft for name, draft in repository.tags.items() if name != tag}
            self._remove(repository, left, f"/v2/{repository.name}/manifests/{tag}", one_tag=True)

    def delete_version(self, repository: Repository) -> None:
        """Delete a manifest with all its tags, if there is one."""
        if repository.tags:
            gone = repository.tags[self.random.choice(sorted(repository.tags))]
            left = {name: draft for name, draft in repository.tags.items() if draft != gone}
            self._remove(repository, left, f"/v2/{repository.name}/manifests/{gone.digest}")

    def delete_repository(self, repository: Repository) -> None:
        """Delete all of it, if it has a tag."""
        if repository.tags:
            self._remove(repository, {}, f"/v2/{repository.name}")

    def _remove(self, repository: Repository, left: State, path: str, *, one_tag: bool = False) -> None:
        took = {name: draft for name, draft in repository.tags.items() if name not in left}
        until = time.monotonic() + self._undo
        answer = self.change(repository, left, 202, "DELETE", path)
        repository.undoable.append(Undoable(answer["deletion"], took, one_tag, until))
        del repository.undoable[:-MOST_UNDOABLE]

    def restore(self, repository: Repository) -> None:
        """Undo a deletion whose time is not over; a tag that was pushed since stays."""
        fresh = [each for each in repository.undoable if each.until > time.monotonic()]
        if not fresh:
            return
        chosen = self.random.choice(fresh)
        repository.undoable = [each for each in fresh if each != chosen]
        there = {tag: draft for tag, draft in repository.tags.items() if tag in chosen.took}
        refused = chosen.one_tag and bool(there) and there != chosen.took
        after = repository.tags if refused else {**chosen.took, **repository.tags}
        path = f"/api/v1/deletions/{chosen.id}/restore"
        self.change(repository, after, 409 if refused else 200, "POST", path, until=chosen.until)

    # ---------------------------------------------------------------------------------------------------------- pulling

    def pull_all(self, repository: Repository) -> None:
        """Pull everything that the tags of the repository hold."""
        check(self.connection, repository.name, repository.tags)

    # ----------------------------------------------------------------------------------------------------------- asking

    def change(
        self,
        repository: Repository,
        after: State,
        status: int,
        method: str,
        path: str,
        draft: Draft | None = None,
        until: float | None = None,
    ) -> Any:
        """One request that makes the repository ``after``: all of it, once it is acknowledged, and none of it before.

        One that comes too late, after ``until``, may be refused. Answers the JSON of the answer.
        """
        body, media_type = (draft.content, draft.media_type) if draft else (b"", "")
        if method == "POST":
            body, media_type = b"{}", "application/json"
        repository.maybe = after
        found, _, answer = self.ask(method, path, body, media_type)
        late = until is not None and found == 409 and time.monotonic() > until
        assert late or found == status, f"{method} {path}: {found} {answer!r}"
        if not late:
            repository.tags = after
        repository.maybe = None
        return json.loads(answer) if answer else None

    def ask(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> tuple[int, dict[str, str], bytes]:
        """One request: status, headers in lower case, body."""
        return ask(self.connection, method, path, body, {"Content-Type": media_type} if media_type else {})


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection: status, headers in lower case, body."""
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    content = response.read()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def tags_of(connection: http.client.HTTPConnection, name: str) -> set[str]:
    """The tags that the registry lists."""
    status, _, body = ask(connection, "GET", f"/v2/{name}/tags/list")
    return set(json.loads(body)["tags"]) if status == 200 else set()


def check(connection: http.client.HTTPConnection, name: str, tags: State) -> None:
    """Everything that these tags hold is there, byte for byte. Raises AssertionError."""
    for tag, draft in tags.items():
        status, _, body = ask(connection, "GET", f"/v2/{name}/manifests/{tag}")
        assert status == 200, f"{name}:{tag} was acknowledged, and is answered with {status}"
        assert body == draft.content, f"{name}:{tag} is another manifest"
        for blob in draft.blobs:
            digest = Digest.of(blob)
            status, _, found = ask(connection, "GET", f"/v2/{name}/blobs/{digest}")
            assert (status, found == blob) == (200, True), f"{name}:{tag} needs {digest}: {status}, {found[:200]!r}"
