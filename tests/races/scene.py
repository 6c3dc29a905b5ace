"""What a test of a race is made of: two rules that meet, prepared anew for each way in which they can."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, cast

from jettison.blobs.places import object_name
from jettison.blobs.s3 import S3Blobs
from jettison.blobs.store import Key
from jettison.metadata import blobs, repositories
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.errors import RegistryError
from jettison.oci.reference import RepositoryName
from jettison.registry import uploads
from jettison.registry.registry import Registry, Rules
from jettison.registry.sweep import Swept, holder_name, sweep
from jettison.registry.uploads import Incoming
from tests.support.clock import Clock
from tests.support.content import Draft, image
from tests.support.interleaving import Act, Stage, StagedDatabase, later_stops
from tests.support.invariants import check_rows
from tests.support.place import Place
from tests.support.repository import Repository

A_DAY = 24 * 3600
A_YEAR = 365 * A_DAY
GARBAGE = ("repository", "repository_blob", "blob", "stored", "candidate", "discarded", "manifest", "tag", "upload")


Play = Callable[[Callable[[], object], Callable[[], object]], tuple[Act, Act]]


class Outcome:
    """How one of the two ended."""

    def __init__(self, act: Act) -> None:
        self.act = act
        if act.error is not None and not isinstance(act.error, RegistryError):
            raise act.error

    @property
    def error(self) -> RegistryError | None:
        """What it was refused with, None if it succeeded."""
        return self.act.error if isinstance(self.act.error, RegistryError) else None

    @property
    def value(self) -> Any:
        """What it returned; it must have succeeded."""
        if self.error is not None:
            raise self.error
        return self.act.value

    def refused(self, *kinds: type[RegistryError]) -> bool:
        """Whether it was refused, which must be with one of ``kinds``; else it must have succeeded."""
        if self.error is None or isinstance(self.error, kinds):
            return self.error is not None
        raise self.error


class Scene:
    """One meeting of ``one`` and ``two``, in repositories of its own; :meth:`check` says what must be after it."""

    rules: ClassVar[dict[str, Any]] = {}
    alike: ClassVar[bool] = False
    """Whether the two do the same, so that it tells nothing more who of them stops."""
    crossing: ClassVar[bool] = False
    """Whether the two are played with a stop of each as well: for rules of several transactions and file operations."""

    def __init__(self, registry: Registry, clock: Clock, number: int) -> None:
        self.number = number
        self.clock = clock
        self.registry = replace(registry, database=StagedDatabase(registry.database), rules=Rules(**self.rules))
        self.app = self.repository("app")
        self.other = self.repository("other")

    def prepare(self) -> None:
        """What there is before the two meet."""

    def one(self) -> object:
        """One of the two."""
        raise NotImplementedError

    def two(self) -> object:
        """The other."""
        raise NotImplementedError

    def check(self, one: Outcome, two: Outcome) -> None:
        """Fail unless all is as it must be, whoever was first."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------------- properties

    def repository(self, name: str) -> Repository:
        """A repository that no other round has."""
        return Repository(self.registry, f"{name}{self.number}")

    def content(self, text: str) -> bytes:
        """Content that no other round has."""
        return f"{text} of round {self.number}".encode()

    def image(self, text: str = "config", **more: Any) -> Draft:
        """An image that needs one blob, no other round having either."""
        return image(config=self.content(text), **more)

    def bring(self, repository: Repository, *contents: bytes, algorithm: str = "sha256") -> None:
        """Have blobs in the repository as uploads leave them, without the many questions of an upload."""
        until = self.registry.rules.upload_lease

        def work(tx: Transaction) -> None:
            for content, key in keys.items():
                digest = Digest.of(content, algorithm)
                blob, stored = blobs.store(tx, digest, len(content), key, tx.now)
                if not stored:
                    self.registry.blobs.delete(key)
                blobs.link(tx, repositories.find_or_create(tx, str(repository.name)), blob, tx.now + until)

        keys = {content: self.registry.blobs.new_key() for content in contents}
        for content, key in keys.items():
            self.plant(key, content)
        self.registry.database.write(work)

    def plant(self, key: Key, content: bytes) -> None:
        """Have bytes lie at the key."""
        path = self.registry.blobs.path(key)
        if path is not None:
            path.write_bytes(content)
        else:
            cast(S3Blobs, self.registry.blobs).objects.put(object_name(key), content)

    def give(self, repository: Repository, draft: Draft, *tags: str) -> None:
        """Have a manifest in the repository with all that it needs."""
        for each in draft.closure():
            self.bring(repository, *each.blobs)
            repository.put(each, *(tags if each is draft else ()))

    def sweep(self) -> Swept | None:
        """Sweep as a process of its own."""
        return sweep(self.registry, holder_name())

    def later(self, seconds: float = A_DAY + 1) -> None:
        """Let time pass: by default so much that leases of uploads are over, and deletions can't be undone any more."""
        self.clock.advance(seconds)

    def begin(self, content: bytes = b"", repository: Repository | None = None) -> str:
        """A session that has received ``content``."""
        name = (repository or self.app).name
        session = uploads.start(self.registry, name)
        if content:
            self.send(session.id, content, 0, name)
        return session.id

    def send(self, id: str, content: bytes, start: int | None, name: RepositoryName | None = None) -> None:
        """What a PATCH does."""
        self._take(id, content, start, name, Incoming.pause)

    def finish(self, id: str, content: bytes, rest: bytes = b"", start: int | None = None) -> None:
        """What a PUT of the ``rest`` does, ``content`` being all."""
        self._take(id, rest, start, None, lambda incoming: incoming.finish(Digest.of(content)))

    def _take(
        self, id: str, content: bytes, start: int | None, name: RepositoryName | None, end: Callable[[Incoming], object]
    ) -> None:
        incoming = uploads.resume(self.registry, name or self.app.name, id, start)
        try:
            if content:
                incoming.append(content)
            end(incoming)
        finally:
            incoming.close()


