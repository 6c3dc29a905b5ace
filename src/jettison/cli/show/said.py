"""Lines on stderr: what went wrong, what one should know. NO_COLOR is kept (no-color.org)."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

from jettison.cli.show.data import printable

_COLOURS: Final = {"error": "31", "warning": "33", "note": "36"}


def coloured(stream: TextIO) -> bool:
    """Whether colours are shown on it: on a terminal, unless NO_COLOR is set or the terminal is dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def error(message: str) -> None:
    """Why the command ends, or an item of it failed, and what to do."""
    _say("error", message)


def warn(message: str) -> None:
    """What is done all the same, though somebody may not want that."""
    _say("warning", message)


def note(message: str) -> None:
    """What one should know."""
    _say("note", message)


def tell(message: str) -> None:
    """A line of its own words, and of names and reasons that others wrote: nothing in it changes a terminal."""
    _print(message, "")


def _say(kind: str, message: str) -> None:
    mark = f"\x1b[1;{_COLOURS[kind]}m{kind}:\x1b[0m" if coloured(sys.stderr) else f"{kind}:"
    _print(message, f"{mark} ")


def _print(message: str, mark: str) -> None:
    print(mark + "\n".join(map(printable, message.split("\n"))), file=sys.stderr)  # noqa: T201
