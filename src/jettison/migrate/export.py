"""Exporting: a tree that CNCF distribution 2.8 and 3 serve, made beside everything else that goes on.

    hold back the sweep -> for each repository: its rows of one moment, then the bytes that they name -> let it go on

Where the filesystem allows, bytes are not doubled: they get a second name, and neither registry ever writes to a blob
that is there.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from jettison.blobs.copies import Taken
from jettison.blobs.store import BytesMissing, Key
from jettison.metadata import exporting as rows
from jettison.metadata.adoption import Finding
from jettison.metadata.blobs import Damage
from jettison.metadata.exporting import Contents, ExportedBlob, ExportedManifest
from jettison.migrate.planting import Planting
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestInvalid, RegistryError
from jettison.oci.lenient import read_served
from jettison.oci.manifest import Manifest
from jettison.oci.media_types import OCI_ARTIFACT
from jettison.registry.finding import Progress, Tell, tell_nobody
from jettison.registry.hold import no_sweep
from jettison.registry.registry import Registry

MANIFESTS_A_PIECE = 100


class NotEmpty(RegistryError):
    """The folder has something in it."""

    code = "UNSUPPORTED"


@dataclass(slots=True)
class Exported:
    """What was exported, by kind, and what could not be or will not be the same."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def note(self, repository: str, kind: str, subject: object, reason: str) -> None:
        """Something that distribution cannot hold."""
        self.findings.append(Finding(repository, kind, str(subject), reason))


def export(registry: Registry, folder: Path, tell: Tell = tell_nobody) -> Exported:
    """Make ``folder`` a root directory for distribution that holds what is live here now.

    Raises NotEmpty; Unavailable where the database or the sweep does not let it; NoSpace, OSError, NotDurable.
    """
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty: name a new folder")
    planting = Planting(folder)
    exported = Exported()
    with no_sweep(registry) as sweep:
        names = registry.database.read(rows.names)
        for number, (repository, name) in enumerate(names, 1):
            found = registry.database.read(partial(rows.contents, repository=repository), snapshot=True)
            if found is not None and (found.manifests or found.blobs):
                _export(registry, planting, name, found, exported)
            tell(Progress("repositories", number, len(names)))
        planting.sync()
        sweep.was_held()
    undoable = registry.database.read(rows.undoable)
    if undoable:
        exported.note("", "deletions", undoable, "deletions that could be undone here cannot be there")
    if referrers := exported.counts["referrers"]:
        reason = "manifests with a subject are there, but distribution lists no referrers of it"
        exported.note("", "referrers", referrers, reason)
    return exported


def _export(registry: Registry, planting: Planting, name: str, found: Contents, exported: Exported) -> None:
    for blob in found.blobs:
        _export_blob(registry, planting, name, blob, exported)
    there: set[Digest] = set()
    for manifest in _manifests(registry, found.manifests):
        if _export_manifest(planting, name, manifest, exported):
            there.add(manifest.digest)
    for tag, digest in found.tags:
        if digest in there:
            planting.tag(name, tag, digest)
            exported.counts["tags"] += 1
        else:
            exported.note(name, "tag", tag, f"it names {digest}, which distribution cannot hold")
    for manifest_digest, lacks in found.lacks:
        exported.note(name, "incomplete", manifest_digest, f"it needs {lacks}, which is not here either")
    exported.counts["repositories"] += 1


def _export_blob(registry: Registry, planting: Planting, name: str, blob: ExportedBlob, exported: Exported) -> None:
    if blob.damage is Damage.WRONG:
        exported.note(name, "blob-damaged", blob.digest, "its bytes are known to be others: push it again")
        return
    try:
        taken = planting.blob(blob.digest, registry.blobs, Key(blob.key), blob.size)
    except BytesMissing as error:
        exported.note(name, "blob-missing", blob.digest, str(error))
        return
    planting.layer(name, blob.digest)
    exported.counts["links"] += 1
    if taken is not Taken.THERE:
        exported.counts[f"blobs_{taken.value}"] += 1
        exported.counts["bytes"] += blob.size


def _export_manifest(planting: Planting, name: str, manifest: ExportedManifest, exported: Exported) -> bool:
    """Export one; False, with the reason noted, if distribution cannot serve it."""
    try:
        served = _as_served(manifest)
    except ManifestInvalid as error:
        exported.note(name, "manifest", manifest.digest, f"distribution would not serve it: {error.message}")
        return False
    if served.media_type != manifest.media_type:
        reason = f"its type is {manifest.media_type} here, and distribution will call it {served.media_type}"
        exported.note(name, "media-type", manifest.digest, reason)
    planting.content(manifest.digest, manifest.content)
    planting.revision(name, manifest.digest)
    exported.counts["manifests"] += 1
    exported.counts["referrers"] += manifest.has_subject
    return True


def _as_served(manifest: ExportedManifest) -> Manifest:
    served = read_served(manifest.content, manifest.digest.algorithm)
    if served.media_type == OCI_ARTIFACT:
        raise ManifestInvalid("it is an artifact manifest, which it does not know")
    return served


def _manifests(registry: Registry, ids: list[int]) -> Iterator[ExportedManifest]:
    rest = iter(ids)
    while some := list(itertools.islice(rest, MANIFESTS_A_PIECE)):
        # Hidden meanwhile they are here still: only a sweep drops them.
        yield from registry.database.read(partial(rows.manifests, ids=some))
