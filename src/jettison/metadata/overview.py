"""The numbers of each repository, kept apart from what is counted, so that lists can be sorted by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.metadata.database import Transaction


class Sort(Enum):
    """What repositories are sorted by. ``exclusive`` and ``shared`` are bytes, ``pushed`` and ``pulled`` the last."""

    NAME = "name"
    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    VERSIONS = "versions"
    TAGS = "tags"
    PUSHED = "pushed"
    PULLED = "pulled"


_COLUMNS = {sort: sort.value for sort in Sort} | {Sort.PUSHED: "pushed_at", Sort.PULLED: "pulled_at"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """A live repository with what was counted. Times are microseconds since 1970; 0 is never, or not yet."""

    name: str
    exclusive: int
    shared: int
    versions: int
    tags: int
    pushed_at: int
    pulled_at: int
    counted_at: int

    def of(self, sort: Sort) -> int:
        """What it is sorted by, which is 0 for its name."""
        value: int = 0 if sort is Sort.NAME else getattr(self, _COLUMNS[sort])
        return value


@dataclass(frozen=True, slots=True)
class Order:
    """A list's order, and after which number and name it goes on. Those with the same number are by name.

    ``few`` says that few are to be found: these are looked for first and sorted then, in place of looking at all there
    are in their order. PostgreSQL, which prepares a statement for any search, would not know.
    """

    sort: Sort
    downwards: bool
    after: tuple[int, str] | None = None
    few: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Which names: ``part`` is in them, and they are like one of the patterns ``among``, where that is not None.

    Of these `?` is any letter, and `*` any number of any: whoever means something narrower looks at what is found.
    """

    part: str = ""
    among: Sequence[str] | None = None

    def condition(self, column: str) -> tuple[str, dict[str, str]]:
        """The condition on ``column`` as SQL, after another, with its values."""
        text, values = "", {}
        if self.part:
            text += f" and {column} like :part escape '!'"
            values["part"] = f"%{_escaped(self.part)}%"
        if self.among is not None:
            likes = []
            for at, pattern in enumerate(self.among):
                key = chr(ord("a") + at)
                begins, as_like = re.split(r"[*?]", pattern)[0], _escaped(pattern).replace("?", "_").replace("*", "%")
                likes.append(
                    f"({column} >= :from_{key} and {column} <= :to_{key} and {column} like :like_{key} escape '!')"
                )
                # No name has a letter beyond the tilde.
                values |= {f"from_{key}": begins, f"to_{key}": f"{begins}~", f"like_{key}": as_like}
            text += f" and ({' or '.join(likes) or '1 = 0'})"
        return text, values


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


ALL = Names()

_NUMBERS = "o.name, o.exclusive, o.shared, o.versions, o.tags, o.pushed_at, o.pulled_at, o.counted_at"
# The order of a cross join is that of the text in SQLite, which would else sort all that there is.
_LIVE = """from overview o cross join repository r
           where r.id = o.repository and r.deletion is null and r.listed = 1"""


def page(tx: Transaction, names: Names, order: Order, limit: int) -> list[Numbers]:
    """At most ``limit`` of the listed repositories with such names, in that order."""
    condition, values = names.condition("o.name")
    column = f"o.{_COLUMNS[order.sort]}"
    down = order.downwards
    value, name = order.after or (0, "")
    if order.sort is Sort.NAME:
        sorted_by = "o.name || ''" if order.few else "o.name"
        by = f"{sorted_by} {'desc' if down else ''}"
        later = f"and o.name {'<' if down else '>'} :name"
    else:
        sorted_by = f"{column} + 0" if order.few else column
        by = f"{sorted_by} desc, o.name" if down else f"{sorted_by}, o.name desc"
        ahead, beyond = ("<", ">") if down else (">", "<")
        later = f"and {column} {ahead}= :value and ({column} {ahead} :value or o.name {beyond} :name)"
    rows = tx.all(
        f"select {_NUMBERS} {_LIVE} {condition} {later if order.after else ''} order by {by} limit :limit",
        **values,
        value=value,
        name=name,
        limit=limit,
    )
    return [Numbers(*row) for row in rows]


def count(tx: Transaction, names: Names, most: int) -> int:
    """How many listed repositories have such names; ``most`` where there are more."""
    condition, values = names.condition("name")
    found = f"select 1 from repository where deletion is null and listed = 1 {condition} limit :most"
    row = tx.one(f"select count(*) from ({found}) as found", **values, most=most)
    assert row is not None
    return int(row[0])


def of_one(tx: Transaction, name: str) -> Numbers | None:
    """The listed repository of that name."""
    row = tx.one(f"select {_NUMBERS} {_LIVE} and o.name = :name", name=name)
    return Numbers(*row) if row else None
