from __future__ import annotations

import pytest

from jettison.oci.errors import NameUnknown, PaginationInvalid
from jettison.oci.reference import RepositoryName
from jettison.registry import overview
from jettison.registry.access import ANONYMOUS, EVERYONE, Action, Caller, Kind, grant
from jettison.registry.counting import Counting
from jettison.registry.overview import Listing, Sort
from jettison.registry.registry import Registry
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.repository import Repository

SIZES = {"a": 30, "team/b_b": 10, "team/c": 20, "z": 40}


def names(registry: Registry, asked: Listing = Listing(), caller: Caller = EVERYONE) -> list[str]:  # noqa: B008
    """The names on a page."""
    return [each.name for each in overview.repositories(registry, asked, caller).repositories]


def walked(registry: Registry, asked: Listing, caller: Caller = EVERYONE) -> list[str]:
    """The names on all pages of two."""
    found: list[str] = []
    after = ""
    while True:
        listing = Listing(asked.search, asked.sort, asked.descending, 2, after)
        page = overview.repositories(registry, listing, caller)
        found += [each.name for each in page.repositories]
        if page.next is None:
            return found
        assert len(page.repositories) == 2
        after = page.next


@pytest.fixture
def filled(registry: Registry, clock: Clock) -> Registry:
    """A registry of four repositories, counted."""
    for number, (name, size) in enumerate(SIZES.items()):
        repository = Repository(registry, name)
        for version in range(number + 1):
            repository.push(image(bytes([version]) * size + name.encode(), b"common", config=b"c"), f"v{version}")
        clock.advance(60)
    Counting(registry).turn()
    return registry


def test_repositories_are_listed_by_name_with_their_numbers(filled: Registry) -> None:
    """The usual order is that of names; bytes are exclusive and shared, versions and tags are counted."""
    page = overview.repositories(filled, Listing(), EVERYONE)
    assert [each.name for each in page.repositories] == list(SIZES)
    assert (page.total, page.next) == (4, None)
    second = page.repositories[1]
    assert (second.exclusive, second.shared) == (2 * (10 + len("team/b_b")), len("common") + len("c"))
    assert (second.versions, second.tags) == (2, 2)
    assert second.pulled_at is None
    assert second.counted_at is not None


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("descending", [None, True, False])
def test_every_order_is_the_same_in_pages(filled: Registry, sort: Sort, descending: bool | None) -> None:
    """Pages have each repository once, in the order of a list without pages; ties (nobody has pulled) too."""
    asked = Listing(sort=sort, descending=descending)
    whole = names(filled, asked)
    assert sorted(whole) == sorted(SIZES)
    assert walked(filled, asked) == whole
    key = {
        Sort.VERSIONS: list(SIZES),
        Sort.TAGS: list(SIZES),
        Sort.PUSHED: list(SIZES),
        Sort.EXCLUSIVE: ["team/b_b", "a", "team/c", "z"],
        Sort.NAME: list(SIZES),
    }.get(sort)
    if key is not None:
        if sort is Sort.EXCLUSIVE:
            key = sorted(SIZES, key=lambda name: (list(SIZES).index(name) + 1) * (SIZES[name] + len(name)))
        assert whole == (key[::-1] if asked.downwards else key)


def test_a_search_is_a_part_of_the_name(filled: Registry) -> None:
    """Anywhere in it, in any case; what LIKE takes for a wildcard is a letter."""
    assert names(filled, Listing(search="TEAM/")) == ["team/b_b", "team/c"]
    assert names(filled, Listing(search="_")) == ["team/b_b"]
    assert names(filled, Listing(search="%")) == names(filled, Listing(search="!")) == []
    assert walked(filled, Listing(search="a")) == ["a", "team/b_b", "team/c"]
    assert overview.repositories(filled, Listing(search="a", limit=1), EVERYONE).total == 3


def test_what_takes_too_long_to_count_is_not_counted(filled: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is the same; how many there are is told up to a number, and none is told beyond."""
    whole = overview.repositories(filled, Listing(limit=2), EVERYONE)
    monkeypatch.setattr(overview, "MOST_COUNTED", 3)
    listed = overview.repositories(filled, Listing(limit=2), EVERYONE)

    assert (whole.total, listed.total) == (4, None)
    assert (listed.repositories, listed.next) == (whole.repositories, whole.next)
    assert overview.repositories(filled, Listing(search="a"), EVERYONE).total == 3


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("team/**", ["team/b_b", "team/c"]), ("**/c", ["team/c"]), ("?", ["a", "z"]), ("*/b*b", ["team/b_b"]), ("x*", [])],
)
def test_a_caller_is_shown_what_it_may_list(filled: Registry, pattern: str, expected: list[str]) -> None:
    """In every order and in pages; how many there are in all it is not told."""
    caller = Caller(Kind.USER, "ana", (grant([Action.PULL], pattern), grant([Action.PUSH], "**")))
    for sort in Sort:
        assert sorted(walked(filled, Listing(sort=sort), caller)) == expected
    assert overview.repositories(filled, Listing(), caller).total is None
    assert names(filled, Listing(), ANONYMOUS) == []


def test_many_grants_are_as_good_as_few(filled: Registry) -> None:
    """Where there are more patterns than a query takes, all names are read, and the same are shown."""
    grants = tuple(grant([Action.PULL], f"none{number}/*") for number in range(40))
    caller = Caller(Kind.USER, "ana", (*grants, grant([Action.PULL], "team/*")))
    assert names(filled, Listing(), caller) == ["team/b_b", "team/c"]


def test_a_new_repository_is_listed_before_it_is_counted(registry: Registry, repository: Repository) -> None:
    """It is there at once in every order, with nothing counted yet; and gone at once when it is deleted."""
    repository.push(image(b"1"), "a")
    for sort in Sort:
        assert names(registry, Listing(sort=sort)) == ["app"]
    assert overview.of_one(registry, repository.name).counted_at is None
    repository.delete()
    for sort in Sort:
        assert names(registry, Listing(sort=sort)) == []
    with pytest.raises(NameUnknown):
        overview.of_one(registry, RepositoryName("app"))


def test_a_place_that_no_page_has_given_is_refused(registry: Registry) -> None:
    """With the reason, and without an error of the database."""
    for after in ("x", "1", "99999999999999999999:a", "1:", "-1:a", "1:\x00"):
        with pytest.raises(PaginationInvalid, match="next"):
            overview.repositories(registry, Listing(after=after), EVERYONE)
