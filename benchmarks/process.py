"""One server process and its descendants: started, watched, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Linux numbers the processor clock of a process so (clock_getcpuclockid); it counts nanoseconds,
# where /proc/<pid>/stat counts hundredths of a second.
_CPUCLOCK_SCHED = 2


class NotStarted(Exception):
    """A server ended, or did not answer in time; the message holds the end of its log."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A server in a session of its own, with its output in a file. `start_seconds` is the time to its first answer."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path, port: int) -> None:
        """Start `command` and wait until it answers HTTP on `port`. Raises NotStarted."""
        self.log = log
        began = time.perf_counter()
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                command,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await_answer(port, began + START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - began

    def cpu_seconds(self) -> float:
        """Processor time, user and system, of the process and its living descendants."""
        return sum(time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED) for pid in self._family())

    def peak_resident_bytes(self) -> int:
        """The sum of the most memory that each process of the family ever had resident (VmHWM)."""
        return sum(_peak(pid) for pid in self._family())

    def stop(self) -> None:
        """End the process by SIGTERM, and whatever is left of its session by SIGKILL."""
        self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(STOP_SECONDS)

    def _await_answer(self, port: int, deadline: float) -> None:
        while not _answers(port):
            if self._child.poll() is not None or time.perf_counter() > deadline:
                ending = self.log.read_text(errors="replace")[-2000:]
                raise NotStarted(f"{self._child.args!r} does not answer on port {port}. Its log ends with:\n{ending}")
            time.sleep(0.005)

    def _family(self) -> list[int]:
        family = [self._child.pid]
        for pid in family:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                family.extend(int(child) for child in (thread / "children").read_text().split())
        return family


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(9).startswith(b"HTTP/1.")
    except OSError:
        return False


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/{pid}/status has no VmHWM")
