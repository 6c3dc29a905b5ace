"""Patterns over repository names and tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jettison.oci.errors import PatternInvalid, quoted

LONGEST_PATTERN: Final = 255
_PIECE: Final = r"[a-zA-Z0-9._?-]+"
_COMPONENT: Final = rf"(?:\*\*|\*|\*?{_PIECE}(?:\*{_PIECE})*\*?)"
PATTERN_GRAMMAR: Final = rf"{_COMPONENT}(?:/{_COMPONENT})*"
ACCEPTED: Final = (
    "a pattern is components separated by single slashes, each of letters, digits, '.', '_', '-', '*' (any characters "
    "of the component) and '?' (one of them), or '**' alone (any number of components)"
)

_is_pattern = re.compile(PATTERN_GRAMMAR).fullmatch


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern such as `team/**`: see :meth:`parse`."""

    text: str
    _expression: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """The pattern that `text` writes. Raises PatternInvalid.

        `*` matches any characters but a slash, `?` one. `**` is a component of its own and matches any number of
        components: none too (`**/app` matches `app`), except at the end (`team/**` does not match `team`).
        """
        if len(text) > LONGEST_PATTERN:
            raise PatternInvalid(f"pattern {quoted(text)} has {len(text)} characters: at most {LONGEST_PATTERN}")
        if _is_pattern(text) is None:
            raise PatternInvalid(f"pattern {quoted(text)} cannot be read: {ACCEPTED}")
        return cls(text, re.compile(_translated(text.split("/"))))

    @property
    def literal(self) -> bool:
        """Whether it has no wildcard, and so matches nothing but itself."""
        return "*" not in self.text and "?" not in self.text

    def matches(self, name: str) -> bool:
        """Whether the whole of `name` matches, in time linear in its length for each component of the pattern."""
        return self._expression.fullmatch(name) is not None

    def __str__(self) -> str:
        return self.text


# A wildcard takes the first place where what follows it, up to the next wildcard of its kind, matches: taking a later
# one could help nothing. So each is an atomic group, and no pattern makes a match go back and forth.


def _translated(components: Sequence[str]) -> str:
    """The regular expression: runs of components, with any number of others at each `**` between them."""
    runs: list[list[str]] = [[]]
    for component in components:
        if component == "**":
            runs.append([])
        else:
            runs[-1].append(_component(component))
    first, *others = runs
    if not others:
        return "/".join(first)
    *middle, last = others
    head = "".join(f"{component}/" for component in first)
    between = ["(?>(?:[^/]+/)*?" + "".join(f"{component}/" for component in run) + ")" for run in middle if run]
    return head + "".join(between) + "(?:[^/]+/)*" + ("/".join(last) if last else "[^/]+")


def _component(text: str) -> str:
    first, *others = [re.escape(piece).replace(r"\?", "[^/]") for piece in text.split("*")]
    if not others:
        return first
    *middle, last = others
    return f"{first}{''.join(f'(?>[^/]*?{piece})' for piece in middle)}[^/]*{last}"
