from __future__ import annotations

from typing import Any

import pytest

from jettison.metadata import pulls
from jettison.metadata.database import NO_LOCK, Lock
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestUnknown, Unavailable
from jettison.oci.reference import Tag
from jettison.registry import pull
from jettison.registry.pull_log import PullLog
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.content import Draft, image
from tests.support.journal import row_counts
from tests.support.repository import Repository

DRAFT, SIBLING = image(b"layer"), image(b"sibling")


def pulled(repository: Repository, reference: Draft | str) -> int | None:
    """When a manifest or a tag was last pulled, as the database has it."""
    digest = reference.digest if isinstance(reference, Draft) else repository.digest_of(reference)
    row = repository.registry.database.read(
        lambda tx: tx.one("select id, repository from manifest where digest = :digest", digest=digest.packed)
    )
    assert row is not None
    if isinstance(reference, Draft):
        return repository.registry.database.read(lambda tx: pulls.of_manifest(tx, row[0]))
    return repository.registry.database.read(lambda tx: pulls.of_tag(tx, row[1], reference))


def flush(repository: Repository) -> None:
    """Write what was noted."""
    repository.registry.pulls.flush(repository.registry.database)


def test_what_is_not_there_cannot_be_pulled(repository: Repository) -> None:
    """The errors name what was asked for, whether the repository exists or not."""
    for _ in range(2):
        with pytest.raises(ManifestUnknown, match="app has no manifest latest"):
            pull.find_manifest(repository.registry, repository.name, Tag("latest"), content=True)
        with pytest.raises(ManifestUnknown, match=str(SIBLING.digest)):
            pull.find_manifest(repository.registry, repository.name, SIBLING.digest, content=False)
        with pytest.raises(BlobUnknown, match=str(Digest.of(b"sibling"))):
            pull.find_blob(repository.registry, repository.name, Digest.of(b"sibling"))
        repository.push(DRAFT, "v1")


def test_a_blob_is_found_with_its_size_and_key(repository: Repository) -> None:
    """All that is needed to serve it."""
    repository.upload(b"layer")
    found = pull.find_blob(repository.registry, repository.name, Digest.of(b"layer"))
    assert found.size == 5
    assert repository.registry.blobs.size(found.key) == 5  # type: ignore[arg-type]


