"""`jettison VERB` in a process of its own, for the registry that a server serves or has served."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .command import run
from .parts import ROOT, find

Done = subprocess.CompletedProcess[str]


def verb(*arguments: object, environ: Mapping[str, str] | None = None, cwd: Path | None = None, sent: str = "") -> Done:
    """Run it to its end, without a terminal, with ``sent`` on its stdin; what it printed, and its status."""
    return run(_command(arguments), environ=_environ(environ), cwd=cwd, check=False, sent=sent)


def verb_on_a_terminal(*arguments: object, typed: str = "", environ: Mapping[str, str] | None = None) -> Done:
    """Run it as a person does, who types ``typed``; ``stdout`` has all that the terminal showed."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        process = subprocess.Popen(
            _command(arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=_environ(environ), close_fds=True
        )
        os.close(theirs)
        shown = _read_all(ours)
        return subprocess.CompletedProcess(process.args, process.wait(60), shown, "")
    finally:
        os.close(ours)


def verb_that_asks(*arguments: object, answers: Sequence[tuple[str, str]]) -> Done:
    """Run it as a person does who answers each question, once it is asked; ``stdout`` has all that was shown."""
    ours, theirs = pty.openpty()
    try:
        # In a session of its own: a question must not be asked at the terminal of whoever runs the tests.
        process = subprocess.Popen(
            _command(arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=_environ(None), start_new_session=True
        )
        os.close(theirs)
        shown = "".join(_answer(ours, question, answer) for question, answer in answers) + _read_all(ours)
        return subprocess.CompletedProcess(process.args, process.wait(60), shown, "")
    finally:
        os.close(ours)


def _answer(terminal: int, question: str, answer: str) -> str:
    shown = ""
    while not shown.endswith(question):
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            raise AssertionError(f"it ended instead of asking {question!r}: {shown}") from None
        shown += piece.decode(errors="replace")
    os.write(terminal, f"{answer}\n".encode())
    return shown


def _read_all(terminal: int) -> str:
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how a terminal says that nobody has it open any more
            return shown.decode(errors="replace")
        if not piece:
            return shown.decode(errors="replace")
        shown += piece


def _command(arguments: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-m", "jettison", *map(str, arguments)]


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("REGISTRY_", "JETTISON_"))}
    # Debian keeps pg_dump off PATH where its wrapper is not installed.
    dump = find("pg_dump")
    path = os.pathsep.join([*([str(dump.parent)] if dump else []), os.environ.get("PATH", os.defpath)])
    # Empty, it names no file: that of a registry installed on this machine is none of a test's.
    ours = {"REGISTRY_CONFIGURATION_PATH": "", "PYTHONPATH": str(ROOT / "src"), "PATH": path, "TERM": "xterm"}
    return {**inherited, **ours, **(more or {})}
