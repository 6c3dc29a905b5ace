"""A crash of the server, and of the command beside it, at every named point between the steps of its rules."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.sqlite import SQLiteDatabase, system_time
from jettison.registry.failpoint import VARIABLE
from jettison.registry.registry import Registry
from tests.crashes.aftermath import nothing_is_left_over
from tests.crashes.over_http import CONFIG, Died, HttpHands
from tests.crashes.script import SCRIPT, look, settle, state_after
from tests.crashes.test_move import POINTS as MOVED
from tests.support.parts import ROOT
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

COMMANDS = (["garbage-collect", "--delete-untagged", "--purge-deleted"],)
"""What is run beside the server for a point that its requests do not come to."""


def points() -> list[str]:
    """The names of all points in the source: a new one is tried without a word here."""
    found = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach":
                [name] = node.args
                assert isinstance(name, ast.Constant), f"{file}:{node.lineno}: the name of a point is written out"
                found.add(str(name.value))
    return sorted(found)


def test_those_of_a_move_are_tried_by_its_own_test() -> None:
    """They are not of a server, nor of what runs beside it."""
    assert {point.partition(":")[0] for point in MOVED} == {name for name in points() if name.startswith("move.")}


@pytest.mark.parametrize("point", [name for name in points() if not name.startswith("move.")])
def test_a_crash_at_a_named_point_loses_nothing_and_leaves_nothing(point: str, tmp_path: Path) -> None:
    """The act under way was done or was not; the script goes on from there; at its end, nothing is left over."""
    server = JettisonServer(tmp_path / "data", config=CONFIG, environ={VARIABLE: f"{point}:1"})
    with server:
        done = until_it_dies(server)
    survived = done == len(SCRIPT)
    server = JettisonServer(tmp_path / "data", config=CONFIG)
    with server:
        if survived:
            assert any(command_dies(server, point, command) for command in COMMANDS), f"nothing here comes to {point}"
        else:
            go_on(server, done)
    leave(tmp_path / "data", purged=survived)


def until_it_dies(server: JettisonServer) -> int:
    """Do the script; how many acts were done when the server died, or all of them."""
    hands = HttpHands(server.port)
    try:
        for number, each in enumerate(SCRIPT):
            try:
                each.do(hands)
            except Died:
                assert server.daemon is not None
                assert server.daemon.process.wait(10) == -signal.SIGKILL, server.log
                server.kill()
                return number
    finally:
        hands.close()
    return len(SCRIPT)


def go_on(server: JettisonServer, done: int) -> None:
    """Look what is there after the crash, do the rest of the script, and look again."""
    hands = HttpHands(server.port)
    for number in range(settle(hands, done), len(SCRIPT)):
        if not SCRIPT[number].days:
            (SCRIPT[number].do_again if number == done else SCRIPT[number].do)(hands)
    look(hands, state_after(len(SCRIPT)))
    hands.close()


def command_dies(server: JettisonServer, point: str, arguments: list[str]) -> bool:
    """Whether the command dies at the point. What was there is there after it, and a second one does its work."""
    command = [sys.executable, "-m", "jettison", arguments[0], *arguments[1:], str(server.config_file)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    first = subprocess.run(command, env={**environ, VARIABLE: f"{point}:1"}, capture_output=True, check=False)
    hands = HttpHands(server.port)
    tagged = {name: set(each.tags.values()) for name, each in state_after(len(SCRIPT)).items()}
    for name, drafts in tagged.items():
        for draft in drafts:
            assert hands.manifest(name, str(draft.digest)) == draft.content
    hands.close()
    second = subprocess.run(command, env=environ, capture_output=True, check=False, text=True)
    assert second.returncode == 0, second.stderr
    return first.returncode == -signal.SIGKILL


def leave(data: Path, *, purged: bool) -> None:
    """What is left once all time has passed is what the script's end needs; ``purged``: what of it tags need."""
    shift = [0]

    def advance(length: int) -> None:
        shift[0] += length

    database = SQLiteDatabase(data / "jettison.db", clock=lambda: system_time() + shift[0])
    registry = Registry(database, FilesystemBlobs(data))
    contents = state_after(len(SCRIPT)).values()
    kept = {draft for each in contents for draft in (each.tags.values() if purged else each.manifests)}
    kept |= {child for draft in kept for child in draft.children}
    try:
        nothing_is_left_over(registry, advance, {blob for draft in kept for blob in draft.blobs})
    finally:
        registry.close()
