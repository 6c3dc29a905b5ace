"""Durations as distribution writes them: Go's, such as `90m`, `24h` or `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

# Go counts nanoseconds in 63 bits: nothing longer can be written.
LONGEST_SECONDS = Decimal(2**63 - 1) / 10**9

_SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),  # the Greek letter, which Go takes beside the micro sign
    "ns": Decimal("1e-9"),
}
_PART = re.compile(r"([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(ms|us|µs|μs|ns|h|m|s)")
_MAXIMUM_LENGTH = 100


def parse_duration(text: str) -> timedelta:
    """The length of time that `text` says, to the microsecond.

    Raises ValueError, with the fix, for anything but numbers with units (or a bare 0), and for negative lengths.
    """
    if text == "0":
        return timedelta()
    seconds, end = Decimal(0), 0
    while len(text) <= _MAXIMUM_LENGTH and (part := _PART.match(text, end)):
        seconds += Decimal(part[1]) * _SECONDS[part[2]]
        end = part.end()
    if end == 0 or end != len(text):
        raise ValueError(f"{text[:40]!r} is not a length of time: write it with units, such as 24h, 90m or 1h30m, or 0")
    if seconds > LONGEST_SECONDS:
        raise ValueError(f"{text!r} is longer than 292 years")
    return timedelta(microseconds=int(seconds * 10**6))


def format_duration(length: timedelta) -> str:
    """A length of time, not negative, as `parse_duration` reads it, in the fewest parts: `1h30m`."""
    minutes, seconds = divmod(length.days * 86400 + length.seconds, 60)
    parts = ((minutes // 60, "h"), (minutes % 60, "m"), (seconds, "s"), (length.microseconds, "us"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0"
