from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.metadata.database import Database
from jettison.oci.errors import NameUnknown
from jettison.oci.reference import RepositoryName
from jettison.registry import listing
from jettison.registry.access import EVERYONE
from jettison.registry.listing import Page
from jettison.registry.push import push_manifest
from jettison.registry.registry import Registry
from tests.support.content import index
from tests.support.place import Place
from tests.support.repository import Repository

EMPTY = index()

# Heavy in prefixes, and in pairs that people order otherwise than bytes do.
components = st.from_regex(r"[ab0][a0]{0,3}([._-][a01]{1,2}){0,2}", fullmatch=True)
names = st.lists(components, min_size=1, max_size=3).map("/".join)
tag_names = st.one_of(
    st.from_regex(r"[0-2]{1,2}(\.[0-2]{1,2}){0,3}([-.][a-b]{1,2})?", fullmatch=True),
    st.from_regex(r"[aAbB_][aAbB_.-]{0,4}", fullmatch=True),
)


def pages(fetch: object, limit: int) -> list[list[str]]:
    """All pages of a list, each asked for by the last entry of the one before."""
    found: list[list[str]] = []
    last = ""
    while True:
        page: Page[str] = fetch(last, limit)  # type: ignore[operator]
        found.append(page.entries)
        if not page.more:
            return found
        assert len(page.entries) == limit, "only the last page is shorter"
        last = page.entries[-1]


@pytest.fixture
def registry(place: Place, database: Database) -> Registry:
    """A registry, for many examples."""
    return place.open_registry(database)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.sets(names, max_size=12), limit=st.integers(1, 5))
def test_the_pages_of_the_catalog_are_the_set_of_names(registry: Registry, wanted: set[str], limit: int) -> None:
    """No name is left out or told twice, whatever the names and the size of a page; they come in the order of bytes."""
    for name in wanted:
        push_manifest(registry, RepositoryName.parse(name), EMPTY.digest, EMPTY.content, EMPTY.media_type)
    try:
        found = pages(lambda last, limit: listing.catalog(registry, last, limit, EVERYONE), limit)
        assert [name for page in found for name in page] == sorted(wanted)
    finally:
        for name in wanted:
            Repository(registry, name).delete()
    assert listing.catalog(registry, "", 1, EVERYONE) == Page([], more=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.sets(tag_names, min_size=1, max_size=15), limit=st.integers(1, 6))
def test_the_pages_of_a_tag_list_are_the_set_of_tags(registry: Registry, wanted: set[str], limit: int) -> None:
    """0.1.2 beside 0.1.20 and 0.1.2-a, upper case beside lower: each once, in the order of bytes."""
    repository = Repository(registry)
    repository.put(EMPTY, *wanted)
    try:
        found = pages(lambda last, limit: listing.tag_names(registry, repository.name, last, limit), limit)
        assert [tag for page in found for tag in page] == sorted(wanted)
    finally:
        repository.delete()


def test_a_page_begins_after_a_name_that_is_gone(registry: Registry) -> None:
    """The last entry of a page may be deleted before the next one is asked for."""
    for name in ("a", "b", "c"):
        Repository(registry, name).put(EMPTY)
    assert listing.catalog(registry, "", 2, EVERYONE) == Page(["a", "b"], more=True)
    Repository(registry, "b").delete()
    assert listing.catalog(registry, "b", 2, EVERYONE) == Page(["c"], more=False)
    assert listing.catalog(registry, "never/was", 2, EVERYONE) == Page([], more=False)
    assert listing.catalog(registry, "aa", 2, EVERYONE) == Page(["c"], more=False)


def test_a_page_of_tags_begins_after_a_tag_that_is_gone(registry: Registry) -> None:
    """The same for tags, prefix-heavy."""
    repository = Repository(registry)
    repository.put(EMPTY, "0.1.2", "0.1.20", "0.1.3")
    repository.delete("0.1.20")
    assert listing.tag_names(registry, repository.name, "0.1.20", 10) == Page(["0.1.3"], more=False)


def test_a_page_of_none_tells_whether_there_are_any(registry: Registry) -> None:
    """A limit of 0."""
    repository = Repository(registry)
    assert listing.catalog(registry, "", 0, EVERYONE) == Page([], more=False)
    repository.put(EMPTY, "a")
    assert listing.catalog(registry, "", 0, EVERYONE) == Page([], more=True)
    assert listing.tag_names(registry, repository.name, "", 0) == Page([], more=True)


def test_a_page_that_ends_the_list_says_so(registry: Registry) -> None:
    """As many entries as the limit, and no more after them."""
    repository = Repository(registry)
    repository.put(EMPTY, "a", "b")
    assert listing.tag_names(registry, repository.name, "", 2) == Page(["a", "b"], more=False)


def test_the_catalog_lists_what_has_a_manifest(registry: Registry) -> None:
    """A repository of blobs alone is not in it, and has no tag list."""
    blobs = Repository(registry, "blobs")
    blobs.upload(b"layer")
    assert listing.catalog(registry, "", 10, EVERYONE).entries == []
    assert not listing.is_listed(registry, "blobs")
    with pytest.raises(NameUnknown, match="no repository blobs"):
        listing.tag_names(registry, blobs.name, "", 10)

    blobs.put(EMPTY)

    assert listing.is_listed(registry, "blobs")
    assert listing.tag_names(registry, blobs.name, "", 10) == Page([], more=False)


def test_names_that_contain_each_other_are_apart(registry: Registry) -> None:
    """a, a/b and a/b/c are three repositories: deleting one leaves the others."""
    for name in ("a", "a/b", "a/b/c"):
        Repository(registry, name).put(EMPTY, "latest")
    Repository(registry, "a/b").delete()
    assert listing.catalog(registry, "", 10, EVERYONE).entries == ["a", "a/b/c"]


def test_the_database_answers(registry: Registry) -> None:
    """What a health check asks."""
    assert listing.is_alive(registry)
