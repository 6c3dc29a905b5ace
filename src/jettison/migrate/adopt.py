"""Adopting distribution's tree: read a repository at a time, written to the database in pieces, each only once.

the tree's names -> for each repository: layers, manifests, tags -> the files that nothing has -> done, for ever
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from jettison.metadata.adoption import AdoptedBlob, AdoptedManifest, AdoptedTag, Finding
from jettison.metadata.blobs import Damage
from jettison.migrate.tree import Flaw, Revision, Tree, TreeBlob, TreeRepository, TreeTag
from jettison.oci.digest import DIGEST_PATTERN, Digest
from jettison.oci.errors import ManifestInvalid, NameInvalid, TagInvalid, quoted
from jettison.oci.lenient import LARGEST, read_served
from jettison.oci.manifest import Manifest
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import adoption
from jettison.registry.adoption import Adopting
from jettison.registry.finding import Progress, Tell, tell_nobody
from jettison.registry.registry import Registry

T = TypeVar("T")
LINKS_A_PIECE = 1000
MANIFESTS_A_PIECE = 200
FILES_A_PIECE = 1000
BYTES_A_PIECE = 8 * 1024 * 1024
"""Of manifests, which have a few KiB, and may have 4 MiB."""

_digests_in = re.compile(DIGEST_PATTERN.encode()).findall


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was adopted and what was found, by kind, over all attempts; ``before`` says that it had been done before."""

    counts: dict[str, int]
    findings: dict[str, int]
    before: bool = False


def adopt(registry: Registry, tree: Tree, tell: Tell = tell_nobody) -> Adopted:
    """Adopt the ``tree`` that lies where the registry has its bytes; done before, it is not looked at again.

    Nobody else may write to either. Raises Unavailable; OSError, BlobsError for what this user may not read: what was
    adopted up to there is not read again by the next attempt.
    """
    before = adoption.state(registry)
    if before is not None and before.finished_at is not None:
        return Adopted(dict(before.counts), adoption.count_findings(registry), before=True)
    begun = adoption.begin(registry, tree.newest())
    counts = Counter(begun.counts)
    adoption.forget_general(registry)
    _adopt_repositories(registry, tree, counts, begun.last, tell)
    _look_at_the_rest(registry, tree, counts, tell)
    adoption.finish(registry, counts)
    return Adopted(dict(counts), adoption.count_findings(registry))


def _adopt_repositories(registry: Registry, tree: Tree, counts: Counter[str], last: str, tell: Tell) -> None:
    found = tree.repositories()
    there = [each for each in found if not isinstance(each, Flaw)]
    flaws = [each for each in found if isinstance(each, Flaw)]
    for number, repository in enumerate(there, 1):
        try:
            name = RepositoryName.parse(repository.name)
        except NameInvalid as error:
            flaws.append(Flaw("repository-name", quoted(repository.name), error.message))
            continue
        if not last or os.fsencode(repository.name) > os.fsencode(last):
            counts += _adopt_repository(registry, name, repository, counts)
        tell(Progress("repositories", number, len(there)))
    adoption.note(registry, [Finding("", flaw.kind, flaw.subject, flaw.reason) for flaw in flaws])


def _adopt_repository(
    registry: Registry, name: RepositoryName, repository: TreeRepository, before: Counter[str]
) -> Counter[str]:
    """Adopt one; what of it was adopted, by kind. ``before`` is that of all before it."""
    adopting = Adopting(registry, name)
    adopting.begin()
    for layers in _pieces(repository.layers(), LINKS_A_PIECE):
        _note_flaws(adopting, layers)
        _adopt_layers(adopting, [each for each in layers if not isinstance(each, Flaw)])
    for revisions in _pieces(repository.revisions(), MANIFESTS_A_PIECE):
        _note_flaws(adopting, revisions)
        _adopt_revisions(adopting, [each for each in revisions if not isinstance(each, Flaw)])
    for tags in _pieces(repository.tags(), LINKS_A_PIECE):
        _note_flaws(adopting, tags)
        adopting.tags(list(_valid_tags(adopting, (each for each in tags if not isinstance(each, Flaw)))))
    adopting.counts["uploads_left_alone"] += repository.uploads()
    adopting.counts["repositories"] += 1
    adopting.end(before + adopting.counts)
    return adopting.counts


