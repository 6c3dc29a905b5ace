"""What holds of every choice, whatever a repository has and whatever the rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, Tag
from jettison.selection.choice import Decision, select
from jettison.selection.pattern import Pattern
from jettison.selection.rules import Rules, TagRule, Untagged
from jettison.selection.version import Tagged, Version

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PATTERNS = [Pattern.parse(text) for text in ("a*", "*1", "b2", "*")]
AGES = st.one_of(st.none(), st.integers(0, 100).map(timedelta))
DATES = st.one_of(st.none(), st.integers(-5, 100).map(lambda days: NOW - timedelta(days=days)))
TAGS = [Tag(f"{letter}{number}") for letter in "abc" for number in range(4)]


@st.composite
def repositories(draw: st.DrawFn) -> list[Version]:
    """Versions with tags, platforms and subjects among each other, and some that are not there."""
    digests = [Digest.of(bytes([number])) for number in range(draw(st.integers(1, 9)))]
    free = draw(st.permutations(TAGS))
    among = st.sampled_from([*digests, Digest.of(b"elsewhere")])
    versions = []
    for own in digests:
        count = draw(st.integers(0, min(3, len(free))))
        tags, free = free[:count], free[count:]
        children = tuple(child for child in draw(st.lists(among, max_size=3, unique=True)) if child != own)
        subject = draw(st.one_of(st.none(), among))
        dated = tuple(Tagged(tag, draw(DATES)) for tag in tags)
        versions.append(Version(own, dated, draw(DATES), children, None if subject == own else subject))
    return versions


TAG_RULES = st.builds(TagRule, st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple), st.integers(0, 4), AGES)
rules = st.builds(
    Rules,
    st.lists(TAG_RULES, max_size=3).map(tuple),
    st.lists(st.sampled_from(PATTERNS[:3]), max_size=2).map(tuple),
    st.one_of(st.none(), st.builds(Untagged, AGES)),
)


def going(decisions: tuple[Decision, ...]) -> set[Reference]:
    """What goes."""
    return {each.what for each in decisions if each.goes}


def staying(versions: list[Version], gone: set[Reference]) -> list[Version]:
    """The versions that are there when what goes has gone, on a registry where tags go alone."""
    return [version for version in versions if version.digest not in gone]


@given(repositories(), rules)
def test_each_tag_and_each_untagged_version_has_one_decision(versions: list[Version], chosen: Rules) -> None:
    """Nothing is passed over, and nothing is decided on twice."""
    decisions = [each.what for each in select(versions, chosen, NOW)]
    assert len(decisions) == len(set(decisions))
    expected: set[Reference] = {tagged.tag for version in versions for tagged in version.tags}
    expected |= {version.digest for version in versions if not version.tags}
    assert expected <= set(decisions)


@given(repositories(), rules)
def test_nothing_that_stays_misses_what_it_needs(versions: list[Version], chosen: Rules) -> None:
    """Platforms, subjects and referrers of what stays are there, and so is the version of a tag that stays."""
    gone = going(select(versions, chosen, NOW))
    left = staying(versions, gone)
    there = {version.digest for version in left}
    had = {version.digest for version in versions}
    for version in left:
        assert set(version.children) & had <= there
        assert version.subject is None or version.subject not in had or version.subject in there
    for version in versions:
        assert version.digest in there or all(tagged.tag in gone for tagged in version.tags)
        assert version.digest in there or version.subject not in there


@given(repositories(), rules)
def test_where_versions_go_with_their_last_tag_nothing_is_missing(versions: list[Version], chosen: Rules) -> None:
    """The same on a registry that drops a version with its last tag."""
    gone = going(select(versions, chosen, NOW, tags_alone=False))
    left = [
        version
        for version in versions
        if version.digest not in gone and not (version.tags and all(tagged.tag in gone for tagged in version.tags))
    ]
    there = {version.digest for version in left}
    had = {version.digest for version in versions}
    for version in left:
        assert set(version.children) & had <= there
        assert version.subject is None or version.subject not in had or version.subject in there


@given(repositories(), rules)
def test_what_a_pattern_keeps_stays(versions: list[Version], chosen: Rules) -> None:
    """No rule takes what another keeps."""
    for what in going(select(versions, chosen, NOW)):
        assert not any(pattern.matches(str(what)) for pattern in chosen.keep_tags)


@given(repositories(), rules, st.sampled_from(PATTERNS))
def test_keeping_one_more_pattern_never_makes_more_go(versions: list[Version], chosen: Rules, pattern: Pattern) -> None:
    """Whoever adds a reason to keep can be sure of what it does."""
    more = replace(chosen, keep_tags=(*chosen.keep_tags, pattern))
    assert going(select(versions, more, NOW)) <= going(select(versions, chosen, NOW))


@given(repositories(), rules)
def test_keeping_more_of_the_newest_never_makes_more_go(versions: list[Version], chosen: Rules) -> None:
    """A larger number only keeps more."""
    more = replace(chosen, tags=tuple(replace(rule, keep=rule.keep + 1) for rule in chosen.tags))
    assert going(select(versions, more, NOW)) <= going(select(versions, chosen, NOW))


@given(repositories(), rules)
def test_losing_a_date_never_makes_its_tag_or_version_go(versions: list[Version], chosen: Rules) -> None:
    """What has no date stays where a rule asks for one: forgetting a date saves, or changes nothing for it."""
    before = going(select(versions, chosen, NOW))
    for number, version in enumerate(versions):
        undated = replace(version, at=None, tags=tuple(replace(tagged, at=None) for tagged in version.tags))
        after = going(select([*versions[:number], undated, *versions[number + 1 :]], chosen, NOW))
        own: set[Reference] = {version.digest, *(tagged.tag for tagged in version.tags)}
        assert after & own <= before & own


@given(repositories(), rules, st.randoms(use_true_random=False))
def test_the_order_of_what_is_there_does_not_matter(versions: list[Version], chosen: Rules, random: object) -> None:
    """The same goes, whichever way a registry lists."""
    shuffled = list(versions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert going(select(shuffled, chosen, NOW)) == going(select(versions, chosen, NOW))


@given(repositories())
def test_without_a_rule_nothing_goes(versions: list[Version]) -> None:
    """Rules let things go; their absence does not."""
    assert going(select(versions, Rules(keep_tags=tuple(PATTERNS)), NOW)) == set()


@given(repositories(), rules)
def test_what_was_pruned_is_not_pruned_again(versions: list[Version], chosen: Rules) -> None:
    """What is left after tags and versions have gone has the same number of newest tags: nothing more goes."""
    gone = going(select(versions, chosen, NOW))
    left = [
        replace(version, tags=tuple(tagged for tagged in version.tags if tagged.tag not in gone))
        for version in staying(versions, gone)
    ]
    assert going(select(left, chosen, NOW)) == set()
