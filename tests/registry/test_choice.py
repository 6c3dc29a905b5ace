from __future__ import annotations

import pytest

from jettison.oci.errors import FilterTooWide, ManifestUnknown, NameUnknown, NothingMatched, PlanOutdated, TooLarge
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import deletion, listing, points
from jettison.registry.access import EVERYONE
from jettison.registry.choice import Filter
from jettison.registry.registry import Registry
from jettison.registry.target import Target
from jettison.selection.pattern import Pattern
from tests.support.content import image, index, referrer
from tests.support.journal import row_counts
from tests.support.repository import Repository

NAMES = ("app", "team/app", "team/base", "team/old/app")


@pytest.fixture
def repositories(registry: Registry) -> dict[str, Repository]:
    """Some repositories, each with the tags v1, v2 and latest of an image."""
    found = {name: Repository(registry, name) for name in NAMES}
    for name, repository in found.items():
        repository.push(image(name.encode()), "v1", "v2", "latest")
    return found


def choice(repository: str, tag: str | None = None, *, untagged: bool = False, everything: bool = False) -> Filter:
    """A filter of these patterns."""
    return Filter(Pattern.parse(repository), Pattern.parse(tag) if tag else None, untagged, everything)


def catalog(registry: Registry) -> list[str]:
    """All that the catalog lists."""
    return listing.catalog(registry, "", 100, EVERYONE).entries


def test_a_pattern_chooses_whole_repositories(registry: Registry, repositories: dict[str, Repository]) -> None:
    """All that match go as one, and no other."""
    deleted = deletion.delete(registry, choice=choice("team/**"))

    assert catalog(registry) == ["app"]
    assert deleted.plan.kind == "many"
    assert [str(target) for target in deleted.plan.targets] == ["team/app", "team/base", "team/old/app"]
    assert row_counts(registry.database)["deletion"] == 1


def test_a_tag_pattern_chooses_tags_alone(registry: Registry, repositories: dict[str, Repository]) -> None:
    """Of repositories that match; what they pointed at stays."""
    deletion.delete(registry, choice=choice("team/*", "v*"))

    assert [each.tags() for each in repositories.values()] == [
        ["latest", "v1", "v2"],
        ["latest"],
        ["latest"],
        ["latest", "v1", "v2"],
    ]
    assert all(each.has("latest") for each in repositories.values())


def test_untagged_chooses_what_nothing_needs(registry: Registry, repositories: dict[str, Repository]) -> None:
    """Children of a tagged index and signatures of a tagged image stay; of an untagged one they go with it."""
    app = repositories["app"]
    kept = index(image(b"child of the kept"))
    gone = index(image(b"child of the gone"))
    app.push(kept, "kept")
    app.push(gone)
    app.push(referrer(kept))
    app.push(referrer(gone))
    loose = image(b"loose")
    app.push(loose)

    deleted = deletion.delete(registry, choice=choice("**", untagged=True))

    assert {item.digest for item in deleted.plan.goes} == {
        *(draft.digest for draft in gone.closure()),
        referrer(gone).digest,
        loose.digest,
    }
    assert all(app.has(draft) for draft in (*kept.closure(), referrer(kept)))
    assert [each.name.value for each in repositories.values() if each.has("latest")] == list(NAMES)


def test_tags_and_untagged_are_chosen_together(registry: Registry, repositories: dict[str, Repository]) -> None:
    """With both, both: the tags that match, and the versions that were untagged before."""
    loose = image(b"loose")
    repositories["app"].push(loose)

    deleted = deletion.delete(registry, choice=choice("app", "v1", untagged=True))

    assert [str(target) for target in deleted.plan.targets] == ["app:v1", f"app@{loose.digest}"]


def test_named_targets_go_with_those_chosen(registry: Registry, repositories: dict[str, Repository]) -> None:
    """In the same transaction; what is named and chosen goes once."""
    named = [Target(RepositoryName("app"), Tag("latest")), Target(RepositoryName("team/app"), Tag("v1"))]

    deleted = deletion.delete(registry, *named, choice=choice("team/*", "v1"))

    assert [str(target) for target in deleted.plan.targets] == ["app:latest", "team/app:v1", "team/base:v1"]


def test_a_filter_that_matches_nothing_is_an_error(registry: Registry, repositories: dict[str, Repository]) -> None:
    """A dry run says so too: who misspells a pattern is not told that all went well."""
    for none in (choice("teams/**"), choice("absent"), choice("**", "v9"), choice("app", untagged=True)):
        for act in (deletion.plan, deletion.delete):
            with pytest.raises(NothingMatched, match="matches nothing"):
                act(registry, choice=none)
    assert catalog(registry) == sorted(NAMES)