def _note_flaws(adopting: Adopting, read: Iterable[object]) -> None:
    flaws = [each for each in read if isinstance(each, Flaw)]
    if flaws:
        adopting.note([_finding(adopting, flaw.kind, flaw.subject, flaw.reason) for flaw in flaws])


def _finding(adopting: Adopting, kind: str, subject: str, reason: str) -> Finding:
    return Finding(str(adopting.name), kind, subject, reason)


def _adopt_layers(adopting: Adopting, layers: list[TreeBlob]) -> None:
    if not layers:
        return
    blobs = [_blob(layer) for layer in layers]
    adopting.layers(blobs)
    empty = [blob for blob in blobs if blob.damage]
    if empty:
        reason = "its file is empty: whoever pushes it brings its bytes anew"
        adopting.note([_finding(adopting, "blob-empty", str(blob.digest), reason) for blob in empty])


def _blob(layer: TreeBlob) -> AdoptedBlob:
    empty = layer.size == 0 and layer.digest != Digest.of(b"", layer.digest.algorithm)
    return AdoptedBlob(layer.digest, str(layer.file), layer.size, Damage.MISSING if empty else Damage.NONE)


def _adopt_revisions(adopting: Adopting, revisions: list[Revision]) -> None:
    served: list[AdoptedManifest] = []
    for revision in revisions:
        file = AdoptedBlob(revision.digest, str(revision.file), revision.size)
        try:
            served.append(AdoptedManifest(_manifest(revision), file, revision.linked_at))
        except ManifestInvalid as error:
            # Nobody can pull it here, and nothing of it is lost: another registry may serve it one day.
            named = {Digest.parse(text.decode()) for text in _digests_in(revision.content or b"")}
            adopting.keep([file], sorted(named))
            adopting.note([_finding(adopting, "manifest-unserved", str(revision.digest), error.message)])
    adopting.manifests(served)


def _manifest(revision: Revision) -> Manifest:
    if revision.content is None:
        raise ManifestInvalid(f"it has {revision.size} bytes, and distribution reads at most {LARGEST}")
    return read_served(revision.content, revision.digest.algorithm)


def _valid_tags(adopting: Adopting, tags: Iterable[TreeTag]) -> Iterator[AdoptedTag]:
    for tag in tags:
        try:
            yield AdoptedTag(Tag.parse(tag.name).value, tag.digest, tag.pointed_at)
        except TagInvalid as error:
            adopting.note([_finding(adopting, "tag-name", quoted(tag.name), error.message)])


def _look_at_the_rest(registry: Registry, tree: Tree, counts: Counter[str], tell: Tell) -> None:
    """Say what nothing has: it stays where it is, until a person decides."""
    counts["unlinked_blobs"] = counts["unlinked_bytes"] = done = 0
    for found in _pieces(tree.files(), FILES_A_PIECE):
        flaws = [each for each in found if isinstance(each, Flaw)]
        sizes = {str(each.file): each.size for each in found if isinstance(each, TreeBlob)}
        lost = adoption.unowned(registry, list(sizes))
        counts["unlinked_blobs"] += len(lost)
        counts["unlinked_bytes"] += sum(sizes[key] for key in lost)
        flaws += [Flaw("blob-unreferenced", key, f"no repository has this file of {sizes[key]} bytes") for key in lost]
        adoption.note(registry, [Finding("", flaw.kind, flaw.subject, flaw.reason) for flaw in flaws])
        done += len(found)
        tell(Progress("files", done, done))
    extras = [*tree.extras(), *tree.leave_note()]
    adoption.note(registry, [Finding("", flaw.kind, flaw.subject, flaw.reason) for flaw in extras])


def _pieces(found: Iterable[T], size: int) -> Iterator[list[T]]:
    """As many at once, or fewer, if they are manifests with so many bytes."""
    piece: list[T] = []
    weight = 0
    for each in found:
        piece.append(each)
        weight += each.size if isinstance(each, Revision) and each.content is not None else 0
        if len(piece) >= size or weight >= BYTES_A_PIECE:
            yield piece
            piece, weight = [], 0
    if piece:
        yield piece
