"""Rules: what of a repository may go, and what stays whatever else is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from jettison.oci.errors import RuleInvalid
from jettison.oci.reference import Tag
from jettison.selection.pattern import Pattern

MOST_KEPT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TagRule:
    """Lets tags go: those that match one of the patterns (none: every tag), but for the newest `keep` of them.

    With `older_than`, only tags that have been there for longer. Raises RuleInvalid for a number that cannot be.
    """

    patterns: tuple[Pattern, ...] = ()
    keep: int = 0
    older_than: timedelta | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.keep <= MOST_KEPT:
            raise RuleInvalid(f"{self.keep} tags cannot be kept: write a number from 0 to {MOST_KEPT}")

    def matches(self, tag: Tag) -> bool:
        """Whether the rule is about this tag."""
        return not self.patterns or any(pattern.matches(tag.value) for pattern in self.patterns)

    def __str__(self) -> str:
        return " or ".join(map(str, self.patterns)) or "all tags"


@dataclass(frozen=True, slots=True)
class Untagged:
    """Lets versions go that no tag points at, or none will once tags have gone; with `older_than`, only older ones."""

    older_than: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What may go of a repository. Nothing goes but by a rule that lets it, and what a rule keeps stays.

    - `tags`: each lets tags go. A tag among the newest of any of them stays.
    - `keep_tags`: patterns of tags that stay.
    - `untagged`: lets untagged versions go; None: versions stay, and only tags go.
    """

    tags: tuple[TagRule, ...] = ()
    keep_tags: tuple[Pattern, ...] = ()
    untagged: Untagged | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing can go by them."""
        return not self.tags and self.untagged is None
