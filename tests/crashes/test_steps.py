"""A crash after each durable step of the rules (every transaction, every change of a file), and at the calls within."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.crashes.script import SCRIPT
from tests.crashes.steps import die, forks, go_on
from tests.support.clock import Clock
from tests.support.place import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACE = 8
"""On PostgreSQL, which keeps by itself what it was told, every eighth moment will do."""

CALLS = "fsync,fdatasync,link,linkat,unlink,unlinkat,pwrite64,ftruncate"
EACH_OF = 80
"""The first so many calls are those of the first push, and of the index after it: the process dies at each of them."""
PACE_OF_CALLS = 37


def test_a_crash_after_any_step_loses_nothing_and_leaves_nothing(
    fresh: Callable[[], Path], database_url: str | None
) -> None:
    """The act under way was done or was not; the script goes on from there; at its end, nothing is left over."""
    context = forks()
    folder = fresh()
    Place(folder, database_url, Clock()).open_database().close()
    done, moments = die(context, folder, database_url, None)
    assert done == len(SCRIPT)
    assert moments is not None
    some = range(0, moments, 1 if database_url is None else PACE)
    died = set()
    for moment in some:
        folder = fresh()
        done, ended = die(context, folder, database_url, moment)
        assert ended is None, f"moment {moment} of {moments} never came"
        died.add(done)
        go_on(folder, database_url, done)
    print(f"{len(some)} crashes, in {len(died)} of {len(SCRIPT)} acts")
    assert database_url is not None or len(died) == len(SCRIPT)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("database_url", [None], indirect=False, ids=["sqlite"])
def test_a_crash_within_a_step_loses_nothing_and_leaves_nothing(fresh: Callable[[], Path]) -> None:
    """The same for a process that dies before its n-th call that changes a file: each of a push, some of the rest."""
    context = forks()
    died = []
    for number in itertools.chain(range(1, EACH_OF), itertools.count(EACH_OF, PACE_OF_CALLS)):
        folder = fresh()
        done, ended = die(context, folder, None, None, partial(killed_at, number))
        if ended is not None:
            break
        died.append(done)
        go_on(folder, None, done)
    print(f"{len(died)} crashes, in {len(set(died))} of {len(SCRIPT)} acts")
    assert died.count(0) > 20
    assert len(set(died)) > len(SCRIPT) // 2


@contextmanager
def killed_at(number: int, pid: int) -> Iterator[None]:
    """Have the kernel kill the process as it enters its n-th of these calls, which is not carried out any more."""
    command = ["strace", "-f", "-e", f"trace={CALLS}", "-e", f"inject={CALLS}:signal=KILL:when={number}"]
    tracer = subprocess.Popen([*command, "-o", "/dev/null", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    try:
        assert "attached" in tracer.stderr.readline()
        yield
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()
