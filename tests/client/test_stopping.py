from __future__ import annotations

import os
import signal
import threading

import pytest

from jettison.client.stopping import stopping


def test_the_first_interruption_is_noted_and_the_second_raises() -> None:
    """What goes on can end by itself; who does not want to wait presses Ctrl-C again."""
    stopped = threading.Event()
    with stopping(stopped):
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_program_stays() -> None:
    """It knows better what SIGINT means there."""
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        stopped = threading.Event()
        with stopping(stopped):
            os.kill(os.getpid(), signal.SIGINT)
        assert (seen, stopped.is_set()) == ([signal.SIGINT], False)
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_may_use_it() -> None:
    """Signals come to the main thread alone: there is nothing to do elsewhere."""
    stopped, went = threading.Event(), threading.Event()

    def work() -> None:
        with stopping(stopped):
            went.set()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert went.is_set()
