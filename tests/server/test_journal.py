from __future__ import annotations

import os
import time
from pathlib import Path

from jettison.server import journal
from jettison.server.journal import Journal
from tests.server.running import until


def test_lines_are_written_in_order_and_soon(tmp_path: Path) -> None:
    """What was added appears without anything being closed."""
    file = tmp_path / "log"
    with file.open("wb") as out, Journal(out.fileno()) as lines:
        lines.add("one")
        lines.add("two")
        assert until(lambda: file.read_text() == "one\ntwo\n")
        lines.add("three")
        assert until(lambda: file.read_text() == "one\ntwo\nthree\n")


def test_leaving_writes_what_is_left(tmp_path: Path) -> None:
    """Nothing that was added before the end is lost."""
    file = tmp_path / "log"
    with file.open("wb") as out, Journal(out.fileno()) as lines:
        for number in range(5000):
            lines.add(str(number))
    assert file.read_text().splitlines() == [str(number) for number in range(5000)]


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    """With a full pipe, adding and leaving take no time; the number of lines dropped is told once it is read again."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        lines = Journal(writer.fileno()).__enter__()
        started = time.monotonic()
        for _ in range(3 * journal.MOST_LINES):
            lines.add("x" * 100)
        assert time.monotonic() - started < 5
        written = b""
        while b"lines of the log were dropped here" not in written:
            written += os.read(reader.fileno(), 1 << 20)
            lines.add("more")
        lines.close()


def test_leaving_a_full_pipe_does_not_wait_for_ever() -> None:
    """A reader that never reads costs the end of the process a moment, not all of it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        lines = Journal(writer.fileno()).__enter__()
        lines.add("x" * 1_000_000)
        started = time.monotonic()
        lines.close(0.2)
        assert time.monotonic() - started < 2
        while os.read(reader.fileno(), 1 << 20)[-1:] != b"\n":
            pass


def test_a_reader_that_has_gone_is_no_error() -> None:
    """Where standard error is closed, logging goes on into nothing."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as writer, Journal(writer.fileno()) as lines:
        lines.add("lost")


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    """A name from a file system may hold what no encoding has."""
    file = tmp_path / "log"
    with file.open("wb") as out, Journal(out.fileno()) as lines:
        lines.add("a\udcffb")
    assert file.read_text() == "a\\udcffb\n"
