"""A request as both registries get it, and what became of it on both."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from .seen import Seen


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    ``target`` may hold ``{place:KEY}``, the Location that each registry gave for the upload KEY, and ``{id:KEY}``, the
    upload's id there; ``keeps`` says under which KEY the Location of its answer is kept. ``about`` are the generator's
    words for what is particular about it, which rules may ask for.
    """

    method: str
    target: str
    headers: tuple[str, ...] = ()
    body: bytes | None = None
    chunked: bool = False
    keeps: str | None = None
    about: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        sent = "" if self.body is None else f" ({len(self.body)} bytes{', chunked' if self.chunked else ''})"
        headers = [header[:60] for header in self.headers]
        return f"{self.method} {self.target[:150]} {headers}{sent} {sorted(self.about) or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its two answers: distribution's and Jettison's. ``deletes`` says whether both allow deletion."""

    ask: Ask
    theirs: Seen
    ours: Seen
    deletes: bool = True

    @property
    def differing(self) -> dict[str, tuple[object, object]]:
        """The aspects in which the answers differ, with both values; None is one that an answer does not have."""
        names = sorted(self.theirs.aspects.keys() | self.ours.aspects.keys())
        pairs = {name: (self.theirs.aspects.get(name), self.ours.aspects.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def parts(self) -> bool:
        """Whether only one of the registries did what was asked, so that they no longer hold the same."""
        reads = self.ask.method in {"GET", "HEAD", "OPTIONS"}
        more = "oci-tag" in self.ours.aspects
        planned = self.ask.method == "DELETE" and self.statuses(202, 200)
        return not reads and (more or planned or (self.theirs.status < 300) != (self.ours.status < 300))

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.ask.target.partition("?")[0]

    def statuses(self, theirs: int, ours: int) -> bool:
        """Whether these are the statuses of the answers."""
        return (self.theirs.status, self.ours.status) == (theirs, ours)


Steps = Generator[Ask, Exchange, None]
"""Some requests, each made after the last one's answers are known."""
