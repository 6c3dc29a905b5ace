from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from jettison.cli.go_flags import GoFlags

app = typer.Typer()


@app.command(cls=GoFlags)
def collect(
    config: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-d")] = False,
    delete_untagged: Annotated[bool, typer.Option("--delete-untagged", "-m")] = False,
    age: Annotated[str, typer.Option("--age")] = "",
) -> None:
    """Say what it was given."""
    typer.echo(f"{config} {dry_run} {delete_untagged} {age}")


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [
        (["config.yml"], "config.yml False False "),
        (["config.yml", "-m", "-d"], "config.yml True True "),
        (["-m", "config.yml", "--dry-run"], "config.yml True True "),
        (["-dm", "config.yml"], "config.yml True True "),
        (["--delete-untagged=true", "config.yml"], "config.yml False True "),
        (["config.yml", "-m=true", "--dry-run=1"], "config.yml True True "),
        (["--delete-untagged=false", "config.yml", "-d=T"], "config.yml True False "),
        (["--age=true", "config.yml"], "config.yml False False true"),
        (["-d", "--", "--dry-run=true"], "--dry-run=true True False "),
    ],
)
def test_switches_are_spelled_as_in_distributions_commands(arguments: list[str], understood: str) -> None:
    """In any order, before the file and after it, short, joined, and with a value."""
    result = CliRunner().invoke(app, arguments)

    assert (result.exit_code, result.stdout) == (0, f"{understood}\n")


def test_what_is_no_truth_value_is_refused() -> None:
    """A switch with any other value is an error, not a switch that is on."""
    assert CliRunner().invoke(app, ["--dry-run=perhaps", "config.yml"]).exit_code == 2
