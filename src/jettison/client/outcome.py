"""What became of a plan: one outcome for each item, and the whole of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jettison.client.fields import entries, text, text_or_none
from jettison.client.item import Item
from jettison.oci.errors import Json


class Status(StrEnum):
    """How an item ended."""

    DONE = "done"
    GONE = "gone"
    """It was gone already, and nothing had to be done."""
    SKIPPED = "skipped"
    """What the plan was made for has changed since, or what brings it stays: nothing was done."""
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    NOT_ALLOWED = "not_allowed"
    UNTOUCHED = "untouched"
    """It was not come to: the execution was interrupted before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an item ended: why, and what to do next where there is something.

    - `how`: the way by which it was done, such as `DELETE by tag` or `placeholder`; None where nothing was.
    - `deletion`: the entry in the registry's own journal that can take it back (Jettison); None elsewhere.
    """

    item: Item
    status: Status
    reason: str = ""
    next_step: str | None = None
    how: str | None = None
    deletion: int | None = None

    def to_json(self) -> dict[str, Json]:
        """The outcome as a JSON object; what is absent is left out."""
        made: dict[str, Json] = {"item": self.item.to_json(), "status": str(self.status)}
        known: dict[str, Json] = {
            "reason": self.reason or None,
            "next_step": self.next_step,
            "how": self.how,
            "deletion": self.deletion,
        }
        return made | {name: value for name, value in known.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Outcome:
        """What `to_json` wrote. Raises Invalid and what `Item.from_json` raises."""
        item, deletion = value.get("item"), value.get("deletion")
        return cls(
            item=Item.from_json(item if isinstance(item, Mapping) else {}),
            status=Status(text(value, "status")),
            reason=text_or_none(value, "reason") or "",
            next_step=text_or_none(value, "next_step"),
            how=text_or_none(value, "how"),
            deletion=deletion if isinstance(deletion, int) else None,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """The outcomes of a plan, in its order.

    - `journal`: the name of the entry that `undo` takes; None where nothing was deleted that could be brought back.
    - `interrupted`: whether somebody stopped it. What was under way then was finished; the rest is `UNTOUCHED`.
    """

    outcomes: tuple[Outcome, ...]
    journal: str | None = None
    interrupted: bool = False

    def of(self, *statuses: Status) -> tuple[Outcome, ...]:
        """The outcomes that have one of these statuses."""
        return tuple(outcome for outcome in self.outcomes if outcome.status in statuses)

    @property
    def complete(self) -> bool:
        """Whether everything was done, or was not there any more."""
        return not self.interrupted and len(self.of(Status.DONE, Status.GONE)) == len(self.outcomes)

    def to_json(self) -> dict[str, Json]:
        """The result as a JSON object."""
        return {
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "journal": self.journal,
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Result:
        """What `to_json` wrote. Raises what `Outcome.from_json` raises."""
        outcomes = [Outcome.from_json(each) for each in entries(value, "outcomes") if isinstance(each, Mapping)]
        return cls(tuple(outcomes), text_or_none(value, "journal"), value.get("interrupted") is True)
