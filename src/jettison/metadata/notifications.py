"""Events that wait for their endpoints: written by the transaction of what they tell of, deleted once delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event (JSON) that its endpoint has not got yet; of a smaller ``id`` is what comes first."""

    id: int
    event: str


def add(tx: Transaction, events: Iterable[tuple[str, str]]) -> None:
    """Queue events, each for the endpoint whose name stands before it."""
    tx.many(
        "insert into notification (endpoint, event) values (:endpoint, :event)",
        ({"endpoint": endpoint, "event": event} for endpoint, event in events),
    )


def is_any(tx: Transaction, endpoint: str) -> bool:
    """Whether something waits for the endpoint."""
    return tx.one("select 1 from notification where endpoint = :endpoint limit 1", endpoint=endpoint) is not None


def first(tx: Transaction, endpoint: str, limit: int) -> list[Waiting]:
    """At most ``limit`` events that wait for the endpoint, in order."""
    rows = tx.all(
        "select id, event from notification where endpoint = :endpoint order by id limit :limit",
        endpoint=endpoint,
        limit=limit,
    )
    return [Waiting(*row) for row in rows]


def delete(tx: Transaction, ids: list[int]) -> None:
    """Forget what was delivered."""
    tx.run("delete from notification where id in :ids", ids=ids)


def lengths(tx: Transaction) -> dict[str, int]:
    """How many events wait, by endpoint; endpoints for which none does are left out."""
    rows = tx.all("select endpoint, count(*) from notification group by endpoint order by endpoint")
    return dict(rows)


def drop_others(tx: Transaction, endpoints: list[str], limit: int) -> int:
    """Drop at most ``limit`` events that wait for endpoints of other names; how many."""
    return tx.run(
        """delete from notification where id in (
               select id from notification where endpoint not in :endpoints order by id limit :limit)""",
        endpoints=endpoints,
        limit=limit,
    )