@pytest.mark.parametrize(
    "every", [choice("**"), choice("**", "*"), choice("**", "*", untagged=True), choice("**/*", "**")]
)
def test_a_filter_that_matches_everything_has_to_be_confirmed(
    registry: Registry, repositories: dict[str, Repository], every: Filter
) -> None:
    """All repositories, or every tag of them all; confirmed, it is done."""
    before = row_counts(registry.database)
    for act in (deletion.plan, deletion.delete):
        with pytest.raises(FilterTooWide, match="all=true"):
            act(registry, choice=every)
    assert row_counts(registry.database) == before

    confirmed = Filter(every.repository, every.tag, every.untagged, everything=True)
    deletion.delete(registry, choice=confirmed)

    assert all(not each.tags() for each in repositories.values())


def test_everything_is_what_there_is_not_what_the_pattern_says(registry: Registry) -> None:
    """`team/**` is everything where there is nothing else; the name itself, written out, needs no confirmation."""
    repository = Repository(registry, "team/app")
    repository.push(image(b"layer"), "v1")
    with pytest.raises(FilterTooWide):
        deletion.plan(registry, choice=choice("team/**"))
    assert deletion.plan(registry, choice=choice("team/app")).versions == 1

    Repository(registry, "other").push(image(b"layer"), "v1")
    assert deletion.plan(registry, choice=choice("team/**")).versions == 1


def test_untagged_is_everything_where_no_tag_is(registry: Registry) -> None:
    """A registry whose clients push by digest only must not be emptied by a clean-up."""
    Repository(registry).push(image(b"layer"))
    with pytest.raises(FilterTooWide):
        deletion.plan(registry, choice=choice("**", untagged=True))
    Repository(registry, "other").push(image(b"layer"), "v1")
    assert deletion.plan(registry, choice=choice("**", untagged=True)).versions == 1


def test_many_targets_go_together_or_not_at_all(registry: Registry, repositories: dict[str, Repository]) -> None:
    """One that is not there: nothing changes, in any repository."""
    good = [Target(RepositoryName(name), Tag("v1")) for name in NAMES]
    bad = [
        (Target(RepositoryName("app"), Tag("absent")), ManifestUnknown),
        (Target(RepositoryName("absent")), NameUnknown),
    ]
    before = row_counts(registry.database)

    for target, error in bad:
        with pytest.raises(error):
            deletion.delete(registry, *good, target, choice=choice("team/**"))

    assert row_counts(registry.database) == before


def test_one_deletion_has_a_size(
    registry: Registry, repositories: dict[str, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other writers wait for it, and each repository takes a lock: more than so many is refused, before any of it."""
    monkeypatch.setattr(deletion, "MOST_REPOSITORIES", 2)
    monkeypatch.setattr(deletion, "MOST_TARGETS", 5)
    named = [Target(RepositoryName(name)) for name in NAMES]
    for act in (deletion.plan, deletion.delete):
        with pytest.raises(TooLarge, match="at most 2 repositories, and this one has 3"):
            act(registry, choice=choice("team/**"))
        with pytest.raises(TooLarge, match="at most 2 repositories, and this one has 4"):
            act(registry, *named)
        with pytest.raises(TooLarge, match="at most 5 targets, and this one has 6"):
            act(registry, choice=choice("team/*", "*"))
    assert catalog(registry) == sorted(NAMES)


def test_what_comes_to_match_meanwhile_stays(registry: Registry, repositories: dict[str, Repository]) -> None:
    """A repository pushed between choosing and deleting is not held: nothing of it goes. What is held is looked at."""
    late, early = Repository(registry, "team/late"), repositories["team/app"]

    def push(point: str) -> None:
        if point == "delete.take":
            points.watch(None)
            late.push(image(b"late"), "v1")
            early.put(image(b"team/app"), "v1.1")

    points.watch(push)
    try:
        deleted = deletion.delete(registry, choice=choice("team/*", "v1*"))
    finally:
        points.watch(None)

    assert [str(target) for target in deleted.plan.targets] == ["team/app:v1", "team/app:v1.1", "team/base:v1"]
    assert late.tags() == ["v1"]


def test_a_plan_of_a_filter_is_outdated_by_what_matches_now(
    registry: Registry, repositories: dict[str, Repository]
) -> None:
    """A tag that matches was pushed since the plan was shown: nothing is done."""
    wanted = choice("team/*", "v*")
    plan = deletion.plan(registry, choice=wanted)
    repositories["team/app"].put(image(b"team/app"), "v3")

    with pytest.raises(PlanOutdated):
        deletion.delete(registry, choice=wanted, expected=plan)

    assert repositories["team/base"].tags() == ["latest", "v1", "v2"]
    deletion.delete(registry, choice=wanted, expected=deletion.plan(registry, choice=wanted))
    assert repositories["team/base"].tags() == ["latest"]


def test_a_filter_reads_as_people_write_it() -> None:
    """In messages."""
    assert str(choice("team/**")) == "team/**"
    assert str(choice("team/**", "v*")) == "team/**:v*"
    assert str(choice("**", untagged=True)) == "** (untagged)"
