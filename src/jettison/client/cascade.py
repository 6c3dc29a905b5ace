"""What goes with a version: children of an index, referrers, signatures, unless something that stays needs them.

The same rules as the server's own (docs/design/deletion.md), on what a registry shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jettison.client.item import Stay
from jettison.client.manifest import Manifest
from jettison.client.snapshot import Snapshot, children
from jettison.oci.digest import Digest
from jettison.oci.reference import Tag

_signature = re.compile(r"(sha256|sha512)-([a-f0-9]{64,128})(?:\.(?:sig|att|sbom))?").fullmatch


@dataclass(slots=True)
class Going:
    """A version that goes: why, whether it was `asked` for, and what brings it or has to go before it."""

    manifest: Manifest
    reason: str
    asked: bool
    part_of: Digest | None = None
    children: list[Digest] = field(default_factory=list)
    referrers: list[Digest] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cascade:
    """All that goes for some versions, each before what it brings; and those that cannot go, with the reason."""

    going: dict[Digest, Going]
    stays: tuple[Stay, ...]


def cascade(snapshot: Snapshot, targets: Sequence[Digest], reasons: dict[Digest, str]) -> Cascade:
    """What goes for `targets`, which are there. What something that stays needs is no target any more."""
    chosen, stays = list(dict.fromkeys(targets)), list[Stay]()
    while True:
        going = _spread(snapshot, chosen, reasons)
        needed = _needed(snapshot, going)
        blocked = [digest for digest in chosen if digest in needed]
        if not blocked:
            return Cascade(_without(going, needed), tuple(stays))
        stays += [Stay(str(digest), needed[digest]) for digest in blocked]
        chosen = [digest for digest in chosen if digest not in needed]


def subject_of(tag: Tag) -> Digest | None:
    """What the signature or list of referrers under this tag is about; None for a tag of another kind.

    `sha256-<hex>`, alone or with `.sig`, `.att` or `.sbom`: OCI distribution 1.1, "Referrers Tag Schema", and cosign.
    """
    found = _signature(str(tag))
    if found is None or len(found[2]) != (64 if found[1] == "sha256" else 128):
        return None
    return Digest(found[1], found[2])


def _spread(snapshot: Snapshot, targets: Iterable[Digest], reasons: dict[Digest, str]) -> dict[Digest, Going]:
    """The targets and all that they could bring, level by level."""
    going: dict[Digest, Going] = {}
    signatures: dict[Digest, list[Digest]] = {}
    for tag, digest in snapshot.tags.items():
        subject = subject_of(tag)
        if subject is not None:
            signatures.setdefault(subject, []).append(digest)
    level = {
        digest: Going(manifest, reasons[digest], asked=True) for digest, manifest in snapshot.manifests(targets).items()
    }
    while level:
        going |= level
        referring = snapshot.referrers(level)
        brought: dict[Digest, tuple[str, Digest]] = {}
        for digest, each in level.items():
            each.children = [child.digest for child in children(each.manifest)]
            each.referrers = list(dict.fromkeys([*referring[digest], *signatures.get(digest, [])]))
            brought |= dict.fromkeys(each.children, (f"listed by index {digest}", digest))
            brought |= dict.fromkeys(each.referrers, (f"refers to {digest}", digest))
        found = snapshot.manifests(digest for digest in brought if digest not in going)
        level = {
            digest: Going(manifest, brought[digest][0], asked=False, part_of=brought[digest][1])
            for digest, manifest in found.items()
        }
    return going


def _needed(snapshot: Snapshot, going: dict[Digest, Going]) -> dict[Digest, str]:
    """What of `going` something that stays needs, with the reason.

    Tags keep what they point at, unless it is a target (then they go with it) or they stand for a signature of what
    goes.
    """
    roots = {digest for digest, each in going.items() if each.asked}
    keeping = {
        digest: tag for tag, digest in snapshot.tags.items() if digest not in roots and subject_of(tag) not in going
    }
    needed = {digest: f"tag {tag} points at it" for digest, tag in keeping.items()}
    needed |= {child: f"index {index} lists it, and stays" for child, index in snapshot.held_by(keeping).items()}
    subjects = {
        digest: f"{referrer} refers to it, and stays"
        for digest, each in going.items()
        for referrer in each.referrers
        if referrer in needed and each.asked
    }
    return {digest: why for digest, why in (subjects | needed).items() if digest in going}


def _without(going: dict[Digest, Going], needed: dict[Digest, str]) -> dict[Digest, Going]:
    """`going` without what is needed, and without what only that would have brought."""
    left: dict[Digest, Going] = {}
    for digest, each in going.items():
        if digest in needed or (not each.asked and each.part_of not in left):
            continue
        each.stays = [Stay(str(other), needed[other]) for other in (*each.children, *each.referrers) if other in needed]
        each.children = [child for child in each.children if child in going and child not in needed]
        each.referrers = [referrer for referrer in each.referrers if referrer in going and referrer not in needed]
        left[digest] = each
    for digest, each in left.items():
        for child in each.children:
            if left[child].asked and child != digest:
                left[child].part_of = digest
    return left
