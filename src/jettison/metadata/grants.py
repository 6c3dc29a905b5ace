"""What is granted: actions on a pattern of repositories, to an account, to a group, or to everybody."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Holder:
    """To whom: the id of an account or of a group; with neither, everybody."""

    account: int | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant with the name of whom it is to, of which at most one is there. ``actions`` have commas between."""

    account: str | None
    group: str | None
    pattern: str
    actions: str
    created_at: int


def actions(tx: Transaction, holder: Holder, pattern: str) -> str | None:
    """What is granted to exactly them by exactly this pattern."""
    row = tx.one(
        f"select actions from granted {_OF_HOLDER} and pattern = :pattern",
        account=holder.account or 0,
        account_group=holder.group or 0,
        pattern=pattern,
    )
    return row[0] if row else None


def put(tx: Transaction, holder: Holder, pattern: str, actions: str) -> None:
    """Grant them these actions by this pattern, and no others by it."""
    take(tx, holder, pattern)
    tx.run(
        """insert into granted (account, account_group, pattern, actions, created_at)
           values (:account, :account_group, :pattern, :actions, :now)""",
        account=holder.account,
        account_group=holder.group,
        pattern=pattern,
        actions=actions,
        now=tx.now,
    )


def take(tx: Transaction, holder: Holder, pattern: str) -> None:
    """Grant them nothing by this pattern any more."""
    tx.run(
        f"delete from granted {_OF_HOLDER} and pattern = :pattern",
        account=holder.account or 0,
        account_group=holder.group or 0,
        pattern=pattern,
    )


def take_all(tx: Transaction, holder: Holder) -> None:
    """Grant them nothing any more."""
    tx.run(f"delete from granted {_OF_HOLDER}", account=holder.account or 0, account_group=holder.group or 0)


def of_holder(tx: Transaction, holder: Holder) -> list[tuple[str, str]]:
    """The patterns and actions that are granted to exactly them, by pattern."""
    rows = tx.all(
        f"select pattern, actions from granted {_OF_HOLDER} order by pattern",
        account=holder.account or 0,
        account_group=holder.group or 0,
    )
    return [(row[0], row[1]) for row in rows]


def counting(tx: Transaction, account: int) -> list[tuple[str, str]]:
    """The patterns and actions that count for an account: its own, its groups', and everybody's."""
    rows = tx.all(
        """select pattern, actions from granted
           where account = :account or (account is null and account_group is null)
               or account_group in (select account_group from account_group_member where account = :account)
           order by id""",
        account=account,
    )
    return [(row[0], row[1]) for row in rows]


def everybodys(tx: Transaction) -> list[tuple[str, str]]:
    """The patterns and actions that count for whoever asks."""
    rows = tx.all("select pattern, actions from granted where account is null and account_group is null order by id")
    return [(row[0], row[1]) for row in rows]


def all_grants(tx: Transaction) -> list[GrantRow]:
    """Every grant: everybody's, then those of groups, then those of accounts, each by name and pattern."""
    rows = tx.all(
        """select a.name, g.name, x.pattern, x.actions, x.created_at from granted x
           left join account a on a.id = x.account left join account_group g on g.id = x.account_group
           order by x.account is not null, x.account_group is not null, g.name, a.name, x.pattern"""
    )
    return [GrantRow(*row) for row in rows]


def page(tx: Transaction, after: tuple[int, str, str], limit: int, holder: Holder | None = None) -> list[GrantRow]:
    """At most ``limit`` grants, to ``holder`` if one is given, in the order of :func:`all_grants`.

    ``after`` is the place of the one before them: 0 for everybody's, 1 a group's, 2 an account's; the name, empty for
    everybody; the pattern.
    """
    rank, name, pattern = after
    only = "" if holder is None else f"and {_OF_HOLDER.removeprefix('where ')}"
    rows = tx.all(
        f"""select a.name, g.name, x.pattern, x.actions, x.created_at from granted x
            left join account a on a.id = x.account left join account_group g on g.id = x.account_group
            where ({_PLACE}) > (:rank, :name, :pattern) {only} order by {_PLACE} limit :limit""",
        rank=rank,
        name=name,
        pattern=pattern,
        limit=limit,
        account=(holder and holder.account) or 0,
        account_group=(holder and holder.group) or 0,
    )
    return [GrantRow(*row) for row in rows]


_PLACE = """case when x.account is not null then 2 when x.account_group is not null then 1 else 0 end,
            coalesce(a.name, g.name, ''), x.pattern"""
# As the unique index has it: null is not equal to null.
_OF_HOLDER = "where coalesce(account, 0) = :account and coalesce(account_group, 0) = :account_group"
