"""Plans: what a deletion would do, decided before anything is done.

plan = registry.repository("team/app").plan_deletion([Tag.parse("v1")])
print(json.dumps(plan.to_json()))             # a dry run is the plan printed
result = plan.execute()                       # each item checked again just before; one outcome for each
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from jettison.client.errors import Invalid
from jettison.client.fields import entries, integer_or_none, text
from jettison.client.item import Item, Kind, Stay
from jettison.client.outcome import Outcome, Result
from jettison.oci.errors import Json

Progress = Callable[[Outcome], None]
"""Called with each outcome as it is known, by one thread at a time; again where looking afterwards finds another."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is carried out.

    - `placeholder`: whether a tag that nothing else can delete may be moved to a placeholder first.
    - `purge`: on a registry that keeps what is deleted for a while, delete for good.
    - `journal`: whether what is deleted is written down here first, so that `undo` can push it back.
    - `progress`: told each outcome.
    """

    placeholder: bool = True
    purge: bool = False
    journal: bool = True
    progress: Progress | None = None


class Executor(Protocol):
    """What carries a plan out; see `jettison.client.execution`."""

    def __call__(self, plan: Plan, options: Options) -> Result:
        """Carries `plan` out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A decided deletion in one registry.

    - `vendor`: the name of what the registry was recognised as; see `jettison.client.vendors`.
    - `items`: what goes, in the order in which it goes: tags, indexes before their children, subjects before their
      referrers, repositories last.
    - `stays`: what was asked for and does not go, with the reason.
    - `missing`: what was asked for and is not there.
    - `notes`: what one should know before, such as that a registry will go on listing an emptied repository.
    - `freed`: bytes that come back; None where the registry does not tell.
    - `at_most`: where it does not, bytes of what only the items hold, among all that was read. Other repositories may
      hold some of them too. None where nothing was read.
    """

    host: str
    vendor: str
    items: tuple[Item, ...]
    stays: tuple[Stay, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    freed: int | None = None
    at_most: int | None = None
    executor: Executor | None = field(default=None, repr=False, compare=False)

    @property
    def tags(self) -> int:
        """How many tags go: alone, with a version, or with a repository."""
        alone = {(item.repository, item.tag) for item in self.items if item.kind is Kind.TAG}
        along = {(item.repository, tag) for item in self.items for tag in item.tags}
        return len(alone | along)

    @property
    def versions(self) -> int:
        """How many versions go, as far as that is known."""
        return sum(
            item.versions or 0 if item.kind is Kind.REPOSITORY else item.kind is Kind.VERSION for item in self.items
        )

    def with_items(self, items: tuple[Item, ...]) -> Plan:
        """The same plan for other items, such as the first ten of its own."""
        return replace(self, items=items, freed=None, at_most=None)

    @classmethod
    def join(cls, plans: Sequence[Plan]) -> Plan:
        """One plan of several, which are of one registry. Raises Invalid for none, and for those of several."""
        if len({plan.host for plan in plans}) != 1:
            raise Invalid("plans are joined for one registry at a time")
        first = plans[0]
        freed, at_most = [plan.freed for plan in plans], [plan.at_most for plan in plans]
        return replace(
            first,
            items=tuple(item for plan in plans for item in plan.items),
            stays=tuple(stay for plan in plans for stay in plan.stays),
            missing=tuple(name for plan in plans for name in plan.missing),
            notes=tuple(dict.fromkeys(note for plan in plans for note in plan.notes)),
            freed=None if None in freed else sum(each or 0 for each in freed),
            at_most=None if None in at_most else sum(each or 0 for each in at_most),
        )

    def execute(
        self,
        *,
        progress: Progress | None = None,
        placeholder: bool = True,
        purge: bool = False,
        journal: bool = True,
    ) -> Result:
        """Carries the plan out; see `Options` for what the arguments mean.

        It does not raise for an item that fails: each has its outcome. On Ctrl-C (SIGINT) it finishes what is under
        way and returns with `interrupted`; a second one raises KeyboardInterrupt. Raises Invalid for a plan that was
        read back and not bound to a registry.
        """
        if self.executor is None:
            raise Invalid("this plan was read back: bind it to a registry with planning.bind(plan, registry)")
        return self.executor(self, Options(placeholder, purge, journal, progress))

    def to_json(self) -> dict[str, Json]:
        """The plan as a JSON object, which `from_json` reads."""
        return {
            "host": self.host,
            "vendor": self.vendor,
            "tags": self.tags,
            "versions": self.versions,
            "freed": self.freed,
            "at_most": self.at_most,
            "items": [item.to_json() for item in self.items],
            "stays": [stay.to_json() for stay in self.stays],
            "missing": list(self.missing),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Plan:
        """What `to_json` wrote, without what carries it out. Raises Invalid and what `Item.from_json` raises."""
        return cls(
            host=text(value, "host"),
            vendor=text(value, "vendor"),
            items=tuple(Item.from_json(each) for each in entries(value, "items") if isinstance(each, Mapping)),
            stays=tuple(Stay.from_json(each) for each in entries(value, "stays") if isinstance(each, Mapping)),
            missing=tuple(str(each) for each in entries(value, "missing")),
            notes=tuple(str(note) for note in entries(value, "notes")),
            freed=integer_or_none(value, "freed"),
            at_most=integer_or_none(value, "at_most"),
        )
