"""Rules applied to what a repository holds: the decisions, and the plan of what goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from jettison.cli.contents import Contents, dates, read
from jettison.client.errors import NotFound, Unsupported
from jettison.client.plan import Plan
from jettison.client.planning import plan_deletion
from jettison.client.snapshot import manifest_or_none
from jettison.client.vendors.jettison import Jettison, Pushed
from jettison.oci.digest import Digest
from jettison.selection.choice import Decision, select
from jettison.selection.rules import Rules
from jettison.selection.version import Tagged, Version

if TYPE_CHECKING:
    from jettison.client.manifest import Manifest
    from jettison.client.repository import Repository
    from jettison.client.vendors import Vendor
    from jettison.oci.reference import Reference, Tag


@dataclass(frozen=True, slots=True)
class Pruned:
    """One repository: what was decided on each tag and version, what goes, and what one should know of it."""

    repository: Repository
    decisions: tuple[Decision, ...]
    plan: Plan
    note: str | None = None


def pruned(repository: Repository, vendor: Vendor, rules: Rules, now: datetime) -> Pruned:
    """The rules applied to a repository. It changes nothing.

    Raises NotFound where there is no such repository, Unsupported where the rules are about nothing but untagged
    versions and the registry does not show them, and what a request raises.
    """
    (contents,) = read([repository])
    pushed = _pushed(repository, vendor)
    untagged = _untagged(repository, pushed) if rules.untagged is not None else ()
    if not contents.tags and not untagged:
        raise NotFound(f"{repository} has no tags, or is not there")
    if untagged is None and not rules.tags:
        raise Unsupported(
            f"{vendor.title} does not show versions that have no tag: --untagged alone finds nothing. With --keep, "
            "--tag or --older-than it takes those that lose their last tag; for the others, use what the registry has"
        )
    versions = _versions(contents, untagged or (), pushed)
    alone = not vendor.limits.last_tag_takes_version
    decisions = select(versions, rules, now, tags_alone=alone)
    reasons: dict[Reference, str] = {each.what: each.reason for each in decisions if each.goes}
    going = {each.what for each in decisions if each.goes}
    # A version that goes takes its tags along: they are not deleted one by one before.
    taken = {tag for tag, manifest in contents.tags.items() if manifest.digest in going}
    for tag in taken:
        reasons[contents.tags[tag].digest] = reasons.get(tag, reasons[contents.tags[tag].digest])
    plan = plan_deletion(
        repository,
        [what for what in reasons if what not in taken],
        reasons=reasons,
        tags={tag: manifest.digest for tag, manifest in contents.tags.items()},
        vendor=vendor,
    )
    unseen = None
    if rules.untagged is not None and untagged is None:
        unseen = (
            f"{vendor.title} does not show versions that have no tag: those that lose their last one now go with it"
        )
    return Pruned(repository, decisions, plan, unseen)


def plans_of(done: Sequence[Pruned]) -> list[Plan]:
    """One plan for each registry."""
    by_host: dict[str, list[Plan]] = {}
    for each in done:
        by_host.setdefault(each.plan.host, []).append(each.plan)
    return [Plan.join(plans) for plans in by_host.values()]


def _versions(
    contents: Contents, untagged: Iterable[Manifest], pushed: Mapping[Digest, Pushed] | None
) -> list[Version]:
    """What rules are about. The dates are those of the push where the registry tells them, else what images say."""
    manifests = contents.manifests | {each.digest: each for each in untagged}
    # What an index lists goes and stays with it; the plan sees to that. Rules are about what stands for itself.
    roots = [each for digest, each in manifests.items() if digest not in contents.held or contents.tags_of(digest)]
    if pushed is not None:
        return [_version(each, _since(contents, each.digest, pushed), _at(each.digest, pushed)) for each in roots]
    made = dates(contents.repository, manifests)
    return [
        _version(each, dict.fromkeys(contents.tags_of(each.digest), made[each.digest]), made[each.digest])
        for each in roots
    ]


def _version(manifest: Manifest, tags: Mapping[Tag, datetime | None], at: datetime | None) -> Version:
    return Version(
        manifest.digest,
        tuple(Tagged(tag, since) for tag, since in tags.items()),
        at,
        tuple(child.digest for child in manifest.children),
        None if manifest.subject is None else manifest.subject.digest,
    )


def _at(digest: Digest, pushed: Mapping[Digest, Pushed]) -> datetime | None:
    return pushed[digest].at if digest in pushed else None


def _since(contents: Contents, digest: Digest, pushed: Mapping[Digest, Pushed]) -> dict[Tag, datetime | None]:
    known = pushed[digest].tags if digest in pushed else {}
    return {tag: known.get(tag) for tag in contents.tags_of(digest)}


def _pushed(repository: Repository, vendor: Vendor) -> dict[Digest, Pushed] | None:
    """The versions as a Jettison server lists them, with the dates of their pushes; None: the registry has no list."""
    if not isinstance(vendor, Jettison):
        return None
    try:
        return {each.digest: each for each in vendor.versions(repository)}
    except NotFound:
        return {}


def _untagged(repository: Repository, pushed: Mapping[Digest, Pushed] | None) -> tuple[Manifest, ...] | None:
    """The versions that have no tag, and that no index or subject needs; None where the registry does not show them."""
    if pushed is None:
        return None
    digests = [each.digest for each in pushed.values() if not each.tags]
    found = repository.transport.gather(partial(manifest_or_none, repository, digest) for digest in digests)
    return tuple(each for each in found if each is not None)
