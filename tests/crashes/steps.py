"""A registry that dies after its n-th durable step, in a process that is made for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from jettison.registry.registry import Registry
from tests.crashes.aftermath import DAY, nothing_is_left_over
from tests.crashes.direct import DirectHands
from tests.crashes.script import SCRIPT, look, settle, state_after
from tests.support.clock import Clock
from tests.support.invariants import check_rows
from tests.support.parts import ROOT
from tests.support.place import Place

STEPS = frozenset({"write", "keep", "finish", "abandon", "delete", "sync"})
"""Methods of a database, of storage and of its writers that leave something behind."""

RULES = {"children_required": False}

SECONDS = 30


class Counter:
    """Ends the process with SIGKILL once ``left`` moments have passed: the beginning of each act, the end of each step.

    So it dies before and after each step, and after each act as soon as that is acknowledged.
    """

    def __init__(self, left: int | None) -> None:
        self.moments = 0
        self._left = left

    def moment(self) -> None:
        """It may end here."""
        if self.moments == self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.moments += 1

    def watch(self, whole: Any) -> Any:
        """The same database, storage or writer, with its steps counted."""
        return _Watched(whole, self)


class _Watched:
    def __init__(self, whole: Any, counter: Counter) -> None:
        self._whole = whole
        self._counter = counter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        if name == "writer":
            return lambda *given: self._counter.watch(found(*given))
        if name in STEPS:
            return lambda *given, **named: self._step(found, *given, **named)
        return found

    def _step(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        result = method(*given, **named)
        self._counter.moment()
        return result


def forks() -> ForkServerContext:
    """Makes processes from one that has imported all of this, in milliseconds each. It ends with the tests."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with pytest.MonkeyPatch.context() as patch:
        # It would import nothing otherwise, and say nothing: it does not know our sys.path.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "src")]))
        forkserver.ensure_running()
    return context


def time_after(acts: int) -> int:
    """What the clock shows once so many acts are done: later than all that they left on it."""
    return Clock().now + round(sum(each.days for each in SCRIPT[:acts]) * DAY)


def die(
    context: ForkServerContext,
    folder: Path,
    url: str | None,
    moment: int | None,
    held: Callable[[int], AbstractContextManager[object]] = lambda _: nullcontext(),
) -> tuple[int, int | None]:
    """Run the script in a process that dies at that moment (None: not by itself).

    ``held`` takes its process id, and is entered before the first act. How many acts were done, and how many moments
    there were, if it came to the end.
    """
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(folder, url, moment, there), daemon=True)
    process.start()
    there.close()
    done, moments = here.recv()
    assert process.pid is not None
    try:
        with held(process.pid):
            here.send("go")
            while here.poll(SECONDS):
                done, moments = here.recv()
    except (EOFError, ConnectionResetError):
        pass
    process.join(SECONDS)
    ended = -signal.SIGKILL if moments is None else 0
    assert process.exitcode == ended, f"ended with {process.exitcode} after {done} acts"
    process.close()
    here.close()
    return done, moments


def _run(folder: Path, url: str | None, moment: int | None, sending: Connection) -> None:
    clock, counter = Clock(), Counter(moment)
    place = Place(folder, url, clock)
    registry = watched(place.open_registry(**RULES), counter)
    hands = DirectHands(registry, lambda length: clock.advance(length / 1e6))
    sending.send((0, None))
    sending.recv()
    for number, each in enumerate(SCRIPT):
        clock.now = max(clock.now, time_after(number))
        counter.moment()
        each.do(hands)
        sending.send((number + 1, None))
    place.close()
    sending.send((len(SCRIPT), counter.moments))


def watched(registry: Registry, counter: Counter) -> Registry:
    """The registry, with the steps of its database and its storage counted."""
    return replace(registry, database=counter.watch(registry.database), blobs=counter.watch(registry.blobs))


def go_on(folder: Path, url: str | None, done: int) -> None:
    """Open what a dead process left after so many acts, look, do the rest of the script, look again, pass all time."""
    clock = Clock(time_after(done + 1))
    place = Place(folder, url, clock)
    try:
        registry = place.open_registry(**RULES)
        check_rows(registry.database)
        hands = DirectHands(registry, lambda length: clock.advance(length / 1e6))
        for number in range(settle(hands, done), len(SCRIPT)):
            clock.now = max(clock.now, time_after(number))
            if number == done:
                SCRIPT[number].do_again(hands)
            else:
                SCRIPT[number].do(hands)
        state = state_after(len(SCRIPT))
        look(hands, state)
        needed = {blob for content in state.values() for draft in content.manifests for blob in draft.blobs}
        nothing_is_left_over(registry, lambda length: clock.advance(length / 1e6), needed)
    finally:
        place.close()
