"""Rules applied to what a repository holds: the decisions, and the plan of what goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from jettison.cli.contents import Contents, dates, read
from jettison.client.errors import NotFound, Unsupported
from jettison.client.plan import Plan
from jettison.client.planning import plan_deletion
from jettison.client.vendors.jettison import Jettison
from jettison.oci.digest import Digest
from jettison.selection.choice import Decision, select
from jettison.selection.rules import Rules
from jettison.selection.version import Tagged, Version

if TYPE_CHECKING:
    from jettison.client.manifest import Manifest
    from jettison.client.repository import Repository
    from jettison.client.vendors import Vendor
    from jettison.oci.reference import Reference


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
    untagged = _untagged(repository, vendor) if rules.untagged is not None else ()
    if not contents.tags and not untagged:
        raise NotFound(f"{repository} has no tags, or is not there")
    if untagged is None and not rules.tags:
        raise Unsupported(
            f"{vendor.title} does not show versions that have no tag: --untagged alone finds nothing. With --keep, "
            "--tag or --older-than it takes those that lose their last tag; for the others, use what the registry has"
        )
    versions = _versions(contents, untagged or ())
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


def _versions(contents: Contents, untagged: Iterable[Manifest]) -> list[Version]:
    manifests = contents.manifests | {each.digest: each for each in untagged}
    made = dates(contents.repository, manifests)
    # What an index lists goes and stays with it; the plan sees to that. Rules are about what stands for itself.
    roots = [each for digest, each in manifests.items() if digest not in contents.held or contents.tags_of(digest)]
    return [_version(each, contents, made) for each in roots]


def _version(manifest: Manifest, contents: Contents, made: Mapping[Digest, datetime | None]) -> Version:
    at = made[manifest.digest]
    return Version(
        manifest.digest,
        tuple(Tagged(tag, at) for tag in contents.tags_of(manifest.digest)),
        at,
        tuple(child.digest for child in manifest.children),
        None if manifest.subject is None else manifest.subject.digest,
    )


def _untagged(repository: Repository, vendor: Vendor) -> tuple[Manifest, ...] | None:
    """The versions that no tag, index or subject needs; None where the registry does not show them.

    A Jettison server tells them by the plan of deleting them (docs/api.md, "By patterns").
    """
    if not isinstance(vendor, Jettison):
        return None
    asked = {"filter": {"repository": str(repository.name), "untagged": True}, "dry_run": True}
    answer = repository.transport.request(
        "POST",
        "/api/v1/deletions",
        headers={"Content-Type": "application/json"},
        content=json.dumps(asked).encode(),
        scopes=repository.scopes("pull", "delete"),
    )
    if answer.status == 404 and any(each.code == "NOTHING_MATCHED" for each in answer.errors):
        return ()
    answer.check(f"look for untagged versions of {repository}")
    body = answer.json()
    parts = body.get("repositories", [body])
    digests = [Digest.parse(each["digest"]) for part in parts for each in part["goes"]]
    return tuple(repository.transport.gather(partial(repository.manifest, digest) for digest in digests))
