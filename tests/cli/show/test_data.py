from __future__ import annotations

import json

import pytest

from jettison.cli.show.data import document, json_line, printable

NASTY = "red \x1b[31m \x9b31m \x7f \u202e\u2066 \U000e0001 \ud800 ü 日本"


@pytest.mark.parametrize("write", [document, json_line])
def test_nothing_that_changes_a_terminal_is_printed(write: object, capsys: pytest.CaptureFixture[str]) -> None:
    """It is escaped, so that whoever reads the JSON gets it all the same; letters of any language stay."""
    assert callable(write)
    write({"text": NASTY})
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.splitlines())
    assert "ü 日本" in shown
    assert json.loads(shown) == {"text": NASTY}


def test_what_is_printable_stays_as_it_is() -> None:
    """Only the rest is escaped."""
    assert printable("ü 日本 [bold]") == "ü 日本 [bold]"
    assert printable("a\nb\x1b") == "a\\nb\\u001b"
