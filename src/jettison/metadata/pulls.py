"""When something was last pulled: hints, written in batches after the answers have left."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.metadata.database import Transaction


def record(tx: Transaction, manifests: Mapping[int, int], tags: Mapping[tuple[int, str], int]) -> None:
    """Write the times (microseconds since 1970) of manifests by id and of tags by repository and name.

    What has been deleted since is left out.
    """
    tx.many(
        """insert into manifest_pulled (manifest, at) select id, :at from manifest where id = :id
           on conflict (manifest) do update set at = excluded.at where manifest_pulled.at < excluded.at""",
        [{"id": id, "at": at} for id, at in sorted(manifests.items())],
    )
    tx.many(
        """insert into tag_pulled (repository, name, at)
           select repository, name, :at from tag where repository = :repository and name = :name
           on conflict (repository, name) do update set at = excluded.at where tag_pulled.at < excluded.at""",
        [{"repository": repository, "name": name, "at": at} for (repository, name), at in sorted(tags.items())],
    )
    _note_repositories(tx, manifests)


def _note_repositories(tx: Transaction, manifests: Mapping[int, int]) -> None:
    rows = tx.all("select id, repository from manifest where id in :ids", ids=list(manifests))
    latest: dict[int, int] = {}
    for id, repository in rows:
        latest[repository] = max(latest.get(repository, 0), manifests[id])
    tx.many(
        "update overview set pulled_at = :at where repository = :id and pulled_at < :at",
        [{"id": id, "at": at} for id, at in sorted(latest.items())],
    )


def of_manifest(tx: Transaction, manifest: int) -> int | None:
    """When the manifest was last pulled, or None."""
    row = tx.one("select at from manifest_pulled where manifest = :id", id=manifest)
    return row[0] if row else None


def of_tag(tx: Transaction, repository: int, name: str) -> int | None:
    """When the tag was last pulled, or None."""
    row = tx.one(
        "select at from tag_pulled where repository = :repository and name = :name", repository=repository, name=name
    )
    return row[0] if row else None
