"""What rules let go of one repository, as things stand: tags, and versions without tags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from jettison.metadata import manifests, overview_versions, repositories
from jettison.metadata.database import Transaction
from jettison.metadata.overview_versions import Entry, Tag
from jettison.oci.digest import Digest
from jettison.oci.errors import NameUnknown
from jettison.oci.reference import RepositoryName
from jettison.oci.reference import Tag as TagName
from jettison.registry.access import Action, Caller
from jettison.registry.registry import Registry
from jettison.registry.target import Target
from jettison.registry.versions import signed_by
from jettison.selection.choice import select
from jettison.selection.rules import Rules
from jettison.selection.version import Tagged, Version


def let_go(registry: Registry, name: RepositoryName, rules: Rules, caller: Caller) -> tuple[Target, ...]:
    """What the rules let go, each tag by itself; of what goes along with another, such as its platforms, only that.

    A signature under a tag that is made of a digest is no tag of its own here: it stays with what it signs. Raises
    NameUnknown, and what :meth:`Caller.require` does unless the caller may pull.
    """
    caller.require(Action.PULL, name.value)
    tagged = rules.untagged is None
    found, now = registry.database.read(lambda tx: (_versions(tx, name, tagged=tagged), tx.now), snapshot=True)
    going = [each.what for each in select(found, rules, _time(now)) if each.goes]
    digests = {what for what in going if isinstance(what, Digest)}
    along = {child for each in found if each.digest in digests for child in each.children}
    along |= {each.digest for each in found if each.subject in digests}
    return tuple(Target(name, what) for what in going if what not in along)


def _versions(tx: Transaction, name: RepositoryName, *, tagged: bool) -> list[Version]:
    """All versions; where only tags are looked at, those that are ``tagged``, without what needs them."""
    repository = repositories.find_listed(tx, name.value)
    if repository is None:
        raise NameUnknown(f"there is no repository {name}", {"name": str(name)})
    entries = overview_versions.entries(tx, repository, tagged=tagged)
    digests = {entry.id: entry.digest for entry in entries}
    tags: dict[int, list[Tag]] = {}
    for tag in overview_versions.all_tags(tx, repository):
        tags.setdefault(tag.manifest, []).append(tag)
    children: dict[int, list[Digest]] = {}
    for parent, child in () if tagged else overview_versions.all_children(tx, repository):
        children.setdefault(parent, []).append(digests[child])
    signing = {id: [signed_by(tag.name) for tag in named] for id, named in tags.items()}
    signed = {digest for subjects in signing.values() for digest in subjects if digest is not None}
    there = manifests.ids_of(tx, repository, signed)
    return [_version(entry, tags.get(entry.id, []), children.get(entry.id, []), there) for entry in entries]


def _version(entry: Entry, tags: list[Tag], children: list[Digest], there: Mapping[Digest, int]) -> Version:
    subjects = [signed_by(tag.name) for tag in tags]
    if all(subjects) and any(subject in there for subject in subjects):
        subject = next(each for each in subjects if each in there)
        return Version(entry.digest, (), _time(entry.pushed_at), tuple(children), subject)
    named = tuple(Tagged(TagName(tag.name), _time(tag.updated_at)) for tag in tags)
    return Version(entry.digest, named, _time(entry.pushed_at), tuple(children), entry.subject)


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
