from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from jettison.client import Registry
from jettison.client.journal import Journal
from jettison.client.outcome import Outcome, Status
from jettison.client.planning import plan_deletion
from jettison.client.snapshot import head_or_none, listed
from jettison.client.undo import undo
from tests.client.pushing import push
from tests.client.vendors.distribution import FakeDistribution
from tests.client.vendors.fake import Answered, Asked, error
from tests.client.vendors.harbor import FakeHarbor
from tests.client.vendors.visit import visiting
from tests.support.content import image, index, referrer


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The journal of a test is its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_a_tag_comes_back(registry: Registry, name: str) -> None:
    """It points at what it pointed at; whether the server kept it or the journal."""
    repository = registry.repository(name)
    digest = push(repository, image(b"layer"), "v1", "v2")
    result = repository.plan_deletion(["v1"]).execute()
    assert result.journal is not None
    undone = undo(Journal().entry(result.journal), registry)
    assert undone.failed == []
    assert undone.back == [f"{name}:v1"]
    assert repository.head("v1").digest == digest


def test_a_version_comes_back_with_its_tags_platforms_and_referrers(registry: Registry, name: str) -> None:
    """Children before the index, the index before its tags, byte for byte."""
    repository = registry.repository(name)
    amd64, arm64 = image(b"amd64"), image(b"arm64")
    whole = index(index(amd64), arm64)
    push(repository, whole, "v1", "latest")
    sbom = referrer(whole)
    push(repository, sbom)
    assert repository.plan_deletion([whole.digest]).execute().complete
    assert listed(repository) == []
    undone = undo(Journal().latest(), registry)
    assert undone.failed == []
    for draft in (whole, *whole.closure(), sbom):
        assert repository.manifest(draft.digest).content == draft.content
    assert {str(tag) for tag in repository.tags()} >= {"v1", "latest"}
    assert [each.digest for each in repository.referrers(whole.digest)] == [sbom.digest]


def test_a_whole_repository_comes_back(registry: Registry, name: str) -> None:
    """On Jettison by its own journal, elsewhere by this one."""
    repository = registry.repository(name)
    whole = index(image(b"amd64"), image(b"arm64"))
    push(repository, whole, "v1")
    push(repository, image(b"other"), "v2", "v3")
    assert repository.plan_deletion(whole=True).execute().complete
    undone = undo(Journal().latest(), registry)
    assert undone.failed == []
    assert sorted(map(str, repository.tags())) == ["v1", "v2", "v3"]
    assert all(head_or_none(repository, draft.digest) is not None for draft in whole.closure())


def test_a_tag_that_was_pushed_since_is_left(registry: Registry, name: str) -> None:
    """It stays where it was pushed to, and is named; the other tag comes back."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1", "v2")
    assert repository.plan_deletion([draft.digest]).execute().complete
    fresh = push(repository, image(b"fresh"), "v1")
    undone = undo(Journal().latest(), registry)
    assert [stay.what for stay in undone.left] == [f"{name}:v1"]
    assert repository.head("v1").digest == fresh
    assert repository.head("v2").digest == draft.digest


def test_undoing_twice_changes_nothing(registry: Registry, name: str) -> None:
    """What is there is left, also where the server says that the deletion was restored already."""
    repository = registry.repository(name)
    digest = push(repository, image(b"layer"), "v1", "v2")
    repository.plan_deletion(["v1"]).execute()
    undo(Journal().latest(), registry)
    again = undo(Journal().latest(), registry)
    assert (again.back, again.left, again.failed) == ([], [], [])
    assert repository.head("v1").digest == digest


def test_what_a_server_has_purged_is_pushed_back(registry: Registry, name: str) -> None:
    """Purged, Jettison cannot restore the tag any more; its version is there, and the journal has the tag."""
    repository = registry.repository(name)
    digest = push(repository, image(b"layer"), "v1", "v2")
    assert repository.plan_deletion(["v1"]).execute(purge=True).complete
    undone = undo(Journal().latest(), registry)
    assert (undone.back, undone.failed) == ([f"{name}:v1"], [])
    assert repository.head("v1").digest == digest


def test_what_was_skipped_is_not_pushed_back(registry: Registry, name: str) -> None:
    """A tag that somebody else deleted was never this deletion's to bring back."""
    repository = registry.repository(name)
    push(repository, image(b"one"), "v1", "keep")
    push(repository, image(b"two"), "v2", "keep2")
    plan = repository.plan_deletion(["v1", "v2"])
    push(repository, image(b"moved"), "v2")
    result = plan.execute()
    assert {outcome.status for outcome in result.outcomes} == {Status.DONE, Status.SKIPPED}
    assert undo(Journal().latest(), registry).back == [f"{name}:v1"]


