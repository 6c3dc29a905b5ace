"""The repositories as people look for them: searched, sorted, in pages, with how much each has."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jettison.metadata import overview
from jettison.metadata.database import Transaction
from jettison.metadata.overview import Names, Numbers, Order, Sort
from jettison.oci.errors import Json, NameUnknown, PaginationInvalid, quoted
from jettison.oci.reference import RepositoryName
from jettison.registry.access import Action, Caller
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339

__all__ = ["Listed", "Listing", "Sort", "Summary", "of_one", "repositories"]

ROWS_READ = 1000
"""Rows that are read at once where only some of them are listed."""

FEW = 2000
"""Repositories that are found by a search, and sorted then; where there are more, the next of the order is near."""

MOST_COUNTED = 5000
"""Repositories that are counted for a page: a million would take longer than everything else on it."""

MOST_PATTERNS = 16
"""Patterns that a query is narrowed to, for a caller who may list some; where there are more, all names are read."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for. ``search`` is part of a name, in any case of letters; empty is all.

    ``descending`` None is the usual order: names from a to z, numbers and times from the greatest. ``after`` is
    the ``next`` of the page before, empty for the first.
    """

    search: str = ""
    sort: Sort = Sort.NAME
    descending: bool | None = None
    limit: int = 50
    after: str = ""

    @property
    def downwards(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort is not Sort.NAME if self.descending is None else self.descending


@dataclass(frozen=True, slots=True)
class Summary:
    """A repository, with what it had when it was ``counted_at``; None and zeros where that is to come, in seconds.

    ``exclusive`` bytes are in no other live repository, ``shared`` ones are. ``versions`` are those that a list of them
    has: platforms of another, signatures and the like are no versions of their own. Times are microseconds since 1970;
    ``pulled_at`` is None where nobody has pulled.
    """

    name: str
    exclusive: int
    shared: int
    versions: int
    tags: int
    pushed_at: int | None
    pulled_at: int | None
    counted_at: int | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "repository": self.name,
            "bytes": {"exclusive": self.exclusive, "shared": self.shared},
            "versions": self.versions,
            "tags": self.tags,
            "pushed_at": rfc3339(self.pushed_at),
            "pulled_at": rfc3339(self.pulled_at),
            "counted_at": rfc3339(self.counted_at),
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """A page. ``next`` is what asks for the one after it, None on the last.

    ``total`` is how many repositories match, on all pages; None where it would take reading them all: for a caller who
    may list only some, and where there are more than MOST_COUNTED.
    """

    repositories: tuple[Summary, ...]
    total: int | None
    next: str | None


def repositories(registry: Registry, asked: Listing, caller: Caller) -> Listed:
    """The repositories that ``caller`` may list and that match, in the order asked for. Raises PaginationInvalid."""
    order = Order(asked.sort, asked.downwards, _place(asked))
    names = Names(asked.search.lower(), None if caller.lists_all else _patterns(caller))

    def work(tx: Transaction) -> tuple[list[Numbers], int | None]:
        total = overview.count(tx, names, MOST_COUNTED + 1)
        sorted_last = replace(order, few=names != overview.ALL and total <= FEW)
        if not total:
            return [], 0 if caller.lists_all else None
        if caller.lists_all:
            found = overview.page(tx, names, sorted_last, asked.limit + 1)
            return found, total if total <= MOST_COUNTED else None
        return _allowed(tx, names, sorted_last, asked.limit + 1, caller), None

    found, total = registry.database.read(work)
    shown = found[: asked.limit]
    following = _after(shown[-1], asked.sort) if len(found) > len(shown) else None
    return Listed(tuple(summary(numbers) for numbers in shown), total, following)


def of_one(registry: Registry, name: RepositoryName) -> Summary:
    """One of them. Raises NameUnknown. Whether the caller may pull is the edge's to ask."""
    found = registry.database.read(lambda tx: overview.of_one(tx, name.value))
    if found is None:
        raise NameUnknown(f"there is no repository {name}", {"name": str(name)})
    return summary(found)


def summary(numbers: Numbers) -> Summary:
    """The numbers as people see them: 0 is no time."""
    return Summary(
        numbers.name,
        numbers.exclusive,
        numbers.shared,
        numbers.versions,
        numbers.tags,
        numbers.pushed_at or None,
        numbers.pulled_at or None,
        numbers.counted_at or None,
    )


def _allowed(tx: Transaction, names: Names, order: Order, limit: int, caller: Caller) -> list[Numbers]:
    found: list[Numbers] = []
    rows_read = limit
    while True:
        rows = overview.page(tx, names, order, rows_read)
        found += (row for row in rows if caller.may_list(row.name))
        if len(rows) < rows_read or len(found) >= limit:
            return found[:limit]
        order = replace(order, after=(rows[-1].of(order.sort), rows[-1].name))
        rows_read = ROWS_READ


def _patterns(caller: Caller) -> list[str] | None:
    """Patterns that all names are like which it may list; None where that would be too much to say."""
    grants = caller.grants if caller.lists is None else caller.lists
    patterns = [grant.pattern for grant in grants if not grant.actions.isdisjoint((Action.PULL, Action.ADMIN))]
    # `**/app` is `app` too.
    loose = {pattern.text.replace("**/", "*").replace("**", "*") if pattern else "*" for pattern in patterns}
    return sorted(loose) if len(loose) <= MOST_PATTERNS else None


def _after(last: Numbers, sort: Sort) -> str:
    return f"{last.of(sort)}:{last.name}"


def _place(asked: Listing) -> tuple[int, str] | None:
    if not asked.after:
        return None
    found = re.fullmatch(r"([0-9]{1,18}):([!-~]{1,255})", asked.after)
    if found is None:
        raise PaginationInvalid(f"{quoted(asked.after)} is no place in this list: send the `next` of the page before")
    return int(found[1]), found[2]
