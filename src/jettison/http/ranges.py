"""Ranges of bytes: those a client asks for of a blob, and those it says it sends of an upload."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jettison.oci.errors import RangeInvalid, quoted

_LARGEST: Final = 2**63 - 1

_asked = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.ASCII | re.IGNORECASE).fullmatch
_sent = re.compile(r"(?:bytes[ =])?([0-9]+)-([0-9]+)(?:/(\*|[0-9]+))?", re.ASCII | re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `stop`, the latter excluded."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """The value of Content-Range for this part of `size` bytes (RFC 9110, 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def parse_range(header: str | None, size: int) -> Span | None:
    """What a GET with this Range is to be served of a blob of `size` bytes; None is the whole (RFC 9110, 14.2).

    The whole is served, as the RFC allows, for several ranges at once, for other units, for what cannot be read, and
    for an empty blob, of which no range could be named. Raises RangeInvalid, with the size, for a range that begins
    after the blob's end or is empty.
    """
    if header is None or size == 0 or (match := _asked(header)) is None:
        return None
    first, last = match.groups()
    if first:
        start, end = _number(first), _number(last) if last else _LARGEST
    elif last:
        start, end = max(size - _number(last), 0), _LARGEST
    else:
        return None
    if start >= size or end < start:
        raise RangeInvalid(f"the range {quoted(header)} has none of the blob's {size} bytes", size=size)
    return Span(start, min(end + 1, size))


def parse_content_range(header: str | None) -> Span | None:
    """What a PATCH or PUT of an upload says it sends; None if it does not say.

    The specification writes `0-1023` (OCI distribution 1.1, "Pushing a blob in chunks"); the form of RFC 9110, 14.4,
    `bytes 0-1023/*` or with the whole size, is read too. Raises RangeInvalid.
    """
    if header is None:
        return None
    match = _sent(header.strip(" \t"))
    if match is None:
        raise RangeInvalid(f"Content-Range {quoted(header)} cannot be read: send the first and last byte, as in 0-1023")
    first, last = _number(match[1]), _number(match[2])
    whole = _number(match[3]) if match[3] not in (None, "*") else None
    if last < first or last >= _LARGEST or (whole is not None and last >= whole):
        raise RangeInvalid(f"Content-Range {quoted(header)} is not a range: its last byte comes too early or too late")
    return Span(first, last + 1)


def _number(digits: str) -> int:
    # Python refuses to read integers of thousands of digits; none beyond 2**63 means anything here.
    digits = digits.lstrip("0")
    return min(int(digits or "0"), _LARGEST) if len(digits) < 20 else _LARGEST
