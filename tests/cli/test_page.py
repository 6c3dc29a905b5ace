from __future__ import annotations

import re

from typer.testing import CliRunner

from jettison.cli.exit_status import ExitStatus
from jettison.cli.main import app
from jettison.cli.page import page
from tests.support.parts import ROOT

VERBS = ("ls", "tags", "inspect", "du", "rm", "prune", "undo", "cp", "login", "logout")


def test_the_page_is_that_of_the_commands() -> None:
    """`python -m jettison.cli.page > docs/cli.md` would change nothing."""
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == page()


def test_every_verb_for_any_registry_teaches_by_examples() -> None:
    """Its help has examples that begin with it."""
    for verb in VERBS:
        shown = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "160"})
        assert shown.exit_code == 0
        assert f"jettison {verb} " in shown.output.split("Examples")[1], verb


def test_every_status_is_on_the_page() -> None:
    """One table has them all, each number once."""
    listed = re.findall(r"^\| (\d+) \|", page(), flags=re.MULTILINE)
    assert [int(number) for number in listed] == [status.value for status in ExitStatus]


def test_completion_offers_the_verbs() -> None:
    """The shell is told the verbs that begin like that."""
    environ = {"_JETTISON_COMPLETE": "complete_bash", "COMP_WORDS": "jettison pr", "COMP_CWORD": "1"}
    assert "prune" in CliRunner().invoke(app, [], env=environ, prog_name="jettison").output
