"""Carrying a plan out: each item checked again just before, one outcome for each, a journal of what goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TypeVar

from jettison.client.deleting import Deleting
from jettison.client.errors import ClientError, NotAllowed, NotFound, Refused, Unsupported
from jettison.client.item import Item, Kind
from jettison.client.journal import Journal, Writer
from jettison.client.outcome import Outcome, Result, Status
from jettison.client.plan import Options, Plan
from jettison.client.registry import Registry
from jettison.client.repository import Repository
from jettison.client.stopping import stopping
from jettison.client.vendors.vendor import Vendor
from jettison.oci.reference import RepositoryName

T = TypeVar("T")

_ORDER = {Kind.TAG: 0, Kind.VERSION: 1, Kind.REPOSITORY: 2}
_GLANCE = 0.2
_AWAY = {Status.DONE, Status.GONE}
TakeApart = Callable[[Repository, Vendor], Plan]


@dataclass(frozen=True, slots=True)
class Execution:
    """Carries plans of one registry out. `take_apart` plans what to do where a repository cannot go as a whole."""

    registry: Registry
    vendor: Vendor
    take_apart: TakeApart
    journal: Journal = field(default_factory=Journal)

    def __call__(self, plan: Plan, options: Options) -> Result:
        """Carries `plan` out. Raises Invalid where the journal cannot be written: nothing was done then."""
        stopped = threading.Event()
        with stopping(stopped):
            return self._run(plan, options, stopped)

    def _run(self, plan: Plan, options: Options, stopped: threading.Event) -> Result:
        writer = self.journal.begin(plan) if options.journal else None
        running = _Running(self, plan.items, options, writer, stopped)
        running.run()
        outcomes = tuple(running.outcomes[item] for item in plan.items)
        done = any(outcome.status in {Status.DONE, Status.FAILED} for outcome in outcomes)
        result = Result(outcomes, None if writer is None or not done else writer.name, stopped.is_set())
        if writer is not None and done:
            writer.finish(result)
        elif writer is not None:
            writer.drop()
        return result


class _Running:
    """One execution under way."""

    def __init__(
        self,
        execution: Execution,
        items: Sequence[Item],
        options: Options,
        writer: Writer | None,
        stopped: threading.Event,
    ) -> None:
        self.execution = execution
        self.items = tuple(dict.fromkeys(items))
        self.options = options
        self.writer = writer
        self.outcomes: dict[Item, Outcome] = {}
        self.stopped = stopped
        self._told = threading.Lock()
        self._deleting: dict[RepositoryName, Deleting] = {}
        self._above = _above(items)

    def run(self) -> None:
        """Does the items, those of a stage at a time; once `stopped`, finishes what is under way, and no more."""
        with ThreadPoolExecutor(self.execution.registry.transport.concurrency, "deletion") as pool:
            if 1 < len(self.items) <= self.execution.vendor.limits.together:
                self._together(pool)
            left = [item for item in self.items if item not in self.outcomes]
            for stage in _stages(left, self._above):
                self._stage(pool, stage)
                if stage[0].kind is Kind.TAG:
                    self._verify_tags(pool)
        for item in self.items:
            self.outcomes.setdefault(item, Outcome(item, Status.UNTOUCHED, "interrupted before"))

    def _together(self, pool: ThreadPoolExecutor) -> None:
        """Has the registry delete all items as one. Where it refuses, or one of them changed, nothing is done."""
        vendor = self.execution.vendor
        try:
            shown = vendor.show_together(self.items)
        except ClientError:
            return  # one by one, each is told its own reason
        checks = self._each(pool, lambda item: self._of(item.repository).is_as_planned(item))
        if self.stopped.is_set() or not all(checks.values()):
            return
        try:
            done = vendor.delete_together(self.items, shown, purge=self.options.purge)
        except (Refused, NotFound, NotAllowed, Unsupported):
            return
        except ClientError as error:
            for item in self.items:
                self._tell(Outcome(item, Status.FAILED, error.message))
            return
        # Whatever interrupts the looking: they went.
        self.outcomes |= {item: Outcome(item, Status.DONE, how=done.how, deletion=done.deletion) for item in self.items}
        for outcome in self._each(pool, lambda item: self._of(item.repository).confirm(item, done)).values():
            self._tell(outcome)
        self._verify_tags(pool)

    def _each(self, pool: ThreadPoolExecutor, act: Callable[[Item], T]) -> dict[Item, T]:
        """What `act` returns for each item; without those that an interruption came before."""
        for item in self.items:
            self._of(item.repository)
        found: dict[Item, T] = {}

        def do(item: Item) -> None:
            if not self.stopped.is_set():
                found[item] = act(item)

        self._wait([pool.submit(do, item) for item in self.items])
        return found

    def _verify_tags(self, pool: ThreadPoolExecutor) -> None:
        self._wait([pool.submit(self._verify, deleting) for deleting in list(self._deleting.values())])

    def _stage(self, pool: ThreadPoolExecutor, stage: list[Item]) -> None:
        for item in stage:
            self._of(item.repository)
        self._wait([pool.submit(self._do, item) for item in _interleaved(stage)])

    def _wait(self, futures: list[Future[None]]) -> None:
        # A signal is not seen while waiting for a lock, so each wait is short.
        while wait(futures, _GLANCE).not_done:
            pass
        for future in futures:
            future.result()

    def _do(self, item: Item) -> None:
        if self.stopped.is_set():
            return
        above = [each for each in self._above.get(item, []) if self.outcomes[each].status not in _AWAY]
        if above:
            outcome = Outcome(item, Status.SKIPPED, f"{above[0].name}, which needs it or brings it, was not deleted")
        else:
            outcome = self._of(item.repository).do(item)
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        with self._told:
            self.outcomes[outcome.item] = outcome
            if self.options.progress is not None:
                self.options.progress(outcome)

    def _verify(self, deleting: Deleting) -> None:
        for outcome in deleting.verify():
            self._tell(outcome)

    def _of(self, name: RepositoryName) -> Deleting:
        if name not in self._deleting:
            execution = self.execution
            repository = execution.registry.repository(name)
            self._deleting[name] = Deleting(
                repository,
                execution.vendor,
                self.options,
                self.writer,
                execution.take_apart,
                self._nested,
                [item for item in self.items if item.repository == name],
            )
        return self._deleting[name]

    def _nested(self, plan: Plan) -> Sequence[Outcome]:
        """Carries a plan out within this one: that of a repository that had to be taken apart."""
        options = replace(self.options, progress=None)
        inner = _Running(self.execution, plan.items, options, self.writer, self.stopped)
        inner.run()
        return [inner.outcomes[item] for item in plan.items]


def _interleaved(stage: list[Item]) -> Iterator[Item]:
    """Items of each repository in turn: what falls back goes one after the other in its repository."""
    by_repository: dict[RepositoryName, list[Item]] = {}
    for item in stage:
        by_repository.setdefault(item.repository, []).append(item)
    for turn in zip_longest(*by_repository.values()):
        yield from (item for item in turn if item is not None)


def _above(items: Sequence[Item]) -> dict[Item, list[Item]]:
    """For each version the items that go before it: the indexes that list it, and what brings it."""
    versions = {(item.repository, item.digest): item for item in items if item.kind is Kind.VERSION}
    above: dict[Item, list[Item]] = {}
    for (repository, _), item in versions.items():
        for child in item.children:
            if (repository, child) in versions:
                above.setdefault(versions[repository, child], []).append(item)
        brought_by = versions.get((repository, item.part_of))
        if brought_by is not None and brought_by not in above.get(item, []):
            above.setdefault(item, []).append(brought_by)
    return above


def _stages(items: Sequence[Item], above: dict[Item, list[Item]]) -> Iterator[list[Item]]:
    """Items that may go at a time: tags, then versions level by level, each after what is above, then repositories."""
    depths: dict[Item, int] = {}

    def depth(item: Item) -> int:
        if item not in depths:
            depths[item] = 0  # a digest cannot hold itself, so that this ends
            depths[item] = max((depth(each) + 1 for each in above.get(item, [])), default=0)
        return depths[item]

    stages: dict[tuple[int, int], list[Item]] = {}
    for item in items:
        stages.setdefault((_ORDER[item.kind], depth(item)), []).append(item)
    for _, stage in sorted(stages.items()):
        yield stage
