"""Which repositories are to be counted again, and what was counted of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Transaction

FEW = 8
"""Live repositories that have a blob. One that is gained or lost by so few may be some other's own by now, or no more;
what more have was shared before, and is."""

READ_AGAIN = 500
"""Lines of the audit log that are read once more: they commit in another order than they are numbered in."""

SETTLED = 10_000_000
"""Microseconds within which they have committed; what takes longer is counted when its turn comes."""

CHANGES = ("push", "delete", "restore", "purge")


@dataclass(frozen=True, slots=True)
class Due:
    """A repository that is to be counted. ``due_at`` is what was known when it was chosen."""

    repository: int
    name: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a repository. Times are microseconds since 1970; 0 is never."""

    exclusive: int
    shared: int
    versions: int
    tags: int
    pushed_at: int
    pulled_at: int


def add_missing(tx: Transaction) -> int:
    """Have every listed repository counted that has no row yet: those listed by an older version, or by a repair."""
    return tx.run(
        """insert into overview (repository, name) select r.id, r.name from repository r
           where r.deletion is null and r.listed = 1
           and not exists (select 1 from overview o where o.repository = r.id)
           on conflict (repository) do nothing"""
    )


def has_news(tx: Transaction) -> bool:
    """Whether something is due, or the audit log has lines that were not read yet."""
    return (
        tx.one(
            """select 1 where exists (select 1 from overview where due_at <= :now)
               or (select max(id) from audit) > coalesce((select audit from overview_read), 0)""",
            now=tx.now,
        )
        is not None
    )


def newest_line(tx: Transaction) -> int:
    """The number of the newest line of the audit log."""
    row = tx.one("select coalesce(max(id), 0) from audit")
    assert row is not None
    return int(row[0])


def newest_change(tx: Transaction) -> tuple[int, int]:
    """What is greater after anything that changes how much space is taken: the last line, and the last sweep."""
    row = tx.one("select coalesce((select max(id) from audit), 0), coalesce((select max(id) from sweep), 0)")
    assert row is not None
    return row[0], row[1]


def changed_names(tx: Transaction, until: int) -> list[str]:
    """The names of repositories of which the audit log tells a change, up to its line ``until``, sorted."""
    names: set[str] = set()
    for (line,) in tx.all(
        # In this order: the other way round SQLite would read all of the log.
        """select distinct a.repository
           from (select coalesce(max(audit), 0) as line from overview_read) as s cross join audit a
           where a.id > s.line - :again and a.id <= :until and (a.id > s.line or a.at > :settled)
           and a.action in :changes and a.result = 'done' and a.repository <> ''""",
        again=READ_AGAIN,
        until=until,
        settled=tx.now - SETTLED,
        changes=list(CHANGES),
    ):
        names.update(line.split(","))
    return sorted(names)


def read_until(tx: Transaction, line: int) -> None:
    """Remember that the audit log was read up to that line."""
    tx.run(
        """insert into overview_read (id, audit) values (1, :line)
           on conflict (id) do update set audit = excluded.audit where overview_read.audit < excluded.audit""",
        line=line,
    )


def affected(tx: Transaction, name: str) -> list[int]:
    """The live repositories whose numbers a change of that name's may have changed: its own, and that of few others.

    What a deletion took is in hidden repositories of the name: whoever shared it has it alone now.
    """
    rows = tx.all(
        # Two indexes have the names, of live ones and of hidden ones. The order of a cross join is that of the text.
        f"""with homes as (
                select id from repository where name = :name and deletion is null
                union all select id from repository where name = :name and deletion is not null),
            narrow as (
                select distinct l.blob from homes h cross join repository_blob l
                where l.repository = h.id and (select count(*) from (
                    select 1 from repository_blob x join repository y on y.id = x.repository
                    where x.blob = l.blob and y.deletion is null limit {FEW + 1}) as holding) <= {FEW})
            select id from repository where name = :name and deletion is null
            union select r.id from narrow n cross join repository_blob l cross join repository r
            where l.blob = n.blob and r.id = l.repository and r.deletion is null""",
        name=name,
    )
    return [row[0] for row in rows]


def have_counted(tx: Transaction, repositories: Iterable[int]) -> None:
    """Have these counted now, if they were not to be anyway."""
    tx.many(
        "update overview set due_at = :now where repository = :id and due_at > :now",
        [{"id": id, "now": tx.now} for id in sorted(repositories)],
    )


def due(tx: Transaction, limit: int) -> list[Due]:
    """At most ``limit`` repositories whose time has come, the longest due first."""
    rows = tx.all(
        "select repository, name, due_at from overview where due_at <= :now order by due_at limit :limit",
        now=tx.now,
        limit=limit,
    )
    return [Due(*row) for row in rows]


def times(tx: Transaction, repository: int) -> tuple[int, int]:
    """When the repository was last pushed to, and when something of it was last pulled; 0 is never."""
    row = tx.one(
        """select coalesce((select max(pushed_at) from manifest where repository = :id), 0),
                  coalesce((select max(updated_at) from tag where repository = :id), 0),
                  coalesce((select max(p.at) from manifest m join manifest_pulled p on p.manifest = m.id
                            where m.repository = :id), 0)""",
        id=repository,
    )
    assert row is not None
    return max(row[0], row[1]), row[2]


def store(tx: Transaction, due: Due, counted: Counted, next_at: int) -> None:
    """Write what was counted. The next time is ``next_at``, unless the repository became due again meanwhile."""
    tx.run(
        """update overview set exclusive = :exclusive, shared = :shared, versions = :versions, tags = :tags,
               pushed_at = :pushed_at, counted_at = :now,
               pulled_at = case when pulled_at < :pulled_at then :pulled_at else pulled_at end,
               due_at = case when due_at = :due_at then :next_at else due_at end
           where repository = :id""",
        id=due.repository,
        due_at=due.due_at,
        next_at=next_at,
        now=tx.now,
        exclusive=counted.exclusive,
        shared=counted.shared,
        versions=counted.versions,
        tags=counted.tags,
        pushed_at=counted.pushed_at,
        pulled_at=counted.pulled_at,
    )


def put_off(tx: Transaction, due: Due, next_at: int) -> None:
    """Leave the numbers as they are until ``next_at``: the repository is hidden."""
    tx.run("update overview set due_at = :next_at where repository = :id", id=due.repository, next_at=next_at)
