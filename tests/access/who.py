"""The authorisation matrix, the other side: who asks, how they show who they are, and what they may do.

Like the rows, it is written by hand: what is granted to whom stands in people.py, and what that means stands here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.access.people import OPEN
from tests.access.rows import Needs, Row

NONE: Final[frozenset[str]] = frozenset()
PULL: Final = frozenset({"pull"})
PUSH: Final = frozenset({"push"})
DELETE: Final = frozenset({"delete"})
ALL: Final = frozenset({"pull", "push", "delete"})


class Shown(Enum):
    """What a request shows of its sender, and so how a refusal sounds."""

    NOTHING = "nothing"
    BAD = "something that is wrong, or no longer right"
    ACCOUNT = "a password, or the token of a robot"
    TOKEN = "a bearer token of the registry's own"
    TOKEN_OF_NOBODY = "a bearer token of the registry's own, for what anybody may"
    OUTSIDE = "a bearer token of another server"


@dataclass(frozen=True, slots=True)
class Who:
    """A sender, who begins uploads as ``identity``.

    ``here`` is what it may do with the repository that is asked about, ``elsewhere`` with others; ``account`` is what
    its account may do here where a token is for less of it. ``below`` is where that repository lies.
    """

    label: str
    shown: Shown
    here: frozenset[str] = NONE
    elsewhere: frozenset[str] = NONE
    account: frozenset[str] = NONE
    admin: bool = False
    account_admin: bool = False
    catalog: bool = False
    identity: str = ""
    below: str = "team"

    def may(self, row: Row) -> bool:
        """Whether it may do what the row needs."""
        word = {Needs.PULL: "pull", Needs.PUSH: "push", Needs.DELETE: "delete", Needs.DELETE_OF_ENTRY: "delete"}
        if row.needs in word:
            return word[row.needs] in self.here
        return {
            Needs.OPEN: True,
            Needs.NOTHING: True,
            Needs.ENTRY: self.shown is not Shown.NOTHING,
            Needs.CATALOG: self.catalog,
            Needs.DELETE_ANYWHERE: "delete" in self.here | self.elsewhere,
            Needs.ADMIN: self.admin,
            Needs.OWN_PASSWORD: False,
        }[row.needs]

    def expected(self, row: Row) -> int:
        """The status of the answer."""
        if row.needs is Needs.OPEN:
            return row.status
        if self.shown is Shown.BAD:
            return 401
        if self.may(row):
            return row.status
        if row.needs is Needs.OWN_PASSWORD:
            # What is asked with is wrong on purpose; nobody but a user has any password to change.
            return 403
        if row.needs is Needs.DELETE_OF_ENTRY and "delete" in self.elsewhere:
            return 404
        return self._refused(row)

    def _refused(self, row: Row) -> int:
        if self.shown is Shown.ACCOUNT:
            return 403
        if row.path == "/api/v1/deletions" and row.method == "POST" and "delete" in self.elsewhere:
            # What is in a body is asked of the rules, which know of no tokens.
            return 403
        return 403 if self.shown is Shown.TOKEN and not self._another_token_would_help(row) else 401

    def _another_token_would_help(self, row: Row) -> bool:
        whole = Who(self.label, Shown.ACCOUNT, self.account, admin=self.account_admin)
        return row.needs is Needs.CATALOG or whole.may(row)

    def __str__(self) -> str:
        return self.label


def account(label: str, here: frozenset[str] = NONE, **more: object) -> Who:
    """Somebody who signs in."""
    catalog = "pull" in here or "pull" in more.get("elsewhere", NONE)  # type: ignore[operator]
    return Who(label, Shown.ACCOUNT, here, **{"catalog": catalog, **more})  # type: ignore[arg-type]


ANONYMOUS: Final = Who("anonymous", Shown.NOTHING)
ANONYMOUS_GRANTED: Final = Who("anonymous, granted", Shown.NOTHING, PULL, catalog=True, below=OPEN)

ACCOUNTS: Final = (
    account("stranger", identity="user:stranger"),
    account("puller", PULL, identity="user:puller"),
    account("pusher", PUSH, identity="robot:pusher"),
    account("ci", PULL | PUSH, identity="robot:ci"),
    account("cleaner", DELETE, identity="robot:cleaner"),
    account("member", PULL | DELETE, identity="user:member"),
    account("boss", ALL, identity="user:boss"),
    account("admin", ALL, elsewhere=ALL, admin=True, identity="user:admin"),
    account("elsewhere", NONE, elsewhere=ALL, identity="robot:elsewhere"),
)
BAD: Final = (
    "wrong password",
    "no such name",
    "no password",
    "suspended",
    "expired",
    "revoked",
    "another robot's token",
    "expired token",
    "revoked token",
    "no token",
    "no header",
    "two headers",
)
FORGED: Final = (
    "expired",
    "not yet valid",
    "without an end",
    "wrong issuer",
    "no issuer",
    "wrong audience",
    "no audience",
    "another key under the name of ours",
    "another key under its own name",
    "no name of a key",
    "alg none",
    "HS256 by our public key",
    "no signature",
    "changed after it was signed",
)

OUTSIDE: Final = (
    Who("no scope", Shown.OUTSIDE),
    Who("pull", Shown.OUTSIDE, PULL),
    Who("push", Shown.OUTSIDE, PUSH),
    Who("delete", Shown.OUTSIDE, DELETE),
    Who("everything", Shown.OUTSIDE, ALL),
    Who("another repository", Shown.OUTSIDE, elsewhere=ALL),
    Who("the catalog", Shown.OUTSIDE, catalog=True, account=PULL),
)


@dataclass(frozen=True, slots=True)
class TokenOf:
    """Whose token of our own is asked for, and for what; {name} stands for the repository."""

    who: Who
    holder: str
    scopes: tuple[str, ...] = field(default=())


def token(
    label: str, holder: str, here: frozenset[str], *scopes: str, account: frozenset[str] = NONE, **more: object
) -> TokenOf:
    """A bearer token of somebody who signs in."""
    identity = f"{'user' if holder in ('puller', 'boss', 'admin', 'stranger', 'member') else 'robot'}:{holder}"
    who = Who(label, Shown.TOKEN, here, account=account, identity=identity, **more)  # type: ignore[arg-type]
    return TokenOf(who, holder, scopes)


REPOSITORY: Final = "repository:{name}:"

TOKENS: Final = (
    token("boss, no scope", "boss", NONE, account=ALL),
    token("boss, pull", "boss", PULL, f"{REPOSITORY}pull", account=ALL),
    token("boss, push", "boss", PUSH, f"{REPOSITORY}push", account=ALL),
    token("boss, pull and push", "boss", PULL | PUSH, f"{REPOSITORY}pull,push", account=ALL),
    token("boss, delete", "boss", DELETE, f"{REPOSITORY}delete", account=ALL),
    token("boss, everything", "boss", ALL, f"{REPOSITORY}*", account=ALL),
    token("boss, the catalog", "boss", NONE, "registry:catalog:*", account=ALL, catalog=True),
    token("boss, another repository", "boss", NONE, "repository:team/other:*", account=ALL, elsewhere=ALL),
    token("ci, everything", "ci", PULL | PUSH, f"{REPOSITORY}*", account=PULL | PUSH),
    token("ci, delete", "ci", NONE, f"{REPOSITORY}delete", account=PULL | PUSH),
    token("puller, push", "puller", NONE, f"{REPOSITORY}push", account=PULL),
    token("cleaner, everything", "cleaner", DELETE, f"{REPOSITORY}*", account=DELETE),
    token("stranger, everything", "stranger", NONE, f"{REPOSITORY}*", "registry:catalog:*", catalog=True),
    token("elsewhere, everything", "elsewhere", NONE, f"{REPOSITORY}*", "repository:other/app:*", elsewhere=ALL),
    token("admin, everything", "admin", ALL, f"{REPOSITORY}*", account=ALL, account_admin=True),
)
TOKENS_OF_NOBODY: Final = (
    TokenOf(Who("anonymous token", Shown.TOKEN_OF_NOBODY), "", (f"{REPOSITORY}*",)),
    TokenOf(Who("anonymous token, granted", Shown.TOKEN_OF_NOBODY, PULL, below=OPEN), "", (f"{REPOSITORY}*",)),
)
