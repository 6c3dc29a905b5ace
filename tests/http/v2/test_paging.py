"""Pages of tags and of the catalog: what `n` may be, and that the pages together are the list."""

from __future__ import annotations

import random
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, digest_of, index, next_page, written

TAGS = [
    *("0.1", "0.1.2", "0.1.20", "0.1.21", "0.1.3", "0.1-rc", "0.10", "0_1", "00", "1", "10", "2"),
    *("A", "Z", "_", "_a", "a", "a-b", "a.b", "a_b", "aA", "aa", "ab", "latest", "latest-1", "latest.1", "v" * 128),
]
NAMES = ["a", "a-b", "a.b", "a/b", "a/b/c", "a/bc", "a0", "aa", "ab", "a_b", "a__b", "b"]
HUGE = ["9" * 19, "9" * 20, "9" * 400, "0" * 400 + "5"]
NO_NUMBERS = ["-1", "-0", "+1", "1.0", "1e3", "0x10", "ten", "", " 1", "1_0", "\u0663", "²", "null", "9" * 50000 + "x"]


@pytest.fixture(scope="module")
def tagged(client: httpx2.Client) -> Repository:
    """A repository with the tags, pushed in no order."""
    repository = Repository(client, "paging/tags")
    repository.push(index(), *random.Random(4).sample(TAGS, len(TAGS)))
    return repository


@pytest.fixture(scope="module")
def prefix(client: httpx2.Client) -> str:
    """What the names of many similar repositories begin with."""
    for name in random.Random(4).sample(NAMES, len(NAMES)):
        Repository(client, f"paging-catalog/{name}").push(index())
    return "paging-catalog/"


def pages(client: httpx2.Client, first: str, key: str) -> list[list[str]]:
    """Every page from the first on, by following Link to its end."""
    found: list[list[str]] = []
    following: str | None = first
    while following is not None:
        assert len(found) < 200, "the pages do not end"
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()[key])
        following = next_page(answer)
    return found


# ---------------------------------------------------------------------------------------------------------------- tags


def test_tags_are_listed_in_the_order_of_bytes(tagged: Repository) -> None:
    """All in one answer without Link, with the repository's name."""
    answer = tagged.client.get(f"{tagged.path}/tags/list")

    assert answer.json() == {"name": tagged.name, "tags": sorted(TAGS)}
    assert answer.headers["content-type"] == "application/json"
    assert next_page(answer) is None


@pytest.mark.parametrize("n", [1, 2, 3, 7, len(TAGS) - 1, len(TAGS), len(TAGS) + 1])
def test_the_pages_of_tags_are_the_tags(tagged: Repository, n: int) -> None:
    """However long a page: each tag once, in order, though many begin as another does; no empty page at the end."""
    found = pages(tagged.client, f"{tagged.path}/tags/list?n={n}", "tags")

    assert [tag for page in found for tag in page] == sorted(TAGS)
    assert all(len(page) == n for page in found[:-1])
    assert 0 < len(found[-1]) <= n


@pytest.mark.parametrize("last", [*TAGS, "", "0.1.1", "0.1.2.", "zzz", "~", "é", "a%b", "a&n=1", " ", "x" * 5000])
def test_tags_go_on_after_last_whether_it_exists_or_not(tagged: Repository, last: str) -> None:
    """What comes after it by bytes, also where it never was a tag or cannot be one."""
    answer = tagged.client.get(f"{tagged.path}/tags/list", params={"last": last, "n": "5"})

    after = [tag for tag in sorted(TAGS) if tag.encode() > last.encode()]
    assert answer.json()["tags"] == after[:5]
    assert (next_page(answer) is None) == (len(after) <= 5)


def test_a_last_that_was_deleted_meanwhile_loses_nothing(repository: Repository) -> None:
    """A page can be followed though the tag it ended with is gone."""
    repository.push(index(), "a", "b", "c", "d")
    first = repository.client.get(f"{repository.path}/tags/list?n=2")
    assert first.json()["tags"] == ["a", "b"]
    repository.client.delete(f"{repository.path}/manifests/b")

    following = next_page(first)

    assert following is not None
    assert repository.client.get(following).json()["tags"] == ["c", "d"]


# ------------------------------------------------------------------------------------------------------------- catalog


@pytest.mark.parametrize("n", [1, 2, 5, len(NAMES), 1000])
def test_the_pages_of_the_catalog_are_the_catalog(client: httpx2.Client, prefix: str, n: int) -> None:
    """Each repository once, in the order of bytes, nested ones among the others."""
    found = pages(client, f"/v2/_catalog?n={n}&last={prefix}", "repositories")

    listed = [name for page in found for name in page]
    assert listed == sorted(listed)
    assert len(set(listed)) == len(listed)
    assert [name for name in listed if name.startswith(prefix)] == sorted(prefix + name for name in NAMES)


