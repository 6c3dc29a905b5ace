"""Running a client program to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run(
    command: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
    seconds: float = 100,
    sent: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a client to its end, with ``sent`` on its stdin, and return what it printed.

    Raises AssertionError with its output where ``check`` is set and it fails, TimeoutExpired when time is up.
    """
    done = subprocess.run(
        command,
        env=environ,
        cwd=cwd,
        input=sent,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if check and done.returncode != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise AssertionError(f"`{shown}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done
