"""How often somebody may ask, where several processes answer: they tell each other what they have let through."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.metadata import rates
from jettison.metadata.database import Transaction
from jettison.registry.registry import MICROSECONDS, Registry


def share(registry: Registry, lengths: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Tell what each subject has sent to this process within the last ``seconds``, and learn what others let through.

    ``lengths`` are the seconds that its requests take up at the rate that is allowed. Returns the seconds after which
    each may send a whole burst again. Raises Unavailable.
    """

    def work(tx: Transaction) -> dict[str, float]:
        since = tx.now - int(seconds * MICROSECONDS)
        taken = {subject: int(length * MICROSECONDS) for subject, length in lengths.items()}
        full = rates.add(tx, taken, since)
        return {subject: (at - tx.now) / MICROSECONDS for subject, at in full.items()}

    return registry.database.write(work, durable=False)


def tidy(registry: Registry) -> None:
    """Drop what says nothing any more. Raises Unavailable."""
    registry.database.write(rates.drop_full, durable=False)
