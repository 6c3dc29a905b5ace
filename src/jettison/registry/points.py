"""Named points between the steps of a rule, where a test can hold it while another rule runs."""

from __future__ import annotations

from collections.abc import Callable

_watch: Callable[[str], None] | None = None


def reach(point: str) -> None:
    """Say that ``point`` is reached; costs nothing unless a test watches."""
    if _watch is not None:
        _watch(point)


def watch(watcher: Callable[[str], None] | None) -> None:
    """Have ``watcher`` called at every point, in the thread that reaches it; None ends it. For tests."""
    global _watch  # noqa: PLW0603 - one process, one watcher: passing it through every rule would serve tests only
    _watch = watcher
