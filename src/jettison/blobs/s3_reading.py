"""Reading an object in pieces, from one answer or, where that breaks off, from several."""

from __future__ import annotations

import time
from collections.abc import Generator

from jettison.blobs.answers import Refused, answered
from jettison.blobs.objects import Objects, Opened
from jettison.blobs.store import BytesMissing, Unreachable

_TIMES = 3
_PAUSE = 0.2


def pieces(objects: Objects, name: str, start: int, stop: int | None, size: int) -> Generator[bytes, None, None]:
    """First nothing, the object being open; then its bytes in pieces of ``size``. Raises BytesMissing, Unreachable."""
    opened, end = _open(objects, name, start, stop)
    yield b""
    broken = 0
    try:
        while start < end:
            try:
                with answered():
                    piece = opened.body.read(min(size, end - start)) if opened else b""
            except Unreachable:
                # The engine was restarted, or a connection between was cut: the bytes are still the same.
                broken += 1
                if broken == _TIMES:
                    raise
                time.sleep(_PAUSE * broken)
                _close(opened)
                opened, _ = _open(objects, name, start, end)
                continue
            if not piece:
                raise _cut_short(name, start, end)
            start += len(piece)
            yield piece
    finally:
        _close(opened)


def _open(objects: Objects, name: str, start: int, stop: int | None) -> tuple[Opened | None, int]:
    """The object from ``start`` on, and where to end; no object where no byte is asked for."""
    if start == stop:
        _end(objects, name, start)
        return None, start
    try:
        opened = objects.open(name, start, stop)
    except Refused as refused:
        if refused.code != "InvalidRange":
            raise
        # No byte lies at `start`; that is an error unless it is the end and none is asked for.
        size = _end(objects, name, start)
        if stop is None and size == start:
            return None, start
        raise _cut_short(name, size, stop or start) from refused
    if opened is None:
        raise _gone(name)
    end = opened.size if stop is None else stop
    if opened.size < max(start, end):
        opened.body.close()
        raise _cut_short(name, opened.size, max(start, end))
    return opened, end


def _end(objects: Objects, name: str, wanted: int) -> int:
    found = objects.look(name)
    if found is None:
        raise _gone(name)
    if found.size < wanted:
        raise _cut_short(name, found.size, wanted)
    return found.size


def _close(opened: Opened | None) -> None:
    if opened is not None:
        opened.body.close()


def _gone(name: str) -> BytesMissing:
    return BytesMissing(f"{name} is gone: push what needs it again, or bring it back from a backup")


def _cut_short(name: str, there: int, wanted: int) -> BytesMissing:
    return BytesMissing(
        f"{name} ends after {there} bytes where {wanted} were stored: push what needs it again, "
        "or bring it back from a backup"
    )
