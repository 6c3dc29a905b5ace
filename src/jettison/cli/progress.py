"""How far a long work is, on a terminal's stderr: a bar for each part, with its rate and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jettison.cli.sizes import short_size

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, Task

    from jettison.registry.finding import Progress, Tell

_EVERY = 0.1
"""Seconds between two looks at the same part: what changes faster nobody reads."""


@contextmanager
def progress(*, shown: bool = True) -> Iterator[Tell]:
    """Shows what it is told, while the work is done. Nothing where stderr is no terminal."""
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    columns: list[str | ProgressColumn] = [
        "{task.description}",
        rich.BarColumn(),
        "{task.fields[so_far]}",
        "{task.fields[rate]}",
        rich.TimeRemainingColumn(),
    ]
    hidden = not (shown and console.is_terminal)
    with rich.Progress(*columns, console=console, disable=hidden, redirect_stdout=False, redirect_stderr=False) as bars:
        yield _teller(bars.add_task, bars.update, lambda id: bars.tasks[id])


def _teller(add: Callable[..., int], update: Callable[..., None], task: Callable[[int], Task]) -> Tell:
    parts: dict[str, tuple[int, float]] = {}

    def tell(said: Progress) -> None:
        known = parts.get(said.part)
        now = time.monotonic()
        if known is not None and now - known[1] < _EVERY and said.done < said.total:
            return
        id = add(said.part, total=said.total, so_far="", rate="") if known is None else known[0]
        parts[said.part] = (id, now)
        speed = task(id).finished_speed or task(id).speed or 0
        shown = short_size if said.in_bytes else str
        update(
            id,
            completed=said.done,
            total=said.total,
            so_far=f"{shown(said.done)} of {shown(said.total)}",
            rate=f"{shown(round(speed))}/s" if speed else "",
        )

    return tell
