"""What the rules do for a caller who may not do everything."""

from __future__ import annotations

import pytest

from jettison.oci.errors import BlobUploadUnknown, DeletionUnknown, Denied, NothingMatched, Unauthorized
from jettison.registry import deletion, journal, listing, restore, uploads
from jettison.registry.access import ANONYMOUS, Action, Caller, Kind, grant
from jettison.registry.choice import Filter
from jettison.registry.listing import Page
from jettison.registry.registry import Registry
from jettison.registry.target import Target
from jettison.selection.pattern import Pattern
from tests.support.content import image
from tests.support.repository import Repository

CLEANER = Caller(Kind.ROBOT, "cleaner", (grant([Action.PULL], "**"), grant([Action.DELETE], "team/*")))
SEER = Caller(Kind.USER, "ana", (grant([Action.PULL, Action.DELETE], "team/*"),))


@pytest.fixture
def registry_of_two(registry: Registry) -> Registry:
    """One repository of the team, one of others."""
    for name in ("other/app", "team/app"):
        Repository(registry, name).push(image(name.encode()), "v1", "v2")
    return registry


def target(registry: Registry, name: str) -> Target:
    """The whole repository."""
    return Target(Repository(registry, name).name)


def test_a_cleaner_deletes_where_it_may_and_nowhere_else(registry_of_two: Registry) -> None:
    """The name of who did it is in the journal; what was refused is whole."""
    with pytest.raises(Denied, match="cleaner may not delete other/app"):
        deletion.delete(registry_of_two, target(registry_of_two, "other/app"), caller=CLEANER)
    with pytest.raises(Unauthorized):
        deletion.plan(registry_of_two, target(registry_of_two, "other/app"), caller=ANONYMOUS)
    deleted = deletion.delete(registry_of_two, target(registry_of_two, "team/app"), caller=CLEANER)

    assert restore.find(registry_of_two, deleted.id).actor == "cleaner"
    assert Repository(registry_of_two, "other/app").tags() == ["v1", "v2"]


def test_a_refusal_does_not_tell_what_there_is(registry_of_two: Registry) -> None:
    """A repository that is not there is refused in the same words."""
    messages = []
    for name in ("other/app", "other/xxx"):
        with pytest.raises(Denied) as refused:
            deletion.plan(registry_of_two, target(registry_of_two, name), caller=CLEANER)
        messages.append(refused.value.message.replace(name, ""))
    assert len(set(messages)) == 1


def test_one_target_that_is_refused_refuses_all(registry_of_two: Registry) -> None:
    """All of it is done, or nothing."""
    targets = [target(registry_of_two, name) for name in ("team/app", "other/app")]
    with pytest.raises(Denied):
        deletion.delete(registry_of_two, *targets, caller=CLEANER)
    assert Repository(registry_of_two, "team/app").is_listed()


def test_a_filter_chooses_among_what_the_caller_may_see(registry_of_two: Registry) -> None:
    """Of what it sees all must be deletable; what it does not see is as good as absent."""
    everything = Filter(Pattern.parse("*/*"), tag=Pattern.parse("v1"))
    with pytest.raises(Denied, match="other/app"):
        deletion.delete(registry_of_two, choice=everything, caller=CLEANER)
    with pytest.raises(NothingMatched):
        deletion.plan(registry_of_two, choice=Filter(Pattern.parse("other/*")), caller=SEER)

    planned = deletion.plan(registry_of_two, choice=everything, caller=SEER)
    deleted = deletion.delete(registry_of_two, choice=everything, expected=planned, caller=SEER)

    assert deleted.plan.repositories == ["team/app"]
    assert Repository(registry_of_two, "other/app").tags() == ["v1", "v2"]


def test_the_journal_is_for_who_may_delete_what_it_tells_of(registry_of_two: Registry) -> None:
    """Neither its pages nor its entries nor undoing tell others of it; of many repositories one must may all."""
    names = ["team/app", "other/app"]
    for tag in ("v1", "v2"):
        for name in names:
            Repository(registry_of_two, name).delete(tag)
    for name in names:
        Repository(registry_of_two, name).push(image(name.encode()), "v3")
    both = deletion.delete(registry_of_two, *(target(registry_of_two, name) for name in names)).id

    page = journal.page(registry_of_two, 1, caller=SEER)
    rest = journal.page(registry_of_two, 10, page.entries[-1].id, caller=SEER)

    assert [entry.repository for entry in (*page.entries, *rest.entries)] == ["team/app", "team/app"]
    assert (page.more, rest.more) == (True, False)
    assert not journal.page(registry_of_two, 10, caller=ANONYMOUS).entries
    for id in (both, 10_000):
        for ask in (restore.find, restore.purge):
            with pytest.raises(DeletionUnknown, match=f"there is no deletion {id}"):
                ask(registry_of_two, id, caller=SEER)
        with pytest.raises(DeletionUnknown, match=f"there is no deletion {id}"):
            restore.restore(registry_of_two, id, caller=SEER)
    restore.restore(registry_of_two, page.entries[0].id, caller=SEER)


def test_the_catalog_shows_what_the_caller_may_pull(registry: Registry) -> None:
    """In pages as long as asked for, each going on where the last ended, however much lies between."""
    for name in ("a/1", "b/1", "b/2", "c/1", "d/1", "d/2"):
        Repository(registry, name).push(image(b"layer"), "v1")
    caller = Caller(Kind.USER, "ana", (grant([Action.PULL], "b/*"), grant([Action.PULL], "d/*")))

    assert listing.catalog(registry, "", 2, caller) == Page(["b/1", "b/2"], more=True)
    assert listing.catalog(registry, "b/2", 2, caller) == Page(["d/1", "d/2"], more=False)
    assert listing.catalog(registry, "", 10, ANONYMOUS) == Page([], more=False)


def test_the_catalog_reads_on_until_a_page_is_full(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where what may be seen is further away than is read at once."""
    monkeypatch.setattr(listing, "NAMES_READ", 2)
    for number in range(5):
        Repository(registry, f"a/{number}").push(image(b"layer"), "v1")
    Repository(registry, "z/last").push(image(b"layer"), "v1")
    caller = Caller(Kind.USER, "ana", (grant([Action.PULL], "z/*"),))
    assert listing.catalog(registry, "", 1, caller) == Page(["z/last"], more=False)


def test_an_upload_is_found_by_nobody_but_its_owner(repository: Repository) -> None:
    """Its status, going on and ending it are all as if it did not exist."""
    registry, name = repository.registry, repository.name
    mine, yours = Caller(Kind.USER, "ana").identity, Caller(Kind.USER, "bea").identity
    id = uploads.start(registry, name, owner=mine).id

    for owner in (yours, ""):
        for ask in (uploads.status, uploads.cancel):
            with pytest.raises(BlobUploadUnknown):
                ask(registry, name, id, owner)
        with pytest.raises(BlobUploadUnknown):
            uploads.arrive(registry, name, id, None, owner)
    assert uploads.status(registry, name, id, mine).received == 0
    uploads.cancel(registry, name, id, mine)
