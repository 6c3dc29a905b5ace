from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import RuleInvalid
from jettison.oci.reference import Tag
from jettison.selection.choice import Decision, select
from jettison.selection.pattern import Pattern
from jettison.selection.rules import Rules, TagRule, Untagged
from jettison.selection.version import Tagged, Version

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def digest(name: str) -> Digest:
    """The digest that stands for a name."""
    return Digest.of(name.encode())


def version(
    name: str, *tags: str, days: float | None = 0, children: tuple[str, ...] = (), subject: str | None = None
) -> Version:
    """A version that was pushed so many days ago, its tags too; None: nobody knows when."""
    at = None if days is None else NOW - timedelta(days=days)
    return Version(
        digest(name),
        tuple(Tagged(Tag(tag), at) for tag in tags),
        at,
        tuple(digest(child) for child in children),
        None if subject is None else digest(subject),
    )


def patterns(*texts: str) -> tuple[Pattern, ...]:
    """These patterns."""
    return tuple(Pattern.parse(text) for text in texts)


def decided(decisions: tuple[Decision, ...]) -> dict[str, tuple[bool, str]]:
    """Whether each goes, and why; versions by the names that stand for them."""
    names = {str(digest(name)): name for name in ("image", "index", "arm", "amd", "sbom", "old", "new")}
    return {names.get(str(each.what), str(each.what)): (each.goes, each.reason) for each in decisions}


def test_the_newest_stay_and_each_has_its_reason() -> None:
    """Of five tags, the two newest stay by their number; dates count, not names."""
    versions = [version(f"v{number}", f"v{number}", days=number * 10) for number in (3, 1, 5, 2, 4)]
    found = decided(select(versions, Rules((TagRule(keep=2),)), NOW))
    assert {tag for tag, (goes, _) in found.items() if goes} == {"v3", "v4", "v5"}
    assert found["v1"][1] == "among the 2 newest of all tags"
    assert found["v3"][1] == "not among the 2 newest of all tags"


def test_keep_beats_delete() -> None:
    """A tag that a pattern keeps stays, however old, and takes no place among the newest."""
    versions = [version(name, name, days=days) for name, days in (("v1", 900), ("v2", 1), ("pr-1", 50), ("pr-2", 60))]
    rules = Rules((TagRule(keep=1, older_than=timedelta(days=30)),), patterns("v*"))
    assert decided(select(versions, rules, NOW)) == {
        "v1": (False, "v* stays"),
        "v2": (False, "v* stays"),
        "pr-1": (False, "the newest of all tags"),
        "pr-2": (True, "older than 30d, not the newest of all tags"),
    }


def test_a_rule_is_about_the_tags_that_its_patterns_match() -> None:
    """Other tags stay, since nothing lets them go."""
    versions = [version(name, name, days=90) for name in ("pr-1", "tmp", "v1")]
    assert decided(select(versions, Rules((TagRule(patterns("pr-*", "tmp")),)), NOW)) == {
        "pr-1": (True, "pr-* or tmp may go"),
        "tmp": (True, "pr-* or tmp may go"),
        "v1": (False, "no rule lets it go"),
    }


def test_what_one_rule_counts_among_its_newest_no_other_lets_go() -> None:
    """Several rules: each lets go what it is about, and what any of them keeps stays."""
    versions = [version(name, name, days=days) for name, days in (("pr-1", 40), ("pr-2", 50), ("a", 60))]
    rules = Rules((TagRule(patterns("pr-*"), keep=1), TagRule(older_than=timedelta(days=30))))
    found = decided(select(versions, rules, NOW))
    assert found["pr-1"] == (False, "the newest of pr-*")
    assert found["pr-2"][0]
    assert found["a"][0]


def test_exactly_as_old_as_the_limit_is_not_older() -> None:
    """The bound itself stays."""
    rules = Rules((TagRule(older_than=timedelta(days=30)),))
    found = decided(select([version("image", "a", days=30), version("old", "b", days=30.01)], rules, NOW))
    assert found == {"a": (False, "not older than 30d"), "b": (True, "older than 30d")}


