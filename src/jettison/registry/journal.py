"""The journal of deletions, in pages, the newest first."""

from __future__ import annotations

from jettison.metadata import deletions
from jettison.metadata.deletions import Entry
from jettison.oci.reference import RepositoryName
from jettison.registry.listing import Page
from jettison.registry.registry import Registry

NEWEST = 2**63 - 1


def page(
    registry: Registry,
    limit: int,
    before: int = NEWEST,
    state: str | None = None,
    repository: RepositoryName | None = None,
) -> Page[Entry]:
    """At most ``limit`` deletions older than the one of id ``before``; of a state (deleted, restored, expired, purged),
    or that took something of a repository.
    """
    name = repository.value if repository is not None else None
    entries = registry.database.read(
        lambda tx: deletions.page(tx, before=before, limit=limit + 1, state=state, repository=name)
    )
    return Page(entries[:limit], len(entries) > limit)
