"""What rules choose among: the versions of one repository and their tags, with the times that are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jettison.oci.digest import Digest
from jettison.oci.reference import Tag


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag, and since when it has pointed at its version; None: nobody knows."""

    tag: Tag
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """A manifest as far as rules look at it.

    - `tags`: the tags that point at it; without any it is untagged.
    - `at`: since when it is there, with a time zone; None: nobody knows.
    - `children`: the entries of an index. `subject`: the version that it says something of, as a signature does.
    """

    digest: Digest
    tags: tuple[Tagged, ...] = ()
    at: datetime | None = None
    children: tuple[Digest, ...] = ()
    subject: Digest | None = None
