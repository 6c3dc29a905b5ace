"""Where events go."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIONS = ("push", "pull", "mount", "delete")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of CNCF distribution's `notifications.endpoints`. Its queue is found by ``name``; times are in seconds.

    After ``threshold`` failures in a row, tries are ``backoff`` apart. ``headers`` (names may come several times) may
    hold secrets.
    """

    name: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout: float = 1.0
    threshold: int = 10
    backoff: float = 1.0
    ignored_media_types: frozenset[str] = frozenset()
    ignored_actions: frozenset[str] = frozenset()

    def wants(self, action: str, media_type: str) -> bool:
        """Whether an event of that action, whose target has that media type, is for it."""
        return action not in self.ignored_actions and media_type not in self.ignored_media_types
