from __future__ import annotations

import itertools
import json
import os
import signal
from pathlib import Path

import pytest

from jettison.client import Registry
from jettison.client.errors import Invalid, NotFound
from jettison.client.item import Kind
from jettison.client.journal import Journal
from jettison.client.outcome import Outcome, Result, Status
from jettison.client.plan import Plan
from jettison.client.planning import bind, plan_deletion
from jettison.client.snapshot import head_or_none, listed
from jettison.client.undo import undo
from jettison.oci.reference import Tag
from tests.client.conftest import Site
from tests.client.pushing import push
from tests.client.vendors.distribution import FakeDistribution
from tests.client.vendors.fake import Asked, error
from tests.client.vendors.harbor import FakeHarbor
from tests.client.vendors.visit import visiting
from tests.support.content import image, index, referrer


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The journal of a test is its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_a_tag_goes_alone(registry: Registry, name: str) -> None:
    """Of three tags of one version the two others stay, whatever the registry; and so does the version."""
    repository = registry.repository(name)
    digest = push(repository, image(b"layer"), "v1", "v2", "latest")
    result = repository.plan_deletion(["v1"]).execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE], result
    assert sorted(map(str, repository.tags())) == ["latest", "v2"]
    assert repository.head(digest).digest == digest
    assert repository.head("v2").digest == digest


def test_the_only_tag_goes(registry: Registry, name: str) -> None:
    """A tag that is its version's only one goes too, and what other tags point at stays."""
    repository = registry.repository(name)
    push(repository, image(b"one"), "v1")
    kept = push(repository, image(b"two"), "v2")
    result = repository.plan_deletion(["v1"]).execute()
    assert result.complete, result
    assert list(map(str, repository.tags())) == ["v2"]
    assert repository.head("v2").digest == kept


def test_the_tag_of_a_platform_goes_without_breaking_its_index(registry: Registry, name: str) -> None:
    """A tag on an image that an index lists is its only one; deleting it by digest would break the index."""
    repository = registry.repository(name)
    amd64, arm64 = image(b"amd64"), image(b"arm64")
    push(repository, index(amd64, arm64), "v1")
    push(repository, amd64, "v1-amd64")
    result = repository.plan_deletion(["v1-amd64"]).execute()
    assert result.complete, result
    assert list(map(str, repository.tags())) == ["v1"]
    assert repository.head(amd64.digest).digest == amd64.digest


def test_many_tags_go_at_a_time(registry: Registry, name: str) -> None:
    """Thirty tags of ten versions go, and the ten that are not asked for stay."""
    repository = registry.repository(name)
    for number in range(10):
        push(repository, image(b"%d" % number), *(f"v{number}-{letter}" for letter in "abcd"))
    told: list[Outcome] = []
    plan = repository.plan_deletion([f"v{number}-{letter}" for number in range(10) for letter in "abc"])
    result = plan.execute(progress=told.append)
    assert result.complete, result.of(Status.FAILED)
    assert len(told) == len(result.outcomes) == 30
    assert sorted(map(str, repository.tags())) == [f"v{number}-d" for number in range(10)]
    assert all(head_or_none(repository, Tag(f"v{number}-d")) is not None for number in range(10))


def test_a_version_goes_with_its_tags_platforms_and_referrers(registry: Registry, name: str) -> None:
    """An index by digest takes both its tags, the platforms that only it lists and what refers to it, and no more."""
    repository = registry.repository(name)
    shared, own = image(b"shared"), image(b"own")
    going, staying = index(shared, own), index(shared, annotations={"of": "another"})
    push(repository, going, "v1", "also")
    push(repository, staying, "v2")
    sbom = referrer(going)
    push(repository, sbom)
    plan = repository.plan_deletion([going.digest])
    assert {item.digest for item in plan.items} >= {going.digest, own.digest, sbom.digest}
    assert shared.digest not in {item.digest for item in plan.items}
    assert plan.items[0].tags == (Tag("also"), Tag("v1"))
    assert str(shared.digest) in {stay.what for stay in plan.items[0].stays}
    result = plan.execute()
    assert result.complete, result.outcomes
    assert [str(tag) for tag in repository.tags() if not str(tag).startswith("sha256-")] == ["v2"]
    left = [each for each in (going, own, sbom, shared, staying) if head_or_none(repository, each.digest) is not None]
    assert left == [shared, staying]