class Arena:
    """Plays scenes in every way in which the two can meet, and sees that nothing is lost and nothing left behind."""

    def __init__(self, place: Place, registry: Registry, clock: Clock, stage: Stage, *, thorough: bool) -> None:
        self.place = place
        self.registry = registry
        self.clock = clock
        self.thorough = thorough
        """Whether what a round leaves is swept, and not just deleted, which takes less time."""
        self._stage = stage
        self._number = 0

    def play(self, kind: type[Scene]) -> None:
        """Every way: one of the two stops before each of its steps, one after another, while the other runs through.

        Of scenes that are ``crossing``, also each pair of points: one stops, the other stops, one ends, the other ends.
        """
        for swapped in (False,) if kind.alike else (False, True):
            first, second = self._meet(kind, None, swapped=swapped)
            stops = self._stage.stops(first, second)
            while stops:
                stop = stops[0]
                first, second = self._meet(kind, stop, swapped=swapped)
                assert first.stopped_at is not None, "it did not come to the step at which it was to stop"
                stops = later_stops(stops, first, second, stop)
            if kind.crossing:
                self._cross(kind, swapped=swapped)

    def _meet(self, kind: type[Scene], stop: int | None, *, swapped: bool) -> tuple[Act, Act]:
        return self._round(kind, lambda first, second: self._stage.meet(first, second, stop), swapped=swapped)

    def _cross(self, kind: type[Scene], *, swapped: bool) -> None:
        for one in itertools.count():
            for other in itertools.count():
                first, second = self._round(kind, partial(self._stage.cross, stops=(one, other)), swapped=swapped)
                if first.stopped_at is None:
                    return
                if second.stopped_at is None:
                    break

    def _round(self, kind: type[Scene], play: Play, *, swapped: bool) -> tuple[Act, Act]:
        """One meeting, prepared and judged; who stopped first, and who came in between."""
        self._number += 1
        scene = kind(self.registry, self.clock, self._number)
        scene.prepare()
        first, second = play(*((scene.two, scene.one) if swapped else (scene.one, scene.two)))
        try:
            scene.check(*((Outcome(second), Outcome(first)) if swapped else (Outcome(first), Outcome(second))))
            self._look()
        except BaseException as error:
            error.add_note(_note(first, second, swapped=swapped))
            raise
        return first, second

    def _look(self) -> None:
        """Everything holds, and every file has a row; then what the round has left goes."""
        check_rows(self.registry.database)
        stored, waiting, sessions = self.registry.database.read(_files)
        files = {str(key) for key, _ in self.registry.blobs.keys()}  # noqa: SIM118 - no mapping
        assert stored <= files <= stored | waiting, "a file has no row, or a row no file"
        assert set(self.place.uploads) <= sessions, "the bytes of an upload have no row"
        assert set(self.place.parts) <= waiting, "a multipart upload has no row"
        self._clear(files)

    def _clear(self, files: set[str]) -> None:
        if self.thorough:
            self._sweep_away()
        else:
            self._stage.empty()
            for key in files:
                self.registry.blobs.delete(Key(key))
            for upload in self.place.uploads:
                (self.place.folder / "uploads" / upload).unlink()

    def _sweep_away(self) -> None:
        """Once everything is deleted for good and swept, nothing is left."""
        plain = replace(self.registry, rules=Rules())
        for (name,) in plain.database.read(lambda tx: tx.all("select name from repository where deletion is null")):
            Repository(plain, name).delete(purge=True)
        for seconds in (A_YEAR, A_DAY):
            self.clock.advance(seconds)
            sweep(plain, holder_name())
        left = plain.database.read(_counts)
        assert left == {}, f"left behind: {left}"
        assert list(self.registry.blobs.keys()) == []
        assert self.place.uploads == self.place.parts == []


def _files(tx: Transaction) -> tuple[set[str], set[str], set[str]]:
    """The keys of stored bytes, those of bytes that may be there still, and the ids of uploads."""
    uploads_there = tx.all("select id, key from upload")
    waiting = {row[0] for row in tx.all("select key from discarded")} | {row[1] for row in uploads_there}
    return {row[0] for row in tx.all("select key from stored")}, waiting, {row[0] for row in uploads_there}


def _note(first: Act, second: Act, *, swapped: bool) -> str:
    one, two = ("two", "one") if swapped else ("one", "two")
    came = "came, and waited for it" if second.waited else "ran through"
    if second.stopped_at is not None:
        came = f"came, and stopped before {second.stopped_at!r}"
    return f"{one} stopped before {first.stopped_at!r}; {two} {came}; then {one} went on"


def _counts(tx: Transaction) -> dict[str, int]:
    row = tx.one("select " + ", ".join(f"(select count(*) from {table})" for table in GARBAGE))
    assert row is not None
    return {table: count for table, count in zip(GARBAGE, row, strict=True) if count}
