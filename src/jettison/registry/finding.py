"""What a check finds, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jettison.oci.errors import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be: what it is of (a digest, tag, key or upload), and what to do about it.

    ``kind`` is one word for programs. ``key`` and ``size`` are of the bytes it is about, where it is about bytes.
    ``done`` says what was done about it, if anything was.
    """

    kind: str
    subject: str
    problem: str
    remedy: str
    repositories: tuple[str, ...] = ()
    key: str | None = None
    size: int | None = None
    done: str = ""

    settled: bool = False
    """Whether that put it right. What is left to do is ``remedy``."""

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "problem": self.problem,
            "remedy": self.remedy,
            "repositories": list(self.repositories),
            "key": self.key,
            "size": self.size,
            "done": self.done or None,
            "settled": self.settled,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one part of the work is: ``done`` of ``total``, in bytes or in pieces. ``total`` may grow."""

    part: str
    done: int
    total: int
    in_bytes: bool = False


Tell = Callable[[Progress], None]


def tell_nobody(_: Progress) -> None:
    """For work that nobody watches."""
