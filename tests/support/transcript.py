"""A terminal session as a test: what is typed, and what must be printed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .command import run

PORT = 5000
"""The port of the registry, as a transcript has it."""

_PROMPT = "$ "
_MARK = "--- printed ---"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell in the folder ``cwd``, for which the registry is on ``port``."""

    port: int
    environ: Mapping[str, str]
    cwd: Path

    def play(self, transcript: str, seconds: float = 60) -> None:
        """Type every line that begins with a prompt; the lines below it are what must be printed.

        ``...`` stands for any text, over several lines too. What is set in one line is there in the next. Raises
        AssertionError with the first command that printed something else.
        """
        typed = _parse(transcript)
        printed = self._run([command for command, _ in typed], seconds)
        for (command, expected), actual in zip(typed, printed, strict=True):
            pattern = re.escape(expected).replace(re.escape("..."), ".*")
            assert re.fullmatch(pattern, actual, re.DOTALL), f"$ {command}\n{actual}\n\ninstead of\n{expected}"

    def _run(self, commands: list[str], seconds: float) -> list[str]:
        script = "exec 2>&1\n" + "".join(f"{command}\necho '{_MARK}'\n" for command in commands)
        script = script.replace(f"localhost:{PORT}", f"localhost:{self.port}")
        done = run(["sh", "-c", script], environ=self.environ, cwd=self.cwd, seconds=seconds)
        printed = done.stdout.replace(f"localhost:{self.port}", f"localhost:{PORT}")
        return [part.strip() for part in printed.split(_MARK)[:-1]]


def _parse(transcript: str) -> list[tuple[str, str]]:
    typed: list[tuple[str, list[str]]] = []
    for line in textwrap.dedent(transcript).strip().splitlines():
        if line.startswith(_PROMPT):
            typed.append((line.removeprefix(_PROMPT), []))
        else:
            assert typed, f"nothing is typed before: {line}"
            typed[-1][1].append(line)
    return [(command, "\n".join(lines).strip()) for command, lines in typed]
