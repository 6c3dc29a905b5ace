"""A look at a repository just before versions of it are deleted: what needs them now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from jettison.client.errors import Outdated, Untrustworthy
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot
from jettison.oci.digest import Digest
from jettison.oci.reference import Tag

FRESH = 2.0
"""Seconds for which one look serves."""
FRESH_TIMES = 5.0
"""Where looking takes long: how many times as long."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a repository holds: its tags, and what is listed by indexes that stay, until it has to be read again."""

    snapshot: Snapshot
    held: Mapping[Digest, Digest]
    until: float

    @classmethod
    def take(cls, repository: Repository, going: Set[Digest | None]) -> Look:
        """Reads it now; `going` are the versions that are to go. Raises what a request raises."""
        began = time.monotonic()
        snapshot = Snapshot(repository)
        held = snapshot.held_by(set(snapshot.tags.values()) - going)
        return cls(snapshot, held, began + max(FRESH, FRESH_TIMES * (time.monotonic() - began)))

    @property
    def is_fresh(self) -> bool:
        """Whether it was taken a short while ago."""
        return time.monotonic() < self.until

    def check_unneeded(self, digest: Digest, tags: Iterable[Tag]) -> None:
        """Raises Outdated where a tag besides `tags` points at the version, or an index that stays lists it.

        Raises Untrustworthy where one of `tags` does which the registry does not list: it may hide others too.
        """
        known = set(tags)
        new = set(self.snapshot.pointing_at(digest)) - known
        if new:
            named = ", ".join(map(str, sorted(new)))
            raise Outdated(f"{named} points at {digest} now, and did not when this was planned")
        holder = self.held.get(digest)
        if holder is not None:
            raise Outdated(f"index {holder} lists {digest} now, and did not when this was planned")
        for tag, head in self.snapshot.heads(known - self.snapshot.tags.keys()).items():
            if head.digest == digest:
                raise Untrustworthy(
                    f"the registry's list of tags has no {tag}, which points at {digest}: what else does cannot be "
                    "known, and nothing was changed"
                )
