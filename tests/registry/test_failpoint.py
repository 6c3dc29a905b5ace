from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from jettison.registry.failpoint import VARIABLE, arm
from jettison.registry.points import reach
from tests.support.parts import ROOT

REACHING = """
import os, threading
from jettison.registry.failpoint import arm
from jettison.registry.points import reach
arm(os.environ)
for number in range(1, 5):
    reach("other")
    thread = threading.Thread(target=reach, args=("here",))
    thread.start()
    thread.join()
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("failpoint", "printed"), [("here", []), ("here:1", []), ("here:3", ["1", "2"]), ("here:9", list("1234"))]
)
def test_a_process_dies_where_it_was_told_to(failpoint: str, printed: list[str]) -> None:
    """By SIGKILL, at the point that was named, for the time that was named, in whatever thread."""
    environ = {"PYTHONPATH": str(ROOT / "src"), VARIABLE: failpoint}
    done = subprocess.run([sys.executable, "-c", REACHING], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.split() == printed
    assert done.returncode == (0 if len(printed) == 4 else -signal.SIGKILL), done.stderr


def test_without_the_variable_nothing_dies() -> None:
    """Points cost nothing, and end nothing, where nobody asked for it."""
    arm({})
    arm({VARIABLE: ""})
    reach("here")


def test_what_is_no_number_of_times_is_refused() -> None:
    """A test that misspells its failpoint must not pass because nothing died."""
    with pytest.raises(ValueError, match="twice"):
        arm({VARIABLE: "here:twice"})
