"""Repositories, live and hidden. A hidden one belongs to a deletion and holds what that deletion took."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def find(tx: Transaction, name: str) -> int | None:
    """The id of the live repository of that name."""
    row = tx.one("select id from repository where name = :name and deletion is null", name=name)
    return row[0] if row else None


def find_or_create(tx: Transaction, name: str) -> int:
    """The id of the live repository of that name, made (and not yet listed) if there is none."""
    found = find(tx, name)
    if found is not None:
        return found
    tx.run(
        """insert into repository (name, listed, created_at) values (:name, 0, :now)
           on conflict (name) where deletion is null do nothing""",
        name=name,
        now=tx.now,
    )
    created = find(tx, name)
    assert created is not None
    return created


def create_hidden(tx: Transaction, name: str, deletion: int) -> int:
    """An empty hidden repository for what ``deletion`` takes out of ``name``."""
    row = tx.one(
        """insert into repository (name, deletion, listed, created_at) values (:name, :deletion, 0, :now)
           returning id""",
        name=name,
        deletion=deletion,
        now=tx.now,
    )
    assert row is not None
    return int(row[0])


def hide(tx: Transaction, repository: int, deletion: int) -> None:
    """Take a whole repository out of sight: one row, whatever its size. The name is free from then on."""
    tx.run("update repository set deletion = :deletion where id = :id", id=repository, deletion=deletion)


def list_names(tx: Transaction, last: str, limit: int) -> list[str]:
    """At most ``limit`` names after ``last``, by bytes, of repositories that have a manifest."""
    rows = tx.all(
        """select name from repository where deletion is null and listed = 1 and name > :last
           order by name limit :limit""",
        last=last,
        limit=limit,
    )
    return [row[0] for row in rows]


def find_listed(tx: Transaction, name: str) -> int | None:
    """The id of the repository of that name if the catalog lists it."""
    row = tx.one("select id from repository where deletion is null and listed = 1 and name = :name", name=name)
    return row[0] if row else None


def list_it(tx: Transaction, repository: int) -> None:
    """Put the repository into the catalog, and its numbers among those to be counted; what is there stays as it is."""
    if tx.run("update repository set listed = 1 where id = :id and listed = 0", id=repository):
        tx.run(
            """insert into overview (repository, name) select id, name from repository where id = :id
               on conflict (repository) do nothing""",
            id=repository,
        )


def unlist_if_empty(tx: Transaction, repository: int) -> None:
    """Take the repository off the catalog when its last manifest has gone."""
    tx.run(
        """update repository set listed = 0 where id = :id and listed = 1
           and not exists (select 1 from manifest where repository = :id)""",
        id=repository,
    )


def drop_empty(tx: Transaction, name: str) -> None:
    """Drop the row of a live repository that has neither a manifest nor a link; the caller holds its name alone."""
    tx.run(
        """delete from repository where name = :name and deletion is null and listed = 0
           and not exists (select 1 from manifest m where m.repository = repository.id)
           and not exists (select 1 from repository_blob l where l.repository = repository.id)""",
        name=name,
    )