def test_a_platform_of_an_index_that_stays_is_not_deleted(registry: Registry, name: str) -> None:
    """A digest that an index lists is refused in the plan, which says which index."""
    repository = registry.repository(name)
    child = image(b"child")
    parent = push(repository, index(child), "v1")
    plan = repository.plan_deletion([child.digest])
    assert plan.items == ()
    [stay] = plan.stays
    assert stay.what == str(child.digest)
    assert str(parent) in stay.reason


def test_the_subject_of_what_stays_is_not_deleted(registry: Registry, name: str) -> None:
    """What a tagged artifact refers to is needed by it."""
    repository = registry.repository(name)
    subject = image(b"subject")
    push(repository, subject)
    push(repository, referrer(subject), "sbom")
    plan = repository.plan_deletion([subject.digest])
    assert plan.items == ()
    assert "refers to it" in plan.stays[0].reason


def test_an_index_and_its_platform_go_together(registry: Registry, name: str) -> None:
    """Both asked for, the index goes first, and the platform after it."""
    repository = registry.repository(name)
    child = image(b"child")
    parent = index(child)
    push(repository, parent, "v1")
    push(repository, child, "v1-amd64")
    plan = repository.plan_deletion([child.digest, parent.digest])
    result = plan.execute()
    assert result.complete, result.outcomes
    assert listed(repository) == []


def test_what_was_pushed_since_the_plan_is_skipped(registry: Registry, name: str) -> None:
    """A tag that was moved after the plan was made is left where it is, and said so."""
    repository = registry.repository(name)
    push(repository, image(b"old"), "v1", "v2")
    plan = repository.plan_deletion(["v1", "v2"])
    moved = push(repository, image(b"new"), "v1")
    result = plan.execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.SKIPPED, Status.DONE], result
    assert str(moved) in result.outcomes[0].reason
    assert repository.head("v1").digest == moved


def test_a_version_that_was_tagged_since_is_skipped(registry: Registry, name: str) -> None:
    """Deleting by digest takes all tags: one that the plan does not know of stops it."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1")
    plan = repository.plan_deletion([draft.digest])
    push(repository, draft, "release")
    result = plan.execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.SKIPPED]
    assert "release" in result.outcomes[0].reason
    assert sorted(map(str, repository.tags())) == ["release", "v1"]


def test_a_version_that_an_index_lists_since_is_skipped(registry: Registry, name: str) -> None:
    """An index that was pushed after the plan needs the version now."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1")
    plan = repository.plan_deletion([draft.digest])
    parent = push(repository, index(draft), "all")
    result = plan.execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.SKIPPED]
    assert str(parent) in result.outcomes[0].reason
    assert repository.head("v1").digest == draft.digest