def test_an_unknown_date_means_keep() -> None:
    """A tag or version without a date stays where a rule asks for the date, and takes no place among the newest."""
    versions = [version("image", "a", days=None), version("old", "b", days=9), version("new", "c", days=1)]
    found = decided(
        select([*versions, version("sbom", days=None)], Rules((TagRule(keep=1),), untagged=Untagged(timedelta())), NOW)
    )
    assert found["a"] == (False, "its date is not known")
    assert found["b"][0]
    assert not found["c"][0]
    assert found["sbom"] == (False, "its date is not known")


def test_platforms_of_an_index_that_stays_are_kept() -> None:
    """An untagged child goes only with the last index that holds it."""
    versions = [
        version("index", "v1", days=100, children=("arm", "amd")),
        version("old", "v0", days=200, children=("amd", "image")),
        *(version(name, days=300) for name in ("arm", "amd", "image")),
    ]
    rules = Rules((TagRule(keep=1),), untagged=Untagged())
    assert decided(select(versions, rules, NOW)) == {
        "v1": (False, "the newest of all tags"),
        "v0": (True, "not the newest of all tags"),
        "old": (True, "untagged"),
        "arm": (False, "part of v1, which stays"),
        "amd": (False, "part of v1, which stays"),
        "image": (True, "untagged"),
    }


def test_the_subject_of_what_stays_and_what_refers_to_it_stay() -> None:
    """An image is not taken from under a signature that has a tag, nor a signature from an image."""
    versions = [
        version("image", "v1", days=1),
        version("sbom", subject="image", days=50),
        version("old", days=50),
        version("new", "old.sig", subject="old", days=50),
    ]
    found = decided(select(versions, Rules(untagged=Untagged()), NOW))
    assert found["sbom"] == (False, "refers to v1, which stays")
    assert found["old"] == (False, "the subject of old.sig, which stays")


def test_what_refers_to_what_goes_goes() -> None:
    """Signatures of an untagged image go with it."""
    found = decided(select([version("image"), version("sbom", subject="image")], Rules(untagged=Untagged()), NOW))
    assert found == {"image": (True, "untagged"), "sbom": (True, "untagged")}


def test_versions_stay_where_no_rule_is_about_untagged_ones() -> None:
    """Tags go alone; that a version loses its last one is no reason to take it."""
    found = decided(select([version("image", "v1"), version("old")], Rules((TagRule(),)), NOW))
    assert found == {"v1": (True, "all tags may go"), "old": (False, "no rule lets it go")}


def test_young_untagged_versions_stay() -> None:
    """A platform that was pushed a moment ago waits for its index."""
    rules = Rules(untagged=Untagged(timedelta(hours=1)))
    found = decided(select([version("arm", days=0), version("old", days=1)], rules, NOW))
    assert found == {"arm": (False, "not older than 1h"), "old": (True, "untagged, older than 1h")}


def test_where_a_version_goes_with_its_last_tag_the_tags_of_platforms_stay() -> None:
    """A registry that drops versions with their tags must not lose a platform of an index that stays."""
    versions = [
        version("index", "v1", children=("arm",)),
        version("arm", "v1-arm", days=90),
        version("old", "v0", days=90),
    ]
    rules = Rules((TagRule(older_than=timedelta(days=30)),), untagged=Untagged())
    assert decided(select(versions, rules, NOW, tags_alone=False)) == {
        "v1": (False, "not older than 30d"),
        "v1-arm": (False, "its version is part of v1, which stays"),
        "v0": (True, "older than 30d"),
    }
    alone = decided(select(versions, rules, NOW))
    assert alone["v1-arm"][0]
    assert alone["arm"] == (False, "part of v1, which stays")


def test_numbers_that_cannot_be_are_refused() -> None:
    """No rule keeps less than nothing."""
    with pytest.raises(RuleInvalid, match="-1 tags"):
        TagRule(keep=-1)
