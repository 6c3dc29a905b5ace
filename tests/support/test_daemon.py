from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import run
from tests.support.daemon import Daemon, DaemonDied, descendants
from tests.support.parts import ROOT

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print("up", flush=True)
time.sleep(60)
"""


def python(code: str, folder: Path) -> Daemon:
    """A running Python program."""
    return Daemon([sys.executable, "-c", code], folder / "log")


def gone(pid: int) -> bool:
    """Whether the process ends within a moment."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_program_that_ends_too_early_shows_its_log(tmp_path: Path) -> None:
    """Waiting for a program that ends raises with its exit status and what it printed."""
    with python("print('no disk'); raise SystemExit(3)", tmp_path) as daemon, pytest.raises(DaemonDied) as caught:
        daemon.wait_until(lambda: False, "ready")

    assert "ended with 3 before ready" in str(caught.value)
    assert "no disk" in str(caught.value)


def test_a_program_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    """Waiting has an end, and says what was waited for."""
    sleeper = python("import time; time.sleep(60)", tmp_path)
    with sleeper as daemon, pytest.raises(TimeoutError, match="not ready within"):
        daemon.wait_until(lambda: False, "ready", seconds=0.1)


def test_a_program_that_will_not_end_is_killed_and_reported(tmp_path: Path) -> None:
    """A stop that had to kill is an error, and the program is dead all the same."""
    daemon = python(STUBBORN, tmp_path)
    daemon.wait_until(lambda: "up" in daemon.log, "up")

    with pytest.raises(TimeoutError, match="did not end within"):
        daemon.stop(seconds=0.2)

    assert daemon.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_a_program_started_ends_with_it(tmp_path: Path, end: str) -> None:
    """Children go too, even those in sessions of their own."""
    daemon = python(PARENT, tmp_path)
    daemon.wait_until(lambda: "up" in daemon.log, "up")
    children = descendants(daemon.pid)
    assert len(children) == 1

    getattr(daemon, end)()

    assert gone(children[0].pid)


def test_a_killed_test_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the tests themselves are killed, the kernel ends what they started."""
    code = f"""
import os, signal, sys
from pathlib import Path
from tests.support.daemon import Daemon
daemon = Daemon([sys.executable, "-c", "import time; time.sleep(60)"], Path({str(tmp_path)!r}) / "log")
print(daemon.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = run([sys.executable, "-c", code], environ=environ, cwd=ROOT, check=False)

    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))
