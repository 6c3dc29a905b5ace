"""A program that runs beside a test and never outlives it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_tests() -> None:
    # The kernel sends this when the thread that started the program ends, whatever ended it: a killed test run leaves
    # nothing behind. Hence daemons are started from the main thread, or from a thread that lives as long as they do.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class DaemonDied(AssertionError):
    """The program ended by itself; the message carries the end of its log."""


class Daemon:
    """A running program in its own session, its output in a file. A context manager: leaving it stops the program."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log_file = log
        self._name = Path(arguments[0]).name
        self._stop_signal = stop_signal
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environ is None else dict(environ),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_the_tests,  # noqa: PLW1509 - it makes one system call and takes no lock
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    @property
    def log(self) -> str:
        """All it has printed so far."""
        return self.log_file.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 15) -> None:
        """Wait until ``ready()``. Raises DaemonDied if the program ends first, TimeoutError when time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise DaemonDied(f"{self._name} ended with {self.process.returncode} before {what}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._name}: not {what} within {seconds:g} s:\n{self._log_end()}")
            time.sleep(0.02)

    def stop(self, seconds: float = 15) -> int:
        """Ask it to end, wait, and return its exit status (-N: ended by signal N); killed when time is up.

        Ended already: its status. What it started and left is killed. Raises TimeoutError where it had to be killed
        itself: a program that does not end when asked is a fault to see.
        """
        if not self.running:
            return self.kill()
        family = descendants(self.pid)
        self.process.send_signal(self._stop_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self._name} did not end within {seconds:g} s:\n{self._log_end()}") from None
        finally:
            self.kill()
            _kill(family)

    def kill(self) -> int:
        """End it and all it started with SIGKILL, as a power cut would; return its exit status."""
        family = descendants(self.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _kill(family)
        return self.process.wait()

    def _log_end(self) -> str:
        return "\n".join(self.log.splitlines()[-40:]) or "(it printed nothing)"


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that cannot be mistaken for a later one with the same id."""

    pid: int
    started: str


def descendants(pid: int) -> list[_Process]:
    """The children of ``pid`` and theirs, whatever sessions they made for themselves."""
    found: list[_Process] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                found += [*_process(child), *descendants(child)]
    return found


def _process(pid: int) -> list[_Process]:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [_Process(pid, started=after_name[19])]


def _kill(processes: Sequence[_Process]) -> None:
    for process in processes:
        if process in _process(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
