from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from jettison.cli.main import app


def _commands(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, *names, name)


def _found(names: tuple[str, ...]) -> Any:
    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    return command


@pytest.mark.parametrize("names", list(_commands(typer.main.get_command(app))), ids=" ".join)
def test_each_example_has_a_line_of_its_own(names: tuple[str, ...]) -> None:
    """The help of each verb shows the examples that its text has, as they are written there."""
    examples = [line.strip() for line in _found(names).help.splitlines() if line.startswith("    ")]
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert set(examples) <= {line.strip() for line in shown.output.splitlines()}
    assert bool(examples) == ("Examples" in shown.output)


def test_all_verbs_are_found() -> None:
    """Those of groups too."""
    found = {" ".join(names) for names in _commands(typer.main.get_command(app))}
    assert {"", "serve", "rm", "garbage-collect", "grant add", "user list", "keys rotate"} <= found
