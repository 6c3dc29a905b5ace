"""Lists: the catalog, a repository's tags, a manifest's referrers; each in pages, in the order of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from jettison.metadata import manifests, repositories, tags
from jettison.metadata.database import Transaction
from jettison.metadata.manifests import Referrer
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.errors import NameUnknown
from jettison.oci.lenient import read_stored
from jettison.oci.reference import RepositoryName
from jettison.registry.access import Caller
from jettison.registry.registry import Registry

T = TypeVar("T")
REFERRERS_A_PAGE = 200
NAMES_READ = 1000
"""Names that are read at once where only some of them are listed."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries of a list; ``more`` says that others follow the last of them."""

    entries: list[T]
    more: bool


def page_of(entries: list[T], limit: int) -> Page[T]:
    """The page of so many, of which one more was looked for."""
    return Page(entries[:limit], len(entries) > limit)


def catalog(registry: Registry, last: str, limit: int, caller: Caller) -> Page[str]:
    """Names of repositories that have a manifest, after ``last``, which need not exist (any more).

    Those that ``caller`` may pull. Where that is not all of them, many rows may have to be read for one page.
    """
    if caller.lists_all:
        return page_of(registry.database.read(lambda tx: repositories.list_names(tx, last, limit + 1)), limit)

    def work(tx: Transaction) -> list[str]:
        seen: list[str] = []
        after = last
        while len(seen) <= limit:
            names = repositories.list_names(tx, after, NAMES_READ)
            seen += filter(caller.may_list, names)
            if len(names) < NAMES_READ:
                break
            after = names[-1]
        return seen

    return page_of(registry.database.read(work), limit)


def tag_names(registry: Registry, name: RepositoryName, last: str, limit: int) -> Page[str]:
    """Tags of a repository, after ``last``. Raises NameUnknown."""

    def work(tx: Transaction) -> list[str] | None:
        repository = repositories.find_listed(tx, name.value)
        return None if repository is None else tags.list_names(tx, repository, last, limit + 1)

    names = registry.database.read(work)
    if names is None:
        raise NameUnknown(f"there is no repository {name}", {"name": str(name)})
    return page_of(names, limit)


def referrers(
    registry: Registry, name: RepositoryName, subject: Digest, artifact_type: str | None, last: Digest | None
) -> Page[Descriptor]:
    """Descriptors of the manifests whose subject it is, with their annotations (OCI 1.1, "Listing Referrers").

    An unknown repository or subject has none. What was pushed under the referrers tag schema is found too.
    """

    def work(tx: Transaction) -> tuple[list[Referrer], dict[Digest, Descriptor]]:
        found = manifests.referrers(tx, name.value, subject, artifact_type, last, REFERRERS_A_PAGE + 1)
        return found, _by_tag_schema(tx, name, subject)

    found, tagged = registry.database.read(work)
    described = {row.digest: _describe(row) for row in found}
    for digest, descriptor in tagged.items():
        if (last is None or digest > last) and artifact_type in (None, descriptor.artifact_type):
            described.setdefault(digest, descriptor)
    return page_of([described[digest] for digest in sorted(described)], REFERRERS_A_PAGE)


def _by_tag_schema(tx: Transaction, name: RepositoryName, subject: Digest) -> dict[Digest, Descriptor]:
    """Entries of the index that clients kept under the tag ``sha256-<hex>`` where they met no referrers API."""
    tagged = manifests.by_tag(tx, name.value, f"{subject.algorithm}-{subject.hex[:64]}")
    if tagged is None or tagged.content is None:
        return {}
    entries = read_stored(tagged.content, tagged.media_type).children
    there = manifests.ids_of(tx, tagged.repository, [entry.digest for entry in entries])
    return {entry.digest: entry for entry in entries if entry.digest in there}


def _describe(row: Referrer) -> Descriptor:
    annotations: Mapping[str, str] = read_stored(row.content, row.media_type).annotations
    return Descriptor(row.media_type, row.digest, row.size, row.artifact_type, annotations, None)


def is_listed(registry: Registry, name: str) -> bool:
    """Whether the catalog lists the name."""
    return registry.database.read(lambda tx: repositories.find_listed(tx, name)) is not None


def is_alive(registry: Registry) -> bool:
    """Whether the database can be read and written now. Raises Unavailable."""
    registry.database.write(lambda _: None, durable=False)
    return registry.database.read(lambda tx: tx.one("select 1")) is not None