def test_a_version_whose_blobs_are_gone_is_told_of() -> None:
    """The registry collected its garbage in between: the version cannot come back, its sibling can."""
    fake = FakeDistribution()
    gone, kept = image(b"gone"), image(b"kept")
    fake.push("app", gone, "v1")
    fake.push("app", kept, "v2")
    with visiting(fake, "distribution", "app") as (repository, vendor):
        assert plan_deletion(repository, [gone.digest, kept.digest], vendor=vendor).execute().complete
        fake.repositories["app"].blobs -= {str(digest) for digest in gone.blob_digests}
        undone = undo(Journal().latest(), repository.registry)
    assert [stay.what for stay in undone.failed] == [f"app@{gone.digest}"]
    assert "blobs are gone" in undone.failed[0].reason
    assert fake.tags("app") == {"v2": str(kept.digest)}


def test_a_repository_that_a_vendor_deleted_is_pushed_back() -> None:
    """Harbor keeps nothing: the journal has every manifest and tag of the repository."""
    fake = FakeHarbor()
    whole = index(image(b"amd64"), image(b"arm64"))
    fake.push("project/app", whole, "v1", "v2")
    blobs = fake.repositories["project/app"].blobs
    before = dict(fake.repositories["project/app"].manifests)
    with visiting(fake, "harbor", "project/app") as (repository, vendor):
        assert plan_deletion(repository, whole=True, vendor=vendor).execute().complete
        assert fake.repositories == {}
        fake.push("project/app", image(b"new"))  # Harbor makes the repository anew with the first push
        fake.repositories["project/app"].blobs |= blobs
        undone = undo(Journal().latest(), repository.registry)
    assert undone.failed == []
    assert fake.tags("project/app") == dict.fromkeys(["v1", "v2"], str(whole.digest))
    assert fake.repositories["project/app"].manifests.items() >= before.items()


def test_what_failed_in_the_middle_is_pushed_back() -> None:
    """A tag that was left on a placeholder is not overwritten; one that is lost comes back."""
    fake = FakeDistribution()
    digest = fake.push("app", image(b"layer"), "v1", "v2")

    def lost(asked: Asked) -> Answered | None:
        if asked.method == "DELETE" and asked.path.endswith("/v1"):
            del fake.repositories["app"].tags["v1"]
            return error(500, "UNKNOWN", "half done")
        return None

    fake.before = lost
    with visiting(fake, "distribution", "app") as (repository, vendor):
        result = plan_deletion(repository, ["v1"], vendor=vendor).execute()
        assert result.outcomes[0].status is Status.FAILED
        fake.before = lambda _: None
        assert undo(Journal().latest(), repository.registry).back == ["app:v1"]
    assert fake.tags("app") == dict.fromkeys(["v1", "v2"], str(digest))


def test_ctrl_c_finishes_what_is_under_way_and_says_what_was_not_done() -> None:
    """The rest is untouched, the result says that it was interrupted, and what was done can be undone."""
    fake = FakeDistribution()
    for number in range(60):
        fake.push("app", image(b"%d" % number), f"v{number}")
    told: list[Outcome] = []

    def interrupting(outcome: Outcome) -> None:
        told.append(outcome)
        if len(told) == 5:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with visiting(fake, "distribution", "app") as (repository, vendor):
        plan = plan_deletion(repository, [f"v{number}" for number in range(60)], vendor=vendor)
        result = plan.execute(progress=interrupting)
        done, untouched = result.of(Status.DONE), result.of(Status.UNTOUCHED)
        assert result.interrupted
        assert not result.complete
        assert len(done) >= 5
        assert untouched
        assert len(done) + len(untouched) == 60
        assert set(fake.tags("app")) == {str(outcome.item.tag) for outcome in untouched}
        undone = undo(Journal().latest(), repository.registry)
    assert len(fake.tags("app")) == 60
    assert len([name for name in undone.back if "@" not in name]) == len(done)


def test_without_a_journal_nothing_is_kept(registry: Registry, name: str) -> None:
    """It can be turned off."""
    repository = registry.repository(name)
    push(repository, image(b"layer"), "v1", "v2")
    result = repository.plan_deletion(["v1"]).execute(journal=False)
    assert result.complete
    assert result.journal is None
    assert list(Journal().entries()) == []


def test_what_was_cut_off_is_pushed_back(registry: Registry, name: str) -> None:
    """A process that was killed wrote down what it was about to delete, and not what became of it."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1")
    push(repository, image(b"other"), "v2")
    plan = repository.plan_deletion([draft.digest])
    writer = Journal().begin(plan)
    writer.keep(repository.name, repository.manifest(draft.digest), plan.items[0].tags)
    assert repository.delete_manifest(draft.digest).ok
    entry = Journal().latest()
    assert entry.result is None
    assert undo(entry, registry).failed == []
    assert repository.head("v1").digest == draft.digest
