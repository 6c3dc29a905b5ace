"""Readers that are slower than what happens to what they read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jettison.http.application import Application
from jettison.http.edge import Edge
from jettison.metadata import manifests, pulls, repositories
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.registry import pull
from tests.races.scene import Arena, Outcome, Scene
from tests.support.content import image
from tests.support.interleaving import joined

pytestmark = pytest.mark.slow

PIECE = 64 * 1024


class _Reader(Scene):
    """A client that gets a blob; whoever deletes its image has looked forward to the space."""

    size = 100

    def prepare(self) -> None:
        self.blob = (self.content("layer") * self.size)[: self.size]
        self.draft = image(config=self.blob)
        self.give(self.app, self.draft, "latest")

    def one(self) -> object:
        threads = ThreadPoolExecutor(2, initializer=joined())
        try:
            return asyncio.run(_get(Edge(self.registry, access_log=False, threads=threads), self._path()))
        finally:
            threads.shutdown()

    def two(self) -> object:
        self.app.delete(purge=True)
        self.later(600)
        # The rows go; the file's grace begins.
        return self.sweep()

    def check(self, one: Outcome, two: Outcome) -> None:
        status, body = one.value
        assert two.value is not None
        if status == 200:
            assert body == self.blob
        else:
            assert status == 404
        self.later(600)
        self.sweep()
        assert list(self.registry.blobs.keys()) == []

    def _path(self) -> str:
        return f"/v2/{self.app.name}/blobs/{Digest.of(self.blob)}"


class _ReaderOfWhole(_Reader):
    """Sent as a file, by the server itself."""

    size = 2 * PIECE + 1


@pytest.mark.parametrize("scene", [_Reader, _ReaderOfWhole], ids=["in pieces", "as a file"])
def test_reader_meets_deletion_of_what_it_reads(arena: Arena, scene: type[Scene]) -> None:
    """Whoever was told where the bytes are finds them there, whole, for the grace; later ones are told 404."""
    arena.play(scene)


async def _get(edge: Edge, path: str) -> tuple[int, bytes]:
    """The status and body of a GET, as the server would send them."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not receive_once:
            await asyncio.Event().wait()
        return receive_once.pop()

    async def send(message: Any) -> None:
        sent.append(dict(message))

    receive_once: list[dict[str, Any]] = [{"type": "http.request", "body": b"", "more_body": False}]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"registry.test")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    await Application(edge)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    for message in sent:
        if message["type"] == "http.response.pathsend":
            body += Path(message["path"]).read_bytes()  # noqa: ASYNC240 - nothing else runs in this loop
    return sent[0]["status"], body


class _SlowReader(Scene):
    """It has begun to read when the file goes."""

    def prepare(self) -> None:
        self.blob = self.content("layer") + bytes(2 * PIECE)
        self.bring(self.app, self.blob)
        found = pull.find_blob(self.registry, self.app.name, Digest.of(self.blob))
        self.pieces = self.registry.blobs.read(found.key)  # type: ignore[arg-type]
        self.begun = next(self.pieces)

    def one(self) -> object:
        self.later()
        self.sweep()
        self.later()
        return self.sweep()

    def two(self) -> object:
        return self.begun + b"".join(self.pieces)

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.value is not None
        assert two.value == self.blob
        assert list(self.registry.blobs.keys()) == []


def test_reader_meets_file_deletion(arena: Arena) -> None:
    """Whoever has begun reads to the end, even after the grace: only the name of the file goes."""
    arena.play(_SlowReader)


class _NotesAndSweep(Scene):
    """Pulls that were noted are still to be written when the manifest goes for good, and another one is pushed."""

    def prepare(self) -> None:
        self.old, self.new = self.image("old"), self.image("new")
        self.give(self.app, self.old, "latest")
        assert self.app.has("latest")
        self.app.delete(purge=True)
        self.bring(self.other, *self.new.blobs)
        self.later(600)

    def one(self) -> None:
        self.registry.pulls.flush(self.registry.database)

    def two(self) -> object:
        self.sweep()
        return self.other.put(self.new, "latest")

    def check(self, one: Outcome, two: Outcome) -> None:
        assert one.error is None
        pulled = self.registry.database.read(lambda tx: _pulled(tx, str(self.other.name), self.new.digest))
        assert pulled == [None, None]


def _pulled(tx: Transaction, name: str, digest: Digest) -> list[int | None]:
    """When the manifest and the tag "latest" of this repository were pulled."""
    repository = repositories.find(tx, name)
    assert repository is not None
    manifest = manifests.id_of(tx, repository, digest)
    assert manifest is not None
    return [pulls.of_manifest(tx, manifest), pulls.of_tag(tx, repository, "latest")]


def test_record_of_pulls_meets_sweep(arena: Arena) -> None:
    """A pull is recorded for what was pulled or not at all: no new manifest is taken for an old one."""
    arena.play(_NotesAndSweep)
