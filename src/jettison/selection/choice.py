"""Choosing what goes of a repository by rules: each tag, and each version without tags, with the reason.

What is kept wins over what is let go, and what has no known date stays where a rule asks for its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jettison.oci.digest import Digest
from jettison.oci.reference import Reference, Tag
from jettison.selection.duration import show_duration
from jettison.selection.need import needed
from jettison.selection.rules import Rules, TagRule, Untagged
from jettison.selection.version import Tagged, Version

_UNDATED: Final = "its date is not known"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a tag, or a version without tags, goes, and why.

    `digest` is the version, of a tag the one that it points at; `at` is its date, where that is known.
    """

    what: Reference
    digest: Digest
    goes: bool
    reason: str
    at: datetime | None = None


def select(
    versions: Iterable[Version], rules: Rules, now: datetime, *, tags_alone: bool = True
) -> tuple[Decision, ...]:
    """The decisions on all tags of one repository, then on its versions without tags, each in the order of `versions`.

    `versions` are all that the repository has, as far as that can be known. A version that loses all its tags is
    decided on like one without tags, if the rules are about those. Where `tags_alone` is not set, the registry drops a
    version with its last tag; then the tags of a version that something else needs stay.
    """
    known = {version.digest: version for version in versions}
    tags = _tags(list(known.values()), rules, now)
    if not tags_alone:
        tags = _with_versions(known, tags, rules, now)
    staying = _staying(tags)
    dropped = set() if tags_alone else tags.keys() - staying.keys()
    decided = staying.keys() | dropped
    loose = [version for version in known.values() if version.digest not in decided]
    untagged = _untagged(known, loose, staying, rules.untagged, now)
    shown = [each for each in untagged if rules.untagged is not None or each.digest not in tags]
    return (*(each for decisions in tags.values() for each in decisions), *shown)


def _tags(versions: Sequence[Version], rules: Rules, now: datetime) -> dict[Digest, list[Decision]]:
    """The decisions on tags by the version that they point at."""
    tags = [tagged for version in versions for tagged in version.tags]
    kept = {
        tagged.tag: f"{pattern} stays"
        for tagged in tags
        for pattern in reversed(rules.keep_tags)
        if pattern.matches(tagged.tag.value)
    }
    left = [tagged for tagged in tags if tagged.tag not in kept]
    going: dict[Tag, str] = {}
    young: dict[Tag, str] = {}
    for rule in rules.tags:
        stays, younger, goes = _by_rule(rule, [tagged for tagged in left if rule.matches(tagged.tag)], now)
        kept |= {tag: reason for tag, reason in stays.items() if tag not in kept}
        young |= younger
        going |= {tag: reason for tag, reason in goes.items() if tag not in going}
    return {
        version.digest: [_decided(tagged, version.digest, kept, young, going) for tagged in version.tags]
        for version in versions
        if version.tags
    }


def _by_rule(
    rule: TagRule, tags: Sequence[Tagged], now: datetime
) -> tuple[dict[Tag, str], dict[Tag, str], dict[Tag, str]]:
    """What one rule says of the tags that it is about: those that it keeps, those too young for it, those that go."""
    if not rule.keep and rule.older_than is None:
        return {}, {}, {tagged.tag: f"{rule} may go" for tagged in tags}
    stays = {tagged.tag: _UNDATED for tagged in tags if tagged.at is None}
    dated = [(tagged.at, tagged.tag) for tagged in tags if tagged.at is not None]
    dated.sort(reverse=True)
    newest = f"the {rule.keep} newest of {rule}" if rule.keep != 1 else f"the newest of {rule}"
    stays |= {tag: f"among {newest}" if rule.keep != 1 else newest for _, tag in dated[: rule.keep]}
    younger: dict[Tag, str] = {}
    goes: dict[Tag, str] = {}
    for at, tag in dated[rule.keep :]:
        if rule.older_than is not None and now - at <= rule.older_than:
            younger[tag] = f"not older than {show_duration(rule.older_than)}"
        else:
            reasons = [f"older than {show_duration(rule.older_than)}"] if rule.older_than is not None else []
            reasons += [f"not {'among ' if rule.keep != 1 else ''}{newest}"] if rule.keep else []
            goes[tag] = ", ".join(reasons)
    return stays, younger, goes


def _decided(
    tagged: Tagged, digest: Digest, kept: Mapping[Tag, str], young: Mapping[Tag, str], going: Mapping[Tag, str]
) -> Decision:
    tag = tagged.tag
    if tag in kept or tag not in going:
        reason = kept.get(tag) or young.get(tag) or "no rule lets it go"
        return Decision(tag, digest, False, reason, tagged.at)
    return Decision(tag, digest, True, going[tag], tagged.at)


def _with_versions(
    known: Mapping[Digest, Version], tags: dict[Digest, list[Decision]], rules: Rules, now: datetime
) -> dict[Digest, list[Decision]]:
    """The same decisions, but that the tags of versions that something else needs stay."""
    staying = _staying(tags)
    roots = [known[digest] for digest in staying]
    roots += [each for each in known.values() if not each.tags and not _may_go(each.at, rules.untagged, now)]
    reasons = needed(known, roots, staying)
    return {
        digest: [replace(each, goes=False, reason=f"its version is {reasons[digest]}") for each in decisions]
        if digest in reasons
        else decisions
        for digest, decisions in tags.items()
    }


def _staying(tags: Mapping[Digest, Sequence[Decision]]) -> dict[Digest, str]:
    """The versions of which a tag stays, each with the first such tag."""
    return {
        digest: next(str(each.what) for each in decisions if not each.goes)
        for digest, decisions in tags.items()
        if not all(each.goes for each in decisions)
    }


def _untagged(
    known: Mapping[Digest, Version],
    loose: Sequence[Version],
    staying: Mapping[Digest, str],
    rule: Untagged | None,
    now: datetime,
) -> list[Decision]:
    """The decisions on versions that have no tags, or will have none."""
    candidates = {version.digest for version in loose if _may_go(version.at, rule, now)}
    roots = [known[digest] for digest in staying]
    roots += [version for version in loose if version.digest not in candidates]
    reasons = needed(known, roots, staying)
    decisions = []
    for version in loose:
        goes = version.digest in candidates and version.digest not in reasons
        reason = reasons.get(version.digest) if version.digest in candidates else _why_not(version.at, rule)
        decisions.append(Decision(version.digest, version.digest, goes, reason or _why(rule), version.at))
    return decisions


def _may_go(at: datetime | None, rule: Untagged | None, now: datetime) -> bool:
    if rule is None:
        return False
    return rule.older_than is None or (at is not None and now - at > rule.older_than)


def _why(rule: Untagged | None) -> str:
    older = rule.older_than if rule is not None else None
    return "untagged" if older is None else f"untagged, older than {show_duration(older)}"


def _why_not(at: datetime | None, rule: Untagged | None) -> str:
    if rule is None:
        return "no rule lets it go"
    return _UNDATED if at is None else f"not older than {show_duration(rule.older_than or timedelta())}"
