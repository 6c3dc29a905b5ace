"""The audit log, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of it: see migrations/0005_audit.sql. ``at`` is microseconds since 1970, ``detail`` JSON."""

    id: int
    at: int
    kind: str
    who: str
    address: str
    request: str
    action: str
    repository: str
    target: str
    result: str
    detail: str


def add(
    tx: Transaction,
    *,
    kind: str,
    who: str,
    address: str,
    request: str,
    action: str,
    repository: str,
    target: str,
    result: str,
    detail: str,
) -> None:
    """Write a line, with the database's time."""
    tx.run(
        """insert into audit (at, kind, who, address, request, action, repository, target, result, detail)
           values (:now, :kind, :who, :address, :request, :action, :repository, :target, :result, :detail)""",
        now=tx.now,
        kind=kind,
        who=who,
        address=address,
        request=request,
        action=action,
        repository=repository,
        target=target,
        result=result,
        detail=detail,
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines; None is any. ``since`` is the first moment, ``until`` the one after the last."""

    who: str | None = None
    action: str | None = None
    repository: str | None = None
    since: int | None = None
    until: int | None = None


_CONDITIONS = {
    "who": "who = :who",
    "action": "action = :action",
    # A list. It is not searched by `like`, which would take underscores in names for wildcards.
    "repository": "replace(',' || repository || ',', ',' || :repository || ',', '') <> ',' || repository || ','",
    "since": "at >= :since",
    "until": "at < :until",
}


def page(tx: Transaction, *, before: int, limit: int, only: Filter) -> list[Entry]:
    """At most ``limit`` lines with a smaller number than ``before``, the newest first.

    What is rare is looked for in all of the log: there is no index to be written at each push.
    """
    wanted = {name: value for name in _CONDITIONS if (value := getattr(only, name)) is not None}
    rows = tx.all(
        f"""select id, at, kind, who, address, request, action, repository, target, result, detail from audit
            where {" and ".join(("id < :before", *(_CONDITIONS[name] for name in wanted)))}
            order by id desc limit :limit""",
        before=before,
        limit=limit,
        **wanted,
    )
    return [Entry(*row) for row in rows]


def drop(tx: Transaction, before: int, limit: int) -> int:
    """Drop those of the ``limit`` first lines that were written before that time; how many."""
    return tx.run(
        "delete from audit where id in (select id from audit order by id limit :limit) and at < :before",
        before=before,
        limit=limit,
    )
