"""That something goes on, on a terminal's stderr, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def working(what: str) -> Iterator[None]:
    """A sign of life while something is read. Nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from jettison.cli.show.terminal import console

    with console(err=True).status(what):
        yield


@contextmanager
def counting(what: str, total: int | None, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar; what it gives is told how many more are done. Nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda more: None
        return
    from rich import progress as rich

    from jettison.cli.show.terminal import console

    amount = rich.DownloadColumn() if in_bytes else rich.MofNCompleteColumn()
    columns: list[str | rich.ProgressColumn] = [
        "{task.description}",
        rich.BarColumn(),
        amount,
        rich.TimeElapsedColumn(),
    ]
    # What is printed meanwhile stands above the bar; where stdout goes elsewhere, it is left alone.
    aside = sys.stdout.isatty()
    with rich.Progress(*columns, console=console(err=True), transient=True, redirect_stdout=aside) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)
