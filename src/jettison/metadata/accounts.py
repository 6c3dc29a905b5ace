"""Users and robots: rows of one table, so that no name is both."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction

USER = "user"
ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. Times are microseconds since 1970; ``password`` is a user's hash, ``token`` a robot's."""

    id: int
    kind: str
    name: str
    password: str | None
    token: bytes | None
    disabled: bool
    created_by: str
    created_at: int
    expires_at: int | None
    used_at: int | None


def add_user(tx: Transaction, name: str, password: str, created_by: str) -> int:
    """A new user; its id. The name must be free."""
    return _add(tx, kind=USER, name=name, password=password, token=None, created_by=created_by, expires_at=None)


def add_robot(tx: Transaction, name: str, token: bytes, created_by: str, expires_at: int | None) -> int:
    """A new robot; its id. The name must be free."""
    return _add(tx, kind=ROBOT, name=name, password=None, token=token, created_by=created_by, expires_at=expires_at)


def _add(tx: Transaction, **values: object) -> int:
    row = tx.one(
        """insert into account (kind, name, password, token, created_by, created_at, expires_at)
           values (:kind, :name, :password, :token, :created_by, :now, :expires_at) returning id""",
        now=tx.now,
        **values,
    )
    assert row is not None
    return int(row[0])


def find(tx: Transaction, name: str) -> AccountRow | None:
    """The account of that name."""
    row = tx.one(f"{_ACCOUNT} where name = :name", name=name)
    return _account(row) if row else None


def by_token(tx: Transaction, token: bytes) -> AccountRow | None:
    """The robot whose token has that hash."""
    row = tx.one(f"{_ACCOUNT} where token = :token", token=token)
    return _account(row) if row else None


def by_session(tx: Transaction, token: bytes, purpose: str) -> AccountRow | None:
    """Whose session it is, if it has not ended."""
    row = tx.one(
        f"""{_ACCOUNT} where id = (
                select account from session where token = :token and purpose = :purpose and until > :now)""",
        token=token,
        purpose=purpose,
        now=tx.now,
    )
    return _account(row) if row else None


def all_of(tx: Transaction, kind: str) -> list[AccountRow]:
    """All users, or all robots, by name."""
    return [_account(row) for row in tx.all(f"{_ACCOUNT} where kind = :kind order by name", kind=kind)]


def page(tx: Transaction, kind: str, after: str, limit: int) -> list[AccountRow]:
    """At most ``limit`` users or robots whose names come after that one, by name."""
    rows = tx.all(
        f"{_ACCOUNT} where kind = :kind and name > :after order by name limit :limit",
        kind=kind,
        after=after,
        limit=limit,
    )
    return [_account(row) for row in rows]


def is_any(tx: Transaction) -> bool:
    """Whether there is an account."""
    return tx.one("select 1 from account limit 1") is not None


def set_password(tx: Transaction, id: int, password: str) -> None:
    """Another password for a user."""
    tx.run("update account set password = :password where id = :id", id=id, password=password)


def replace_password(tx: Transaction, id: int, old: str, new: str) -> bool:
    """The same password, hashed anew; False if it is another by now."""
    return tx.run("update account set password = :new where id = :id and password = :old", id=id, old=old, new=new) == 1


def set_disabled(tx: Transaction, id: int, *, disabled: bool) -> None:
    """Keep a user out, or let it in again."""
    tx.run("update account set disabled = :disabled where id = :id", id=id, disabled=int(disabled))


def touch(tx: Transaction, id: int) -> None:
    """It has signed in now."""
    tx.run("update account set used_at = :now where id = :id", id=id, now=tx.now)


def remove(tx: Transaction, id: int) -> None:
    """The account, which has no sessions, grants or groups any more."""
    tx.run("delete from account where id = :id", id=id)


def administrators(tx: Transaction) -> list[str]:
    """The users who may do everything and are not disabled, by name."""
    rows = tx.all(
        """select name from account where kind = 'user' and disabled = 0 and id in (
               select account from granted where account is not null and pattern = '**' and actions like '%admin%'
               union
               select m.account from granted g join account_group_member m on m.account_group = g.account_group
               where g.pattern = '**' and g.actions like '%admin%')
           order by name"""
    )
    return [row[0] for row in rows]


_ACCOUNT = """select id, kind, name, password, token, disabled, created_by, created_at, expires_at, used_at
              from account"""


def _account(row: Row) -> AccountRow:
    id, kind, name, password, token, disabled, created_by, created_at, expires_at, used_at = row
    return AccountRow(id, kind, name, password, token, bool(disabled), created_by, created_at, expires_at, used_at)
