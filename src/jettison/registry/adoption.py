"""Taking over what another registry has stored, without moving a byte: what it becomes here, and that it does so once.

    begin -> for each repository, by name: layers, manifests, tags -> end

Rows are written in numbers, in transactions that power loss may take back: what is lost is adopted again, up to the
end, which is durable. From then on the tree is never looked at again. What is deleted after that stays deleted, and a
key that was discarded names a file that nobody will ever be given again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from jettison.metadata import adoption as rows
from jettison.metadata import check, repositories
from jettison.metadata.adoption import AdoptedBlob, AdoptedManifest, AdoptedTag, Adoption, Finding
from jettison.metadata.database import Lock, Transaction
from jettison.oci.digest import Digest
from jettison.oci.media_types import INDEX_TYPES
from jettison.oci.reference import RepositoryName
from jettison.registry.registry import MICROSECONDS, Registry

TREE = "docker/registry/v2"
"""The tree of CNCF distribution, below the data folder."""

KEPT = 1000 * 365 * 24 * 3600 * MICROSECONDS
"""How long that is kept which belongs to a manifest that cannot be served: until somebody deletes it."""

FINDINGS_A_LOOK = 500


def state(registry: Registry) -> Adoption | None:
    """How far the adoption is; None where none was begun."""
    return registry.database.read(lambda tx: rows.find(tx, TREE))


def is_unfinished(registry: Registry) -> bool:
    """Whether an adoption was interrupted: what is not adopted yet looks as if nobody needed it."""
    found = state(registry)
    return found is not None and found.finished_at is None


def is_finished(registry: Registry) -> bool:
    """Whether the tree was adopted, so that its files are known or needed by nobody."""
    found = state(registry)
    return found is not None and found.finished_at is not None


def is_due(registry: Registry) -> bool:
    """Whether a server that finds a tree adopts it by itself: it has begun to, or has never held anything else."""
    return is_unfinished(registry) or registry.database.read(rows.is_empty)


def begin(registry: Registry, newest: int) -> Adoption:
    """Begin it, or go on where it was interrupted; ``newest`` is the newest time of the tree's folders by now."""
    registry.database.write(lambda tx: rows.begin(tx, TREE, newest))
    found = state(registry)
    assert found is not None
    return found


@dataclass(slots=True)
class Adopting:
    """The adoption of one repository, in pieces of any size. ``counts`` is what was adopted, by kind."""

    registry: Registry
    name: RepositoryName
    counts: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Forget what an interrupted attempt has found of it."""

        def work(tx: Transaction) -> None:
            rows.forget_findings(tx, TREE, str(self.name))

        self._write(work)

    def layers(self, adopted: Sequence[AdoptedBlob]) -> None:
        """Blobs that it has. Those that no manifest needs stay as long as an upload that nothing needs."""
        lease = self.registry.rules.upload_lease
        self._write(lambda tx: rows.add_blobs(tx, self._id(tx), adopted, tx.now + lease))
        self.counts["blobs"] += len(adopted)

    def manifests(self, adopted: Sequence[AdoptedManifest]) -> None:
        """Manifests that it has, after all of its layers; in any order."""
        lease = self.registry.rules.upload_lease

        def work(tx: Transaction) -> None:
            repository = self._id(tx)
            rows.add_manifests(tx, repository, adopted, tx.now + lease)
            repositories.list_it(tx, repository)

        if adopted:
            self._write(work)
            self.counts["manifests"] += len(adopted)
            self.counts["indexes"] += sum(each.manifest.media_type in INDEX_TYPES for each in adopted)
            self.counts["referrers"] += sum(each.manifest.subject is not None for each in adopted)

    def keep(self, own: Sequence[AdoptedBlob], named: Sequence[Digest]) -> None:
        """Keep the bytes of manifests that cannot be served, and the blobs that these name."""

        def work(tx: Transaction) -> None:
            repository = self._id(tx)
            rows.add_blobs(tx, repository, own, tx.now + KEPT)
            rows.keep(tx, repository, [*named, *(each.digest for each in own)], tx.now + KEPT)

        self._write(work)

    def tags(self, adopted: Sequence[AdoptedTag]) -> None:
        """Tags, after all manifests. One that names none of these is noted."""

        def work(tx: Transaction) -> list[AdoptedTag]:
            lost = rows.add_tags(tx, self._id(tx), adopted)
            rows.note(tx, TREE, [self._dangling(tag) for tag in lost])
            return lost

        lost = self.registry.database.write(work, Lock.alone(str(self.name)), durable=False)
        self.counts["tags"] += len(adopted) - len(lost)

    def note(self, findings: Sequence[Finding]) -> None:
        """What could not be adopted."""
        self._write(lambda tx: rows.note(tx, TREE, findings))

    def end(self, counts: Counter[str]) -> None:
        """Note what its manifests lack; it is done, and ``counts`` is what was adopted up to here."""

        def work(tx: Transaction) -> None:
            repository = repositories.find(tx, str(self.name))
            if repository is not None:
                lacking = rows.lacking(tx, repository)
                rows.note(tx, TREE, [self._lacking(*each) for each in lacking])
            rows.advance(tx, TREE, str(self.name), counts)

        self._write(work)

    def _id(self, tx: Transaction) -> int:
        return repositories.find_or_create(tx, str(self.name))

    def _write(self, work: Callable[[Transaction], None]) -> None:
        self.registry.database.write(work, Lock.alone(str(self.name)), durable=False)

    def _dangling(self, tag: AdoptedTag) -> Finding:
        reason = f"it names {tag.digest}, which is no manifest of this repository that can be served"
        return Finding(str(self.name), "tag-dangling", tag.name, reason)

    def _lacking(self, manifest: Digest, media_type: str, digest: Digest, here: bool) -> Finding:
        if media_type in INDEX_TYPES:
            return Finding(str(self.name), "child-missing", str(manifest), f"the repository has no manifest {digest}")
        kind, why = ("blob-unlinked", "has no link to") if here else ("blob-missing", "does not have")
        return Finding(str(self.name), kind, str(manifest), f"the repository {why} the blob {digest}")


def note(registry: Registry, findings: Sequence[Finding]) -> None:
    """What was found of the tree as a whole."""
    registry.database.write(lambda tx: rows.note(tx, TREE, findings), durable=False)


def forget_general(registry: Registry) -> None:
    """Forget what an interrupted attempt has found of the tree as a whole."""
    registry.database.write(lambda tx: rows.forget_findings(tx, TREE, ""), durable=False)


def unowned(registry: Registry, keys: Sequence[str]) -> list[str]:
    """Those of ``keys`` that nothing here names, in their order."""
    owned = registry.database.read(lambda tx: check.owned(tx, list(keys)))
    return [key for key in keys if key not in owned]


def finish(registry: Registry, counts: Counter[str]) -> None:
    """Make all of it durable, and record that it is done."""
    registry.database.write(lambda tx: rows.finish(tx, TREE, counts))


def findings(registry: Registry) -> Iterator[Finding]:
    """All that was noted, a few at a time."""
    last = 0
    while found := registry.database.read(lambda tx, last=last: rows.findings_after(tx, TREE, last, FINDINGS_A_LOOK)):  # type: ignore[misc]
        yield from (finding for _, finding in found)
        last = found[-1][0]


def count_findings(registry: Registry) -> dict[str, int]:
    """How many there are of each kind."""
    return registry.database.read(lambda tx: rows.count_findings(tx, TREE))
