"""What manifests are for, as `linux/amd64`: found out once, since it never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Unknown:
    """A manifest of which it is not known yet, with its bytes."""

    id: int
    media_type: str
    content: bytes


def unknown(tx: Transaction, repository: int, last: int, limit: int) -> list[Unknown]:
    """At most ``limit`` manifests of the repository of which it is not known yet, by id, after ``last``."""
    rows = tx.all(
        """select m.id, m.media_type, c.content from manifest m join manifest_content c on c.manifest = m.id
           where m.repository = :repository and m.id > :last
           and not exists (select 1 from manifest_platforms p where p.manifest = m.id) order by m.id limit :limit""",
        repository=repository,
        last=last,
        limit=limit,
    )
    return [Unknown(*row) for row in rows]


def record(tx: Transaction, platforms: Mapping[int, Iterable[str]]) -> None:
    """Write the platforms of manifests by their ids. What has been deleted since is left out."""
    tx.many(
        """insert into manifest_platforms (manifest, platforms) select id, :platforms from manifest where id = :id
           on conflict (manifest) do nothing""",
        [{"id": id, "platforms": ",".join(each)} for id, each in sorted(platforms.items())],
    )


def of_manifests(tx: Transaction, manifests: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The platforms of those of these manifests of which they are known."""
    rows = tx.all("select manifest, platforms from manifest_platforms where manifest in :ids", ids=list(manifests))
    return {id: tuple(filter(None, platforms.split(","))) for id, platforms in rows}
