"""Tags: names that point at a manifest of their repository."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def point(tx: Transaction, repository: int, name: str, manifest: int) -> None:
    """Make the tag point at ``manifest``, whether it exists or not; it keeps the time it was made."""
    tx.run(
        """insert into tag (repository, name, manifest, created_at, updated_at)
           values (:repository, :name, :manifest, :now, :now)
           on conflict (repository, name)
           do update set manifest = excluded.manifest, updated_at = excluded.updated_at""",
        repository=repository,
        name=name,
        manifest=manifest,
        now=tx.now,
    )


def list_names(tx: Transaction, repository: int, last: str, limit: int) -> list[str]:
    """At most ``limit`` tags after ``last``, by bytes."""
    rows = tx.all(
        "select name from tag where repository = :repository and name > :last order by name limit :limit",
        repository=repository,
        last=last,
        limit=limit,
    )
    return [row[0] for row in rows]


def of_manifests(tx: Transaction, manifests: list[int]) -> dict[int, list[str]]:
    """The tags of each of these manifests, in order; manifests without one are left out."""
    rows = tx.all("select manifest, name from tag where manifest in :manifests order by name", manifests=manifests)
    found: dict[int, list[str]] = {}
    for manifest, name in rows:
        found.setdefault(manifest, []).append(name)
    return found


def among(tx: Transaction, repository: int, names: list[str]) -> dict[str, int]:
    """Those of ``names`` that are tags of the repository, with the manifest of each."""
    rows = tx.all(
        "select name, manifest from tag where repository = :repository and name in :names order by name",
        repository=repository,
        names=names,
    )
    return dict(rows)
