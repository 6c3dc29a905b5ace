"""Lengths of time in rules, as a person writes them: `30d`, `12h`, `1w2d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from jettison.oci.errors import RuleInvalid, quoted

_UNITS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit, the longest first, which is also the order in which they are written."""

LONGEST_DAYS: Final = 365 * 1000
_is_duration = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS)).fullmatch


def parse_duration(text: str) -> timedelta:
    """The length of time that `text` writes: whole weeks, days, hours, minutes and seconds, in this order.

    Units that are not needed are left out; `0` needs none. Raises RuleInvalid.
    """
    if text == "0":
        return timedelta()
    found = _is_duration(text)
    if found is None or not text:
        raise RuleInvalid(
            f"{quoted(text)} is not a length of time: write whole numbers with w, d, h, m or s, as in 30d, 12h or 1w2d"
        )
    seconds = sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS.values(), strict=True) if number)
    if seconds > LONGEST_DAYS * 86400:
        raise RuleInvalid(f"{quoted(text)} is longer than a thousand years")
    return timedelta(seconds=seconds)


def show_duration(length: timedelta) -> str:
    """A length of time, not negative, as `parse_duration` reads it, in the fewest letters: `30d`, `1d12h`, `0`.

    Weeks are written where there is nothing but weeks, and more than one of them; parts of a second are left out.
    """
    left = length.days * 86400 + length.seconds
    weeks, more = divmod(left, _UNITS["w"])
    if weeks > 1 and not more and weeks % 5:
        return f"{weeks}w"
    parts = []
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0"
