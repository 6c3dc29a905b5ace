"""Groups of users, which are granted things together."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def add(tx: Transaction, name: str) -> int:
    """A new group; its id. The name must be free."""
    row = tx.one(
        "insert into account_group (name, created_at) values (:name, :now) returning id", name=name, now=tx.now
    )
    assert row is not None
    return int(row[0])


def find(tx: Transaction, name: str) -> int | None:
    """The id of the group of that name."""
    row = tx.one("select id from account_group where name = :name", name=name)
    return row[0] if row else None


def remove(tx: Transaction, id: int) -> None:
    """The group with its memberships; nothing is granted to it any more."""
    tx.run("delete from account_group_member where account_group = :id", id=id)
    tx.run("delete from account_group where id = :id", id=id)


def all_groups(tx: Transaction) -> list[tuple[str, int]]:
    """Every group with the time it was made at, by name."""
    return [(row[0], row[1]) for row in tx.all("select name, created_at from account_group order by name")]


def page(tx: Transaction, after: str, limit: int) -> list[tuple[str, int]]:
    """At most ``limit`` groups whose names come after that one, each with the time it was made at, by name."""
    rows = tx.all(
        "select name, created_at from account_group where name > :after order by name limit :limit",
        after=after,
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def members(tx: Transaction, first: str, last: str) -> list[tuple[str, str]]:
    """The memberships of the groups from one name to another, as the group's and the user's name, by name."""
    rows = tx.all(
        """select g.name, a.name from account_group_member m
           join account_group g on g.id = m.account_group join account a on a.id = m.account
           where g.name >= :first and g.name <= :last order by g.name, a.name""",
        first=first,
        last=last,
    )
    return [(row[0], row[1]) for row in rows]


def memberships(tx: Transaction) -> list[tuple[str, str]]:
    """Every membership as the group's and the user's name, by name."""
    rows = tx.all(
        """select g.name, a.name from account_group_member m
           join account_group g on g.id = m.account_group join account a on a.id = m.account
           order by g.name, a.name"""
    )
    return [(row[0], row[1]) for row in rows]


def of_account(tx: Transaction, account: int) -> list[str]:
    """The names of the groups that it is in, by name."""
    rows = tx.all(
        """select g.name from account_group_member m join account_group g on g.id = m.account_group
           where m.account = :account order by g.name""",
        account=account,
    )
    return [row[0] for row in rows]


def join(tx: Transaction, id: int, account: int) -> bool:
    """Make it a member; False if it is one."""
    changed = tx.run(
        """insert into account_group_member (account_group, account) values (:id, :account)
           on conflict (account_group, account) do nothing""",
        id=id,
        account=account,
    )
    return changed == 1


def leave(tx: Transaction, id: int, account: int) -> bool:
    """End a membership; False if there is none."""
    changed = tx.run(
        "delete from account_group_member where account_group = :id and account = :account", id=id, account=account
    )
    return changed == 1


def leave_all(tx: Transaction, account: int) -> None:
    """End all memberships of an account."""
    tx.run("delete from account_group_member where account = :account", account=account)