def test_a_pull_writes_nothing(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted in memory: nobody who pulls waits for a write."""
    repository.push(DRAFT, "latest")

    def write(*_: object, **__: object) -> None:
        raise AssertionError("a pull has written")

    monkeypatch.setattr(repository.registry.database, "write", write)
    assert repository.has("latest")
    assert repository.has(DRAFT)
    assert repository.has_blob(b"layer")


def test_the_last_pull_of_tag_and_manifest_is_kept(repository: Repository, clock: Clock) -> None:
    """By tag: both; of another tag and another manifest nothing is known."""
    repository.push(DRAFT, "latest", "stable")
    repository.push(SIBLING, "sibling")
    pull.find_manifest(repository.registry, repository.name, Tag("latest"), content=True)
    flush(repository)
    assert pulled(repository, "latest") == clock.now
    assert pulled(repository, DRAFT) == clock.now
    assert pulled(repository, "stable") is None
    assert pulled(repository, SIBLING) is None


def test_a_pull_by_digest_is_of_the_manifest_alone(repository: Repository) -> None:
    """No tag was asked for."""
    repository.push(DRAFT, "latest")
    pull.find_manifest(repository.registry, repository.name, DRAFT.digest, content=True)
    flush(repository)
    assert pulled(repository, DRAFT) is not None
    assert pulled(repository, "latest") is None


def test_a_head_by_digest_is_no_pull(repository: Repository) -> None:
    """Clients ask for it before they push; a HEAD by tag begins a pull."""
    repository.push(DRAFT, "latest")
    pull.find_manifest(repository.registry, repository.name, DRAFT.digest, content=False)
    flush(repository)
    assert row_counts(repository.registry.database)["manifest_pulled"] == 0
    pull.find_manifest(repository.registry, repository.name, Tag("latest"), content=False)
    flush(repository)
    assert row_counts(repository.registry.database)["manifest_pulled"] == 1


def test_pulls_are_written_in_one_transaction(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there were, of however many manifests; with nothing to write there is none."""
    for number in range(5):
        repository.push(image(b"%d" % number), f"v{number}")
    for _ in range(20):
        for number in range(5):
            assert repository.has(f"v{number}")
    database = repository.registry.database
    write, transactions = database.write, list[dict[str, Any]]()

    def counted(*args: Any, **more: Any) -> object:
        transactions.append(more)
        return write(*args, **more)

    monkeypatch.setattr(database, "write", counted)

    flush(repository)
    flush(repository)

    assert transactions == [{"durable": False}]
    assert row_counts(database)["tag_pulled"] == 5


def test_a_later_pull_replaces_an_earlier_one_and_never_the_reverse(repository: Repository, clock: Clock) -> None:
    """Replicas write when they like: the last pull is the latest time."""
    repository.push(DRAFT, "latest")
    database = repository.registry.database
    [(manifest, where)] = database.read(lambda tx: tx.all("select id, repository from manifest"))

    def record(at: int) -> None:
        database.write(lambda tx: pulls.record(tx, {manifest: at}, {(where, "latest"): at}))

    record(clock.now)
    record(clock.now - 5)
    assert (pulled(repository, DRAFT), pulled(repository, "latest")) == (clock.now, clock.now)
    record(clock.now + 5)
    assert (pulled(repository, DRAFT), pulled(repository, "latest")) == (clock.now + 5, clock.now + 5)


def test_the_time_is_when_it_was_pulled_not_when_it_was_written(registry: Registry, clock: Clock) -> None:
    """A batch that is written later tells the time of each pull by the database's clock."""
    seconds = 100.0
    log = PullLog(lambda: seconds)
    repository = Repository(registry)
    repository.push(DRAFT, "latest")
    [(manifest, where)] = registry.database.read(lambda tx: tx.all("select id, repository from manifest"))
    log.note(where, manifest, "latest")
    seconds = 107.5
    log.flush(registry.database)
    assert pulled(repository, DRAFT) == clock.now - 7_500_000


def test_what_was_deleted_since_is_left_out(repository: Repository) -> None:
    """A tag, a manifest and a repository that were pulled, then deleted, then written."""
    repository.push(DRAFT, "a", "b")
    repository.push(SIBLING, "c")
    for tag in ("a", "b", "c"):
        assert repository.has(tag)
    repository.delete("a")
    repository.delete(SIBLING.digest)
    flush(repository)
    assert pulled(repository, "b") is not None
    assert row_counts(repository.registry.database)["tag_pulled"] == 1


def test_pulls_are_kept_when_they_cannot_be_written(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next flush writes those of before and those since."""
    repository.push(DRAFT, "old")
    repository.push(SIBLING, "new")
    assert repository.has("old")

    def fail(*_: object, **__: object) -> None:
        assert repository.has("new")
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(repository.registry.database, "write", fail)
        with pytest.raises(Unavailable):
            flush(repository)

    flush(repository)
    assert pulled(repository, "old") is not None
    assert pulled(repository, "new") is not None


def test_pulls_noted_during_a_flush_are_not_lost(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in the next one."""
    repository.push(DRAFT, "latest")
    repository.push(SIBLING, "sibling")
    assert repository.has("latest")
    write = repository.registry.database.write

    def meanwhile(work: object, lock: Lock = NO_LOCK, *, durable: bool = True) -> None:
        assert repository.has("sibling")
        write(work, lock, durable=durable)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(repository.registry.database, "write", meanwhile)
        flush(repository)
    assert pulled(repository, SIBLING) is None
    flush(repository)
    assert pulled(repository, SIBLING) is not None


def test_closing_writes_what_was_noted(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops in order loses no pull, and lets go of all it holds even if it cannot write."""
    repository.push(DRAFT, "latest")
    assert repository.has("latest")
    registry, done = repository.registry, list[str]()

    def flush(_: object) -> None:
        done.append("flushed")
        raise Unavailable("the disk is full")

    monkeypatch.setattr(registry.pulls, "flush", flush)
    monkeypatch.setattr(registry.database, "close", lambda: done.append("database"))
    monkeypatch.setattr(registry.blobs, "close", lambda: done.append("blobs"))
    with pytest.raises(Unavailable):
        registry.close()
    assert done == ["flushed", "database", "blobs"]
