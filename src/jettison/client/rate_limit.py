"""How many requests a registry still allows, as Docker Hub tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the last answer said: `remaining` of `limit` requests, in each `window` seconds (None: not told).

    Docker Hub's documentation, "Pull rate limit": `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 76;w=21600`,
    `docker-ratelimit-source: <address or account>`.
    """

    limit: int
    remaining: int
    window: int | None = None
    source: str | None = None

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> RateLimit | None:
        """The limit that these headers (names in lower case) tell; None where they tell none that can be read."""
        limit, window = _counted(headers.get("ratelimit-limit", ""))
        remaining, _ = _counted(headers.get("ratelimit-remaining", ""))
        if limit is None or remaining is None:
            return None
        return cls(limit, remaining, window, headers.get("docker-ratelimit-source"))


def _counted(text: str) -> tuple[int | None, int | None]:
    number, _, rest = text.partition(";")
    window = rest.strip().removeprefix("w=")
    return _number(number.strip()), _number(window)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
