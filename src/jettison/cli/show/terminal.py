"""Rich's consoles, one for each stream. They keep NO_COLOR, and what is no terminal gets plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

LONGEST: Final = 10_000
"""Columns: more than any line has."""

if TYPE_CHECKING:
    from rich.console import Console


def console(*, err: bool = False, width: int | None = None) -> Console:
    """The console of stdout, or of stderr; of another `width` than the terminal's if that is given."""
    from rich.console import Console

    return Console(stderr=err, width=width, highlight=False, markup=False, emoji=False)


def draw(shown: Any, *, err: bool = False) -> None:
    """Print something of Rich's, whose lines are never cut nor broken."""
    console(err=err, width=LONGEST).print(shown, soft_wrap=True)
