"""The journal of deletions, in pages, the newest first."""

from __future__ import annotations

from jettison.metadata import deletions
from jettison.metadata.database import Transaction
from jettison.metadata.deletions import Entry
from jettison.oci.reference import RepositoryName
from jettison.registry.access import EVERYONE, Caller
from jettison.registry.listing import Page
from jettison.registry.registry import Registry
from jettison.registry.restore import may_see

NEWEST = 2**63 - 1


def page(
    registry: Registry,
    limit: int,
    before: int = NEWEST,
    state: str | None = None,
    repository: RepositoryName | None = None,
    caller: Caller = EVERYONE,
) -> Page[Entry]:
    """At most ``limit`` deletions older than the one of id ``before``; of a state (deleted, restored, expired, purged),
    or that took something of a repository; those that ``caller`` may see.
    """
    name = repository.value if repository is not None else None

    def work(tx: Transaction) -> list[Entry]:
        seen: list[Entry] = []
        oldest = before
        while len(seen) <= limit:
            entries = deletions.page(tx, before=oldest, limit=limit + 1, state=state, repository=name)
            seen += [entry for entry in entries if may_see(entry, caller)]
            if len(entries) <= limit:
                break
            oldest = entries[-1].id
        return seen

    entries = registry.database.read(work)
    return Page(entries[:limit], len(entries) > limit)