def test_what_is_gone_already_is_skipped(registry: Registry, name: str) -> None:
    """Somebody else was faster: that is no failure."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1")
    push(repository, image(b"other"), "v2")
    tag, version = repository.plan_deletion(["v1"]), repository.plan_deletion([draft.digest])
    assert version.execute().complete
    for plan in (tag, version):
        result = plan.execute()
        assert [outcome.status for outcome in result.outcomes] == [Status.GONE]
        assert result.complete
        assert result.journal is None


def test_what_is_not_there_is_missing(registry: Registry, name: str) -> None:
    """Tags and digests that are not there are named, and the rest is planned."""
    repository = registry.repository(name)
    push(repository, image(b"layer"), "v1")
    other = image(b"never pushed").digest
    plan = repository.plan_deletion(["v1", "v2", other])
    assert plan.missing == (f"{name}@{other}", f"{name}:v2")
    assert [item.name for item in plan.items] == [f"{name}:v1"]


def test_a_repository_goes_whole_or_leaves_its_name(site: Site, registry: Registry, name: str) -> None:
    """Jettison deletes a repository; of distribution all that is seen goes, and the plan says that the name stays."""
    repository = registry.repository(name)
    push(repository, index(image(b"one"), image(b"two")), "v1")
    push(repository, image(b"three"), "v2", "v3")
    plan = repository.plan_deletion(whole=True)
    result = plan.execute()
    assert result.complete, result.outcomes
    assert listed(repository) == []
    names = [str(each) for each in registry.repositories()]
    if site.kind == "jettison":
        assert [item.kind for item in plan.items] == [Kind.REPOSITORY]
        assert plan.versions == 4
        assert plan.tags == 3
        assert plan.freed is not None
        assert name not in names
    else:
        assert any("go on listing" in note for note in plan.notes)
        assert name in names


def test_a_repository_that_is_not_there_is_not_found(registry: Registry, name: str) -> None:
    """There is nothing to plan."""
    with pytest.raises(NotFound):
        registry.repository(name).plan_deletion(whole=True)


def test_a_plan_can_be_read_back_and_carried_out(registry: Registry, name: str) -> None:
    """The JSON of a plan is a plan: bound to its registry it does the same."""
    repository = registry.repository(name)
    draft = image(b"layer")
    push(repository, draft, "v1", "v2")
    push(repository, image(b"other"), "v3")
    plan = repository.plan_deletion(["v3", draft.digest])
    read = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert read == plan
    with pytest.raises(Invalid):
        read.execute()
    result = bind(read, registry).execute()
    assert result.complete, result.outcomes
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert listed(repository) == []


def test_what_an_index_needs_stays_where_the_index_stays() -> None:
    """The registry fails at the index: its platforms are not touched, or the index would be broken."""
    fake = FakeDistribution()
    whole = index(image(b"amd64"), image(b"arm64"))
    fake.push("app", whole, "v1")
    fake.before = lambda asked: (
        error(500, "UNKNOWN") if asked.method == "DELETE" and asked.path.endswith(str(whole.digest)) else None
    )
    with visiting(fake, "distribution", "app") as (repository, vendor):
        result = plan_deletion(repository, [whole.digest], vendor=vendor).execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.FAILED, Status.SKIPPED, Status.SKIPPED]
    assert all(str(whole.digest) in outcome.reason for outcome in result.of(Status.SKIPPED))
    assert len(fake.repositories["app"].manifests) == 3
    assert not result.complete


def test_a_repository_that_was_pushed_to_since_is_skipped() -> None:
    """A whole repository is not deleted with a tag that nobody has seen in the plan."""
    fake = FakeHarbor()
    fake.push("project/app", image(b"layer"), "v1")
    with visiting(fake, "harbor", "project/app") as (repository, vendor):
        plan = plan_deletion(repository, whole=True, vendor=vendor)
        fake.push("project/app", image(b"new"), "v2")
        result = plan.execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.SKIPPED]
    assert "v2" in result.outcomes[0].reason
    assert set(fake.tags("project/app")) == {"v1", "v2"}


def test_one_failure_stops_nothing_else(state: Path) -> None:
    """Each item has its own outcome; what was done is in the journal, with the rest of what became of the plan."""
    fake = FakeDistribution()
    for name in ("a", "b", "c"):
        fake.push("app", image(name.encode()), name)
    fake.before = lambda asked: (
        error(500, "UNKNOWN") if asked.method == "DELETE" and asked.path.endswith("/b") else None
    )
    with visiting(fake, "distribution", "app") as (repository, vendor):
        result = plan_deletion(repository, ["a", "b", "c"], vendor=vendor).execute()
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE, Status.FAILED, Status.DONE]
    assert set(fake.tags("app")) == {"b"}
    entry = Journal().latest()
    assert entry.result == result
    assert entry.folder.is_relative_to(state)


@pytest.mark.parametrize("at", [1, 5, 20])
def test_an_interruption_ends_with_what_was_done(state: Path, at: int) -> None:
    """Ctrl-C while items are handed out or under way: each is done or untouched, and the journal has it all."""
    fake = FakeDistribution()
    names = [f"t{number}" for number in range(40)]
    fake.push("app", image(b"layer"), *names)
    deletes = itertools.count(1)

    def interrupt(asked: Asked) -> None:
        if asked.method == "DELETE" and next(deletes) == at:
            os.kill(os.getpid(), signal.SIGINT)

    fake.before = interrupt
    with visiting(fake, "distribution", "app") as (repository, vendor):
        result = plan_deletion(repository, names, vendor=vendor).execute()
        assert result.interrupted
        done, untouched = result.of(Status.DONE), result.of(Status.UNTOUCHED)
        assert 0 < len(done) < 40
        assert len(done) + len(untouched) == 40
        assert set(fake.tags("app")) == {str(each.item.tag) for each in untouched}
        assert Journal().latest().result == result
        fake.before = lambda asked: None
        assert len(undo(Journal().latest(), repository.registry).back) == len(done)
    assert set(fake.tags("app")) == set(names)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
