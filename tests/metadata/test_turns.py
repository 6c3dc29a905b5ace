from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import pytest

from jettison.metadata.turns import Ticket, Turns

SECONDS = 20


class Commits:
    """Settles tickets with what their work returns; the first batch waits until it may go on."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.first_has_begun = threading.Event()
        self.may_go_on = threading.Event()
        self.turns = Turns(self._commit)

    def _commit(self, batch: list[Ticket]) -> None:
        self.batches.append(len(batch))
        if len(self.batches) == 1:
            self.first_has_begun.set()
            assert self.may_go_on.wait(SECONDS)
        for ticket in batch:
            try:
                ticket.settle(ticket.work(None))
            except ValueError as error:
                ticket.settle(error=error)

    def take(self, work: Callable[[], Any]) -> Any:
        """What a thread does."""
        return self.turns.take(Ticket(lambda _: work(), durable=True))

    def queued(self) -> int:
        """How many wait behind the one that has the turn."""
        return len(self.turns._waiting)


def queue_behind_the_first(
    commits: Commits, threads: ThreadPoolExecutor, works: list[Callable[[], Any]]
) -> list[Future[Any]]:
    """Have the first work in its turn while all others wait for theirs, then let it go on."""
    first = threads.submit(commits.take, works[0])
    assert commits.first_has_begun.wait(SECONDS)
    others = [threads.submit(commits.take, work) for work in works[1:]]
    for _ in range(SECONDS * 1000):
        if commits.queued() == len(others):
            break
        threading.Event().wait(0.001)
    assert commits.queued() == len(others)
    commits.may_go_on.set()
    futures = [first, *others]
    wait(futures, timeout=SECONDS)
    return futures


def test_all_who_wait_share_one_commit() -> None:
    """While one commits, five others queue: they are the next batch, and each gets its own result."""
    commits = Commits()
    with ThreadPoolExecutor(6) as threads:
        futures = queue_behind_the_first(commits, threads, [partial(int, number) for number in range(6)])
        assert [future.result() for future in futures] == list(range(6))
    assert commits.batches == [1, 5]


def test_an_error_is_raised_in_its_own_thread() -> None:
    """Whoever commits for others does not raise what they did wrong."""

    def fail() -> None:
        raise ValueError("mine")

    commits = Commits()
    with ThreadPoolExecutor(3) as threads:
        first, failed, fine = queue_behind_the_first(commits, threads, [lambda: 1, fail, lambda: 3])
        assert (first.result(), fine.result()) == (1, 3)
        with pytest.raises(ValueError, match="mine"):
            failed.result()


def test_one_after_another_each_has_its_own_commit() -> None:
    """Nobody waits for company."""
    commits = Commits()
    commits.may_go_on.set()
    assert [commits.take(partial(int, number)) for number in range(3)] == [0, 1, 2]
    assert commits.batches == [1, 1, 1]


class Interrupted(BaseException):
    """What a Ctrl+C is to the thread that has the turn."""


def test_an_interrupted_turn_leaves_the_others_theirs() -> None:
    """The thread that is interrupted raises; the writes that it had taken with its own are committed by others."""
    interrupted = threading.Event()

    def interrupt() -> int:
        if not interrupted.is_set():
            interrupted.set()
            raise Interrupted
        return 1

    commits = Commits()
    with ThreadPoolExecutor(4) as threads:
        futures = queue_behind_the_first(commits, threads, [lambda: 0, interrupt, lambda: 2, lambda: 3])
        outcomes = [future.exception() or future.result() for future in futures]
    raised = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Interrupted)]
    assert len(raised) == 1
    assert [outcome for number, outcome in enumerate(outcomes) if number not in raised] == [
        number for number in range(4) if number not in raised
    ]
    assert commits.queued() == 0
