from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from typer.testing import CliRunner

from jettison import __version__
from jettison.cli.main import app
from tests.support.parts import ROOT

_HEAVY = {"apsw", "fastapi", "granian", "jettison.server", "jettison.settings", "psycopg", "pydantic", "uvloop", "yaml"}


def test_the_version_is_printed() -> None:
    """`jettison --version` prints the name and the version, and nothing else."""
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"jettison {__version__}\n")


def test_the_version_is_the_projects() -> None:
    """The package and its project file say the same version."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--help"], ["jettison serve config.yml", "curl -X DELETE localhost:5000/v2/repo1", "--version", "serve"]),
        (["serve", "--help"], ["REGISTRY_HTTP_ADDR=:5000 jettison serve", "[CONFIG]", "127.0.0.1:5000", "./data"]),
    ],
)
def test_help_teaches_by_examples(arguments: list[str], lines: list[str]) -> None:
    """Help shows what to type, each example whole and on a line of its own."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})
    assert result.exit_code == 0
    for line in lines:
        assert any(line in printed for printed in result.output.splitlines())
    examples = [printed.strip() for printed in result.output.splitlines() if "jettison serve" in printed]
    assert all(example.count("jettison serve") == 1 for example in examples)


def test_without_a_verb_there_is_help() -> None:
    """`jettison` alone prints its help."""
    assert "serve" in CliRunner().invoke(app, []).output


def test_an_unknown_verb_is_a_usage_error() -> None:
    """A misspelled verb exits with 2 and names the one that was meant."""
    result = CliRunner().invoke(app, ["sevre"])
    assert result.exit_code == 2
    assert "'serve'" in result.output


def test_the_command_loads_no_server() -> None:
    """Help and completion stay quick: nothing of the server or of the settings is imported for them."""
    code = f"import sys, jettison.cli.main; print(sorted({_HEAVY!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_module_is_the_command() -> None:
    """`python -m jettison` is `jettison`."""
    result = subprocess.run(
        [sys.executable, "-m", "jettison", "--version"],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"jettison {__version__}\n"
