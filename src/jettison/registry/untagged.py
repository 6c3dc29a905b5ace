"""Versions that no tag, index or subject needs: which they are, and their deletion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jettison.metadata import repositories, untagged
from jettison.metadata.database import Lock, Transaction
from jettison.metadata.untagged import Needs
from jettison.metadata.within import Within
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName
from jettison.registry import deletion
from jettison.registry.access import Caller, Kind
from jettison.registry.cascade import signer_tags
from jettison.registry.deletion import Deleted
from jettison.registry.points import reach
from jettison.registry.registry import Registry
from jettison.registry.target import Target

REASON = "garbage-collect --delete-untagged: no tag, index or subject needs them"


def delete_unneeded(registry: Registry, name: str, actor: str) -> Deleted | None:
    """Delete, as one entry of the journal, the versions of the repository that nothing needs; None where there is none.

    Chosen and deleted in one transaction: what gets a tag meanwhile stays.
    """
    if not registry.database.read(lambda tx: unneeded(tx, name), snapshot=True):
        return None

    def work(tx: Transaction) -> Deleted | None:
        targets = [Target(RepositoryName(name), digest) for digest in unneeded(tx, name)]
        if not targets:
            return None
        within = replace(registry, database=Within(tx))
        return deletion.delete(within, *targets, caller=Caller(Kind.EVERYONE, actor), reason=REASON)

    reach("untagged.delete")
    return registry.database.write(work, Lock.alone(name))


def unneeded(tx: Transaction, name: str) -> list[Digest]:
    """The versions of the live repository ``name`` that no tag, index or subject needs, by digest."""
    repository = repositories.find(tx, name)
    if repository is None:
        return []
    needs = untagged.needs(tx, repository)
    kept = needed(needs)
    return [manifest.digest for manifest in needs.manifests if manifest.id not in kept]


def needed(needs: Needs) -> set[int]:
    """The manifests that have a tag, and all that these need: children, referrers and signatures, theirs too.

    A tag by which a signature is found (``sha256-<hex>.sig`` and the like) holds it as long as what it signs is held,
    or if there is no such thing; like every deletion has it.
    """
    by_digest = {manifest.digest: manifest.id for manifest in needs.manifests}
    signs = {tag: id for digest, id in by_digest.items() for tag in signer_tags(digest)}
    leads_to: dict[int, list[int]] = {parent: list(children) for parent, children in needs.children.items()}
    for manifest in needs.manifests:
        if manifest.subject in by_digest:
            leads_to.setdefault(by_digest[manifest.subject], []).append(manifest.id)
    tagged = set()
    for tag, manifest_id in needs.tags.items():
        signed = signs.get(tag, manifest_id)
        if signed == manifest_id:
            tagged.add(manifest_id)
        else:
            leads_to.setdefault(signed, []).append(manifest_id)
    return _reachable(tagged, leads_to)


def _reachable(roots: Iterable[int], leads_to: dict[int, list[int]]) -> set[int]:
    found = set(roots)
    front = list(found)
    while front:
        front = [id for at in front for id in leads_to.get(at, ()) if id not in found]
        found.update(front)
    return found
