"""Doing things to a registry by its rules, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jettison.blobs.store import BytesMissing
from jettison.metadata import deletions
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, DeletionEnded, DigestInvalid, ManifestUnknown, NameUnknown
from jettison.oci.reference import RepositoryName, parse_reference
from jettison.registry import mount, pull, restore, uploads
from jettison.registry.registry import Registry
from jettison.registry.sweep import sweep
from tests.crashes.script import Refused, Way
from tests.support.content import Draft
from tests.support.repository import Repository


@contextmanager
def refusals() -> Iterator[None]:
    """Raises Refused for what is not there or has ended."""
    try:
        yield
    except (BlobUnknown, DeletionEnded, ManifestUnknown, NameUnknown) as error:
        raise Refused(str(error)) from error


class DirectHands:
    """See :class:`.script.Hands`. ``advance`` moves the database's clock by so many microseconds."""

    def __init__(self, registry: Registry, advance: Callable[[int], object]) -> None:
        self.registry = registry
        self._advance = advance

    def upload(self, name: str, content: bytes, way: Way) -> None:
        """Upload a blob."""
        if way == "whole":
            Repository(self.registry, name).upload(content)
            return
        repository = RepositoryName.parse(name)
        id = uploads.start(self.registry, repository).id
        half, third = len(content) // 2, len(content) * 2 // 3
        self._append(repository, id, content[:half])
        if way == "cold":
            self._append(repository, id, content[half:third])
            self.registry.hashes.take(id, third)
            half = third
        incoming = uploads.resume(self.registry, repository, id, half)
        incoming.append(content[half:])
        incoming.finish(Digest.of(content))

    def _append(self, name: RepositoryName, id: str, piece: bytes) -> None:
        incoming = uploads.resume(self.registry, name, id, None)
        incoming.append(piece)
        incoming.pause()
        incoming.close()

    def upload_wrong(self, name: str) -> None:
        """Upload bytes that have another digest, which is refused."""
        repository = RepositoryName.parse(name)
        incoming = uploads.resume(self.registry, repository, uploads.start(self.registry, repository).id, 0)
        incoming.append(b"these")
        try:
            incoming.finish(Digest.of(b"others"))
        except DigestInvalid:
            return
        raise AssertionError("a wrong digest was accepted")

    def cancel(self, name: str) -> None:
        """Begin an upload, and cancel it."""
        repository = RepositoryName.parse(name)
        id = uploads.start(self.registry, repository).id
        self._append(repository, id, b"some")
        uploads.cancel(self.registry, repository, id)

    def leave(self, name: str) -> None:
        """Begin an upload, and never go on with it."""
        repository = RepositoryName.parse(name)
        self._append(repository, uploads.start(self.registry, repository).id, b"never ended")

    def mount(self, name: str, content: bytes, source: str) -> None:
        """Mount a blob."""
        target, from_name = RepositoryName.parse(name), RepositoryName.parse(source)
        assert mount.mount(self.registry, target, Digest.of(content), from_name, lambda _: True)

    def ask(self, name: str, content: bytes) -> None:
        """Ask for a blob by HEAD, when over half of the lease that it was mounted with has passed."""
        self._advance(self.registry.rules.touch_lease * 6 // 10)
        repository = RepositoryName.parse(name)
        with refusals():
            found = pull.find_blob(self.registry, repository, Digest.of(content), content=False)
        assert pull.needs_lease(self.registry, found)
        pull.extend_lease(self.registry, repository, found)

    def put(self, name: str, draft: Draft, tag: str | None) -> None:
        """Push a manifest alone, by its tag or its digest."""
        Repository(self.registry, name).put(draft, *([] if tag is None else [tag]))

    def delete(self, name: str, reference: str | None = None, *, blob: bool = False, purge: bool = False) -> None:
        """Delete a tag, a manifest, a blob or the repository."""
        target = parse_reference(reference) if reference is not None else None
        with refusals():
            Repository(self.registry, name).delete(
                target if isinstance(target, Digest) else reference, blob=blob, purge=purge
            )

    def restore(self, name: str) -> None:
        """Undo the last deletion of the repository."""
        with refusals():
            restore.restore(self.registry, self._last_deletion(name))

    def purge(self, name: str) -> None:
        """Make the last deletion of the repository final."""
        with refusals():
            restore.purge(self.registry, self._last_deletion(name))

    def pass_time(self) -> None:
        """Let what only time keeps end, and have it swept."""
        rules = self.registry.rules
        self._advance(max(rules.undo, rules.upload_lease, rules.touch_lease, rules.upload_age))
        sweep(self.registry, "script")
        self._advance(rules.sweep_grace)
        sweep(self.registry, "script")

    def tags(self, name: str) -> set[str]:
        """The tags of the repository; none if it is unknown."""
        return set(Repository(self.registry, name).tags() or ())

    def manifest(self, name: str, reference: str) -> bytes | None:
        """The bytes of a manifest, by tag or digest."""
        parsed = RepositoryName.parse(name)
        try:
            found = pull.find_manifest(self.registry, parsed, parse_reference(reference), content=True)
        except ManifestUnknown:
            return None
        return found.content

    def blob(self, name: str, digest: str) -> bytes | None:
        """The bytes of a blob."""
        try:
            found = pull.find_blob(self.registry, RepositoryName.parse(name), Digest.parse(digest))
            return b"".join(self.registry.blobs.read(found.key))  # type: ignore[arg-type]
        except (BlobUnknown, BytesMissing):
            return None

    def _last_deletion(self, name: str) -> int:
        [entry] = self.registry.database.read(
            lambda tx: deletions.page(tx, before=2**63 - 1, limit=1, state=None, repository=name)
        )
        return entry.id
