"""Bytes at rest, each stored key counted once: whose they are, what else keeps them, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Partition:
    """All bytes at rest. Every stored key is in one of these numbers only, so that their sum is what lies there.

    ``exclusive`` to one live repository, ``shared`` by several, kept by ``undo`` alone, ``garbage`` that nothing holds
    and that has not been deleted yet, and what ``uploads`` have brought so far.
    """

    exclusive: int
    shared: int
    undo: int
    garbage: int
    uploads: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.exclusive + self.shared + self.undo + self.garbage + self.uploads


@dataclass(frozen=True, slots=True)
class Share:
    """What a live repository has: bytes that no other live one has, bytes that others have too, tags, manifests."""

    name: str
    exclusive: int
    shared: int
    tags: int
    manifests: int


@dataclass(frozen=True, slots=True)
class Returning:
    """Bytes that will come back by themselves, and what keeps them longest: ``undo``, a ``lease`` or the ``grace``.

    ``first`` and ``last`` are when the first and the last of them are let go of, in microseconds since 1970.
    """

    why: str
    blobs: int
    bytes: int
    first: int
    last: int


# One row for each link: until when it holds its key (null: for good), and as what. What a deletion took is held no
# longer than the deletion can be undone, and no longer than the link's own lease, where it has one.
_LINKS = """select b.key as key, l.repository as repository, coalesce(d.state, 'live') as state,
                   case when d.id is null or l.leased_until < d.expires_at then l.leased_until
                        else d.expires_at end as until
            from blob b join repository_blob l on l.blob = b.id join repository r on r.id = l.repository
            left join deletion d on d.id = r.deletion {where}"""

# One row for each key that has a link. From `low` to `high` go the live repositories that hold it: none, one, several.
_HELD = f"""select key, min(case when state = 'live' and (until is null or until > :now) then repository end) as low,
                   max(case when state = 'live' and (until is null or until > :now) then repository end) as high,
                   max(case when state = 'live' and until is null then 1 else 0 end) as needed,
                   max(case when state = 'live' then until end) as lease,
                   max(case when state = 'deleted' then until end) as undo,
                   max(case when state in ('expired', 'purged') then until end) as ended
            from ({_LINKS}) as link group by key"""

# One row for each key. One whose bytes are known to be missing takes no space.
_KEYS = f"""with k as materialized (
                select s.key, case when s.damaged = 1 then 0 else s.size end as size,
                       low, high, needed, lease, undo, ended
                from stored s {{join}} ({_HELD}) as held on held.key = s.key)"""
_ALL_KEYS = _KEYS.format(join="left join", where="")

_EXCLUSIVE = "select 'exclusive', low, cast(sum(size) as bigint) from k where low = high group by low"
_SHARED = """select 'shared', repository, cast(sum(size) as bigint) from (
                 select distinct l.repository, k.key, k.size from {links}
                 where k.low < k.high and r.deletion is null and (l.leased_until is null or l.leased_until > :now)
                 {which}
             ) as has group by repository"""
_SHARED_BY_ALL = _SHARED.format(
    links="""k join blob b on b.key = k.key join repository_blob l on l.blob = b.id
             join repository r on r.id = l.repository""",
    which="",
)
# The order of a cross join is that of the text: SQLite would else read all links of all repositories.
_SHARED_BY_ONE = _SHARED.format(
    links="k cross join blob b cross join repository_blob l cross join repository r",
    which="and b.key = k.key and l.repository = :repository and l.blob = b.id and r.id = l.repository",
)
_SUMS = f"""{_ALL_KEYS}
            {_EXCLUSIVE} union all {_SHARED_BY_ALL}
            union all select 'once', null, cast(sum(size) as bigint) from k where low < high
            union all select 'undo', null, cast(sum(size) as bigint) from k where low is null and undo > :now
            union all select 'garbage', null, cast(sum(size) as bigint) from k
                      where low is null and (undo is null or undo <= :now)
            union all select 'discarded', null, cast(sum(size) as bigint) from discarded
            union all select 'uploads', null, cast(sum(received) as bigint) from upload"""
_ONE = f"""{_KEYS} {_EXCLUSIVE} union all {_SHARED_BY_ONE}""".format(
    join="join",
    where="""where b.key in (select own.key from repository_blob l join blob own on own.id = l.blob
                             where l.repository = :repository)""",
)
_COUNTS = """select r.id, r.name, (select count(*) from tag t where t.repository = r.id),
                    (select count(*) from manifest m where m.repository = r.id)
             from repository r where r.deletion is null"""


def of_all(tx: Transaction) -> tuple[Partition, list[Share]]:
    """All bytes at rest, and what each live repository has of them, by name; those without content are left out."""
    sums = _Sums(tx.all(_SUMS, now=tx.now))
    garbage = sums.of("garbage") + sums.of("discarded")
    parts = Partition(sum(sums.exclusive.values()), sums.of("once"), sums.of("undo"), garbage, sums.of("uploads"))
    return parts, sums.shares(tx.all(f"{_COUNTS} order by r.name"))


def of_one(tx: Transaction, name: str) -> Share | None:
    """What the live repository of that name has; None where there is none, or it has nothing."""
    row = tx.one(f"{_COUNTS} and r.name = :name", name=name)
    if row is None:
        return None
    sums = _Sums(tx.all(_ONE, now=tx.now, repository=row[0]))
    return next(iter(sums.shares([row])), None)


class _Sums:
    """Bytes by what keeps them, and by repository where one does."""

    def __init__(self, rows: list[Row]) -> None:
        self.exclusive = {repository: size for why, repository, size in rows if why == "exclusive"}
        self._shared = {repository: size for why, repository, size in rows if why == "shared"}
        self._others = {why: size for why, repository, size in rows if repository is None}

    def of(self, why: str) -> int:
        """The bytes that no repository is named for."""
        return self._others[why] or 0

    def shares(self, counts: list[Row]) -> list[Share]:
        """What each of these repositories has, where that is anything."""
        shares = [
            Share(name, self.exclusive.get(id, 0), self._shared.get(id, 0), tags, manifests)
            for id, name, tags, manifests in counts
        ]
        return [share for share in shares if share.exclusive or share.shared or share.manifests]


def returning(tx: Transaction) -> list[Returning]:
    """What will come back by itself, and what keeps it until then. Abandoned uploads are not in it."""
    return [Returning(*row) for row in tx.all(_RETURNING, now=tx.now)]


_RETURNING = f"""{_ALL_KEYS}
    select why, count(*), cast(sum(size) as bigint), min(until), max(until) from (
        select case when until = undo then 'undo' when until = lease then 'lease' else 'grace' end as why, size, until
        from (select size, lease, undo,
                     case when lease >= coalesce(undo, 0) and lease >= coalesce(ended, 0) then lease
                          when undo >= coalesce(ended, 0) then undo else coalesce(ended, :now) end as until
              from k where coalesce(needed, 0) = 0) as unneeded
        union all select 'grace', size, after from discarded) as back
    group by why order by why"""
