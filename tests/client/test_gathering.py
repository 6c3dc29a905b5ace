from __future__ import annotations

import threading
from functools import partial

import pytest

from jettison.client.gathering import Gathering


def test_an_error_comes_at_its_turn() -> None:
    """Results before it are given; nothing is begun after it."""
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ValueError(number)
        return number

    results = Gathering(1).run(partial(work, number) for number in range(100))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="3"):
        next(results)
    assert len(begun) < 10


def test_work_inside_of_work_does_not_wait_for_itself() -> None:
    """Every thread gathers more than there are threads: it is done all the same."""
    gathering = Gathering(2)

    def outer(number: int) -> int:
        return sum(gathering.run(partial(int, each) for each in range(number)))

    assert list(gathering.run(partial(outer, number) for number in range(20))) == [sum(range(n)) for n in range(20)]


def test_work_of_another_bound_inside_of_work_has_threads_of_its_own() -> None:
    """Two registries: each has its bound, and neither waits for the other's."""
    one, other = Gathering(2), Gathering(2)
    names = set(one.run([lambda: next(other.run([threading.current_thread]))] * 4))
    assert names <= set(threading.enumerate()) | names
    assert threading.current_thread() not in names


def test_the_first_are_begun_before_a_result_is_asked_for() -> None:
    """So that something else can be done meanwhile."""
    begun = threading.Event()
    results = Gathering(1).run([begun.set])
    assert begun.wait(10)
    assert list(results) == [None]
