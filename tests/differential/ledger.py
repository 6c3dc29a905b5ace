"""The books of a comparison: which rule explains which difference, and what none explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .ask import Exchange

MOST_SHOWN = 80
EVERYTHING = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference that is known, under the name that its row of docs/differences.md has.

    ``aspects`` are those that it explains where it ``holds``; EVERYTHING: the registries do different things.
    """

    name: str
    aspects: frozenset[str]
    holds: Callable[[Exchange], bool]

    def explains(self, exchange: Exchange) -> frozenset[str]:
        """The differing aspects of the exchange that this rule accounts for."""
        mine = frozenset(exchange.differing)
        if self.aspects is not EVERYTHING:
            mine &= self.aspects
        return mine if mine and self.holds(exchange) else frozenset()


@dataclass(slots=True)
class Ledger:
    """All differences of a run, each with its rule, or with none. ``first`` is the first request of each rule."""

    rules: Sequence[Rule]
    asked: int = 0
    equal: int = 0
    used: Counter[str] = field(default_factory=Counter)
    first: dict[str, Exchange] = field(default_factory=dict)
    unexplained: list[tuple[Exchange, frozenset[str]]] = field(default_factory=list)

    def enter(self, exchange: Exchange) -> None:
        """Account for every differing aspect of the exchange."""
        self.asked += 1
        left = frozenset(exchange.differing)
        self.equal += not left
        for rule in self.rules:
            explained = rule.explains(exchange) & left
            if explained:
                self.used[rule.name] += 1
                self.first.setdefault(rule.name, exchange)
                left -= explained
        if left:
            self.unexplained.append((exchange, left))

    def stale(self) -> set[str]:
        """Rules that explained nothing."""
        return {rule.name for rule in self.rules} - self.used.keys()

    def report(self) -> str:
        """Totals, and each unexplained difference once for each set of aspects and pair of statuses."""
        lines = [f"{self.asked} requests, {self.equal} answered alike, {len(self.unexplained)} unexplained"]
        lines += [f"  {count:6} {name}" for name, count in self.used.most_common()]
        return "\n".join([*lines, *_grouped(self.unexplained)])


def _grouped(unexplained: Iterable[tuple[Exchange, frozenset[str]]]) -> list[str]:
    groups: dict[object, list[tuple[Exchange, frozenset[str]]]] = {}
    for exchange, left in unexplained:
        key = (left, exchange.ask.method, exchange.theirs.status, exchange.ours.status, exchange.theirs.codes)
        groups.setdefault((key, exchange.ours.codes), []).append((exchange, left))
    return [
        f"\n{len(group)}x\n    {_shown(*group[0])}"
        for group in sorted(groups.values(), key=len, reverse=True)[:MOST_SHOWN]
    ]


def _shown(exchange: Exchange, left: frozenset[str]) -> str:
    statuses = f"{exchange.theirs.status} {exchange.theirs.codes} / {exchange.ours.status} {exchange.ours.codes}"
    lines = [
        f"{name}: {exchange.differing[name][0]!r:.150} / {exchange.differing[name][1]!r:.150}" for name in sorted(left)
    ]
    return "\n    ".join([f"{exchange.ask}", statuses, *lines])
