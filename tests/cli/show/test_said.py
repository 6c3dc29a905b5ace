from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.cli.show.said import error, note, tell, warn
from tests.cli.show.test_data import NASTY


@pytest.mark.parametrize("say", [error, warn, note, tell])
def test_what_a_registry_says_changes_no_terminal(
    say: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A reason is shown with what is not printable escaped; its lines stay lines."""
    say(f"refused: {NASTY}\nsecond line")
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 2
    assert all(line.isprintable() for line in shown)
    assert "ü 日本" in shown[0]


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The mark alone has them; NO_COLOR takes them away."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    error("no")
    assert capsys.readouterr().err == "\x1b[1;31merror:\x1b[0m no\n"
    monkeypatch.setenv("NO_COLOR", "1")
    error("no")
    assert capsys.readouterr().err == "error: no\n"