@pytest.mark.parametrize("last", ["", "a", "a/", "a/b/", "a/b0", "aaa", "z", "A", "%"])
def test_the_catalog_goes_on_after_last_whether_it_exists_or_not(client: httpx2.Client, prefix: str, last: str) -> None:
    """The same as for tags."""
    answer = client.get("/v2/_catalog", params={"last": prefix + last, "n": "1000"})

    after = sorted(prefix + name for name in NAMES if prefix + name > prefix + last)
    assert [name for name in answer.json()["repositories"] if name.startswith(prefix)] == after


def test_a_page_of_the_catalog_has_at_most_what_is_set(configured_client: httpx2.Client) -> None:
    """`catalog.maxentries` (3 here) limits `n`, and is what is given without it."""
    names = [f"limited/{number}" for number in range(7)]
    for name in names:
        Repository(configured_client, name).push(index())
    client = configured_client
    assert set(names) <= set(all_pages(client))

    for query in ("", "?n=3", "?n=4", "?n=1000", f"?n={'9' * 400}"):
        assert len(client.get(f"/v2/_catalog{query}").json()["repositories"]) == 3
    assert len(client.get("/v2/_catalog?n=2").json()["repositories"]) == 2


def all_pages(client: httpx2.Client) -> list[str]:
    """The catalog of a registry whose Link is absolute and leads elsewhere."""
    listed: list[str] = []
    path = "/v2/_catalog"
    while True:
        answer = client.get(path)
        listed += answer.json()["repositories"]
        following = next_page(answer)
        if following is None:
            return listed
        path = f"{urlsplit(following).path}?{urlsplit(following).query}"


# ------------------------------------------------------------------------------------------------------------------- n


@pytest.fixture(params=["/v2/_catalog", "/v2/paging/tags/tags/list"])
def listing(request: pytest.FixtureRequest, tagged: Repository, prefix: str) -> str:
    """A path that lists more than a page."""
    path: str = request.param
    return path


def entries(answer: httpx2.Response) -> list[str]:
    """What is listed."""
    body = answer.json()
    listed: list[str] = body.get("tags", body.get("repositories"))
    return listed


def test_a_page_of_nothing(client: httpx2.Client, listing: str) -> None:
    """`n=0` is an empty list and no Link, which would lead nowhere."""
    answer = client.get(f"{listing}?n=0")

    assert answer.status_code == 200
    assert entries(answer) == []
    assert next_page(answer) is None


@pytest.mark.parametrize("n", HUGE, ids=lambda n: f"{n[:3]}x{len(n)}")
def test_a_page_of_any_size_is_asked_for(client: httpx2.Client, listing: str, n: str) -> None:
    """As much as there is; only what is a number in fewer digits counts."""
    assert len(entries(client.get(f"{listing}?n={n}"))) >= 5


@pytest.mark.parametrize("n", NO_NUMBERS, ids=lambda n: repr(n)[:10])
def test_what_is_no_number_is_refused(client: httpx2.Client, listing: str, n: str) -> None:
    """400, with what `n` was, cut to a length nobody can inflate."""
    answer = client.get(listing, params={"n": n})

    assert_refused(answer, 400, "PAGINATION_NUMBER_INVALID")
    assert len(answer.content) < 1000


def test_link_carries_on_what_was_asked(tagged: Repository) -> None:
    """Relative, with the last entry and the same `n`, escaped."""
    link = tagged.client.get(f"{tagged.path}/tags/list?n=4").headers["link"]

    target, _, parameters = link.partition(">")
    url = urlsplit(target.removeprefix("<"))
    assert (url.scheme, url.netloc, url.path) == ("", "", f"{tagged.path}/tags/list")
    assert parse_qs(url.query) == {"last": [sorted(TAGS)[3]], "n": ["4"]}
    assert parameters == '; rel="next"'


# ----------------------------------------------------------------------------------------------------- what is listed


def test_a_repository_is_listed_while_it_has_a_manifest(repository: Repository) -> None:
    """Not before its first, not for blobs alone, not after its last, and again with the next."""
    client, digest = repository.client, digest_of(written(index()))
    repository.push_blob(b"blobs alone")
    assert repository.name not in catalog(client)
    assert_refused(client.get(f"{repository.path}/tags/list"), 404, "NAME_UNKNOWN")

    for _ in range(2):
        repository.push(index())
        assert repository.name in catalog(client)
        assert client.get(f"{repository.path}/tags/list").json()["tags"] == []

        assert client.delete(f"{repository.path}/manifests/{digest}").status_code == 202
        assert repository.name not in catalog(client)
        assert_refused(client.get(f"{repository.path}/tags/list"), 404, "NAME_UNKNOWN")
