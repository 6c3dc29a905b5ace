"""What waits in a registry at one moment: uploads that go on, and garbage whose time has not come."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import sweeps, uploads
from jettison.metadata.database import Transaction
from jettison.metadata.sweeps import Pending
from jettison.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Standing:
    """``uploads`` that have not ended, the ``received`` bytes of them, and what is ``pending`` for later sweeps."""

    uploads: int
    received: int
    pending: Pending


def standing(registry: Registry) -> Standing:
    """How things stand now. Raises Unavailable."""

    def work(tx: Transaction) -> Standing:
        return Standing(*uploads.open_now(tx), sweeps.pending(tx))

    return registry.database.read(work, snapshot=True)
