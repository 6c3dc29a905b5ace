from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.transcript import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell, and no registry."""
    return Terminal(15000, os.environ, tmp_path)


def test_what_is_printed_must_be_as_written(terminal: Terminal) -> None:
    """Lines are compared; dots stand for anything; a line that prints nothing has nothing below it."""
    terminal.play("""
        $ name=world
        $ echo hello $name
        hello world
        $ printf 'one\\ntwo\\nthree'
        one
        ...ree
        $ echo localhost:5000 | tr l L
        LocaLhost:15000
    """)


@pytest.mark.parametrize("printed", ["hello", "hello world, again", "...there", ""])
def test_anything_else_fails(terminal: Terminal, printed: str) -> None:
    """More, less or other text than written is a failure that shows the command."""
    with pytest.raises(AssertionError, match=r"\$ echo hello world"):
        terminal.play(f"$ echo hello world\n{printed}")
