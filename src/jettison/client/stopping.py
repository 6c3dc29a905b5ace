"""Ctrl-C while something goes on that must not be left in the middle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping(stopped: threading.Event) -> Iterator[None]:
    """Inside of it the first Ctrl-C sets `stopped`, in place of raising KeyboardInterrupt wherever that may be.

    The second one raises. A program with a handler of its own for SIGINT keeps that, as does any thread but the main
    one, to which KeyboardInterrupt never comes.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
