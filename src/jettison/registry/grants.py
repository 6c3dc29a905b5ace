"""Grants: who may do what with which repositories. What is not granted is refused."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import grants
from jettison.metadata.database import Transaction
from jettison.metadata.grants import GrantRow, Holder
from jettison.oci.errors import GrantInvalid, GrantUnknown, Json
from jettison.registry import audit
from jettison.registry.access import GRANTED, Action, Caller
from jettison.registry.account_name import EVERYBODY
from jettison.registry.administration import change, find_account
from jettison.registry.audit import Deed
from jettison.registry.groups import find_group
from jettison.registry.listing import Page, page_of
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.scope import Scope, kept_scope
from jettison.registry.times import rfc3339
from jettison.selection.pattern import Pattern

GROUP = "group:"
"""What the name of a group has in front where an account could stand too."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant. ``to`` is an account's name, `group:` and a group's, or `anonymous`."""

    to: str
    scope: Scope
    created_at: int

    @property
    def place(self) -> str:
        """Where it is in a list of them."""
        return f"{self.to} {self.scope.pattern}"

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {"to": self.to, **self.scope.to_json(), "created_at": rfc3339(self.created_at)}


def give(registry: Registry, caller: Caller, origin: Origin, to: str, scope: Scope) -> Granted:
    """Grant it, beside what they have by the same pattern. Raises AccountUnknown, GrantInvalid, Denied."""
    if to == EVERYBODY and Action.ADMIN in scope.actions:
        raise GrantInvalid("admin is never granted to everybody: name a user or a group")

    def work(tx: Transaction) -> Granted:
        holder = _holder(tx, to)
        add_scope(tx, holder, scope)
        audit.note(tx, origin, caller, Deed.GRANT, to, detail={"scope": str(scope)})
        return _granted(tx, to, scope.pattern)

    return change(registry, caller, work)


def take(
    registry: Registry, caller: Caller, origin: Origin, to: str, pattern: str, actions: frozenset[Action] | None = None
) -> Granted | None:
    """Take these actions by exactly that pattern away, or all of them; what of it is left.

    Raises GrantUnknown where there is nothing to take, PatternInvalid, AccountUnknown, LastAdministrator, Denied.
    """
    Pattern.parse(pattern)

    def work(tx: Transaction) -> Granted | None:
        holder = _holder(tx, to)
        had = _had(tx, holder, pattern)
        taken = had & (actions if actions is not None else frozenset(GRANTED))
        if not taken:
            what = "nothing" if actions is None else f"no {','.join(Scope(pattern, actions).words)}"
            raise GrantUnknown(
                f"{what} is granted to {to} by the pattern {pattern!r}: jettison grant list shows what is"
            )
        if had - taken:
            grants.put(tx, holder, pattern, ",".join(Scope(pattern, had - taken).words))
        else:
            grants.take(tx, holder, pattern)
        audit.note(tx, origin, caller, Deed.REVOKE, to, detail={"scope": str(Scope(pattern, taken))})
        return _granted(tx, to, pattern) if had - taken else None

    return change(registry, caller, work)


def everyone(registry: Registry, caller: Caller, to: str | None = None) -> list[Granted]:
    """All grants, or those to one of them: everybody's, groups', accounts'. Raises AccountUnknown, Denied."""
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[Granted]:
        if to is not None:
            _holder(tx, to)
        return [row for row in _all(tx) if to in (None, row.to)]

    return registry.database.read(work, snapshot=True)


def page(registry: Registry, caller: Caller, limit: int, after: str = "", to: str | None = None) -> Page[Granted]:
    """At most ``limit`` grants, or of those to one of them, in the order of :func:`everyone`.

    ``after`` is the :attr:`Granted.place` of the one before them. Raises AccountUnknown, Denied.
    """
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[Granted]:
        holder = _holder(tx, to) if to is not None else None
        return [_row(row) for row in grants.page(tx, _place(after), limit + 1, holder)]

    return page_of(registry.database.read(work, snapshot=True), limit)


def _place(text: str) -> tuple[int, str, str]:
    """Where that place is in the order; whatever it says is some place."""
    to, _, pattern = text.partition(" ")
    if not to:
        return -1, "", ""
    if to == EVERYBODY:
        return 0, "", pattern
    return (1, to.removeprefix(GROUP), pattern) if to.startswith(GROUP) else (2, to, pattern)


def add_scope(tx: Transaction, holder: Holder, scope: Scope) -> None:
    """Grant it, beside what they have by the same pattern."""
    together = Scope(scope.pattern, scope.actions | _had(tx, holder, scope.pattern))
    grants.put(tx, holder, scope.pattern, ",".join(together.words))


def scopes_of(tx: Transaction, holder: Holder) -> list[Scope]:
    """What is granted to exactly them, by pattern."""
    return [kept_scope(pattern, actions) for pattern, actions in grants.of_holder(tx, holder)]


def _had(tx: Transaction, holder: Holder, pattern: str) -> frozenset[Action]:
    words = grants.actions(tx, holder, pattern)
    return kept_scope(pattern, words).actions if words is not None else frozenset()


def _holder(tx: Transaction, to: str) -> Holder:
    if to == EVERYBODY:
        return Holder()
    if to.startswith(GROUP):
        return Holder(group=find_group(tx, to.removeprefix(GROUP)))
    return Holder(account=find_account(tx, to).id)


def _all(tx: Transaction) -> list[Granted]:
    return [_row(row) for row in grants.all_grants(tx)]


def _row(row: GrantRow) -> Granted:
    return Granted(_to(row), kept_scope(row.pattern, row.actions), row.created_at)


def _to(row: GrantRow) -> str:
    if row.account is not None:
        return row.account
    return f"{GROUP}{row.group}" if row.group is not None else EVERYBODY


def _granted(tx: Transaction, to: str, pattern: str) -> Granted:
    return next(each for each in _all(tx) if (each.to, each.scope.pattern) == (to, pattern))
