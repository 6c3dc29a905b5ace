"""Samples, their medians, what a row must reach, and the alternation that makes the samples comparable."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

JETTISON = "Jettison"


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one peer, in the row's unit."""

    peer: str
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the samples."""
        return statistics.median(self.samples)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a row must reach: `reached` is to be at least, or at most, `bound`; None where that was not measured."""

    text: str
    reached: float | None
    bound: float
    at_most: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None where that was not measured."""
        if self.reached is None:
            return None
        return self.reached <= self.bound if self.at_most else self.reached >= self.bound

    @property
    def strength(self) -> float | None:
        """How many times over the bound is reached: 1 is just enough, below 1 is missed."""
        if not self.reached:
            return None
        return self.bound / self.reached if self.at_most else self.reached / self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: what it is, its unit, each peer's samples, and its goals."""

    name: str
    work: str
    unit: str
    series: tuple[Series, ...]
    goals: tuple[Goal, ...] = ()

    def median(self, peer: str) -> float | None:
        """The median of `peer`, None where it was not measured."""
        return next((series.median for series in self.series if series.peer == peer), None)


def ratio(series: Sequence[Series], over: str, under: str) -> float | None:
    """The median of `over` divided by that of `under`; None where one is missing."""
    medians = {each.peer: each.median for each in series}
    if over not in medians or not medians.get(under):
        return None
    return medians[over] / medians[under]


def higher(series: Sequence[Series], peer: str, bound: float) -> Goal:
    """Jettison's rate is at least `bound` times that of `peer`."""
    return Goal(f"at least {bound:g}x {peer}", ratio(series, JETTISON, peer), bound)


def quicker(series: Sequence[Series], peer: str, bound: float) -> Goal:
    """Jettison needs at most one `bound`th of the time of `peer`."""
    return Goal(f"at least {bound:g}x the speed of {peer}", ratio(series, peer, JETTISON), bound)


def no_dearer(series: Sequence[Series], peer: str, bound: float) -> Goal:
    """Jettison spends at most `bound` times what `peer` spends."""
    return Goal(f"at most {bound:g}x {peer}", ratio(series, JETTISON, peer), bound, at_most=True)


class Named(Protocol):
    """What is measured: a server, as a rule."""

    @property
    def name(self) -> str:
        """What its series is called."""


Measured = TypeVar("Measured", bound=Named)


def alternate(
    servers: Sequence[Measured], samples: int, work: Callable[[Measured, int], tuple[float, ...]]
) -> list[tuple[Series, ...]]:
    """Sample every server in turn, each turn beginning with the next one; `work` returns one value per unit measured.

    Returns the series of all servers for each unit. What earlier samples left unwritten goes to the disk first,
    so that nobody pays for another's writes.
    """
    taken: dict[str, list[tuple[float, ...]]] = {server.name: [] for server in servers}
    for turn in range(samples):
        shift = turn % len(servers)
        for server in [*servers[shift:], *servers[:shift]]:
            os.sync()
            taken[server.name].append(work(server, turn))
    units = len(next(iter(taken.values()))[0])
    return [
        tuple(Series(name, tuple(values[unit] for values in samples_of)) for name, samples_of in taken.items())
        for unit in range(units)
    ]


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
