from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.client import ANONYMOUS, Registry, paging
from jettison.client.errors import Untrustworthy
from jettison.client.paging import next_page
from tests.support.liar import Asked, Liar, Told


def opened(liar: Liar) -> Registry:
    """A registry at a liar's."""
    return Registry(liar.address, credentials=ANONYMOUS)


def listed(liar: Liar) -> list[str]:
    """The tags that it lists."""
    with opened(liar) as registry:
        return [str(tag) for tag in registry.repository("app").tags()]


def test_pages_are_followed_and_read_when_they_are_needed() -> None:
    """Each page names the next; nobody who reads one tag asks for the second page."""

    def answer(asked: Asked) -> Told:
        if "last=b" in asked.path:
            return Told(200, {"tags": ["c"]})
        return Told(200, {"tags": ["a", "b"]}, {"Link": '</v2/app/tags/list?last=b&n=2>; rel="next"'})

    with Liar(answer) as liar:
        assert listed(liar) == ["a", "b", "c"]
        with opened(liar) as registry:
            before = len(liar.requests)
            assert str(next(registry.repository("app").tags())) == "a"
            assert len(liar.requests) == before + 1


def test_a_registry_that_gives_fewer_at_a_time_is_asked_for_its_own_number() -> None:
    """400 to the number that was asked for: without one it says what it can."""
    with Liar(lambda asked: Told(400) if "n=" in asked.path else Told(200, {"tags": ["a"]})) as liar:
        assert listed(liar) == ["a"]


def test_a_registry_without_links_is_asked_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as were asked for and no link: there may be more, which `last` gives; one that ignores it ends there."""
    monkeypatch.setattr(paging, "PAGE", 2)

    def answer(asked: Asked) -> Told:
        return Told(200, {"tags": ["c"] if "last=b" in asked.path else ["a", "b"]})

    with Liar(answer) as liar:
        assert listed(liar) == ["a", "b", "c"]
    with Liar(lambda _: Told(200, {"tags": ["a", "b"]})) as liar:
        assert listed(liar) == ["a", "b"]
        assert len(liar.requests) == 2


def test_a_list_that_is_null_is_empty() -> None:
    """CNCF distribution writes null for the tags of a repository that has none left."""
    with Liar(lambda _: Told(200, {"name": "app", "tags": None})) as liar:
        assert listed(liar) == []


def test_what_cannot_be_a_tag_is_left_out() -> None:
    """Nothing can be asked of it, and one such name must not hide the others."""
    with Liar(lambda _: Told(200, {"tags": ["a", "../x", "b"]})) as liar:
        assert listed(liar) == ["a", "b"]


@pytest.mark.parametrize("body", [{"tags": "a"}, {"tags": [1]}, {"tags": {}}, [], "no JSON", {"errors": 1}])
def test_a_list_that_is_none_is_refused(body: object) -> None:
    """Other shapes of 200 are not a registry's."""
    with Liar(lambda _: Told(200, body)) as liar:
        if body == {"errors": 1}:
            assert listed(liar) == []
        else:
            with pytest.raises(Untrustworthy):
                listed(liar)


def test_pages_in_a_circle_end() -> None:
    """A page that was read before is not read again."""
    link = {"Link": '</v2/app/tags/list?last=a>; rel="next"'}
    with Liar(lambda _: Told(200, {"tags": ["a"]}, link)) as liar, pytest.raises(Untrustworthy, match="circle"):
        listed(liar)


def test_pages_that_repeat_themselves_end() -> None:
    """Ever new links to the same names."""

    def answer(asked: Asked) -> Told:
        return Told(200, {"tags": ["a"]}, {"Link": f'</v2/app/tags/list?page={len(liar.requests)}>; rel="next"'})

    with Liar(answer) as liar, pytest.raises(Untrustworthy, match="again and again"):
        listed(liar)
    assert len(liar.requests) < 20


def test_pages_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ever new names on ever new pages, up to a number that no registry has."""
    monkeypatch.setattr(paging, "MOST_PAGES", 50)

    def answer(asked: Asked) -> Told:
        number = len(liar.requests)
        return Told(200, {"tags": [f"v{number}"]}, {"Link": f'</v2/app/tags/list?last=v{number}>; rel="next"'})

    with Liar(answer) as liar, pytest.raises(Untrustworthy, match="do not end"):
        listed(liar)


def test_a_page_on_another_host_is_not_read() -> None:
    """The next page is the registry's own."""
    with Liar(lambda _: Told(200, {"tags": ["stolen"]})) as other:
        link = {"Link": f'<{other.url}/v2/app/tags/list?last=a>; rel="next"'}
        with (
            Liar(lambda _: Told(200, {"tags": ["a"]}, link)) as liar,
            pytest.raises(Untrustworthy, match="another host"),
        ):
            listed(liar)
        assert other.requests == []


def test_an_error_in_the_middle_is_raised_there() -> None:
    """The tags before it were given; the list is not taken for complete."""

    def answer(asked: Asked) -> Told:
        if "last" in asked.path:
            return Told(404, {"errors": [{"code": "NAME_UNKNOWN", "message": "gone"}]})
        return Told(200, {"tags": ["a"]}, {"Link": '</v2/app/tags/list?last=a>; rel="next"'})

    with Liar(answer) as liar, opened(liar) as registry:
        tags = registry.repository("app").tags()
        assert str(next(tags)) == "a"
        with pytest.raises(Untrustworthy, match="gone"):
            next(tags)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ('</v2/x?n=1>; rel="next"', "/v2/x?n=1"),
        ("</v2/x>;rel=next", "/v2/x"),
        ('</a>; rel="prev", </b>; title="a, b"; rel="next"', "/b"),
        ('</b>; rel="last next"', "/b"),
        ('</b>; rel="nextish"', None),
        ("</b>", None),
        ("", None),
        ("/b; rel=next", None),
    ],
)
def test_links_are_read(link: str, target: str | None) -> None:
    """RFC 8288: the target of the relation `next`, among others."""
    assert next_page(link) == target


@given(st.text(st.characters(max_codepoint=126), max_size=200))
def test_any_link_is_read_without_an_error(link: str) -> None:
    """Whatever a server sends."""
    assert next_page(link) is None or ">" in link


def test_a_full_last_page_of_a_registry_with_links_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """It named the page before it: it would name another, and is not asked for one."""
    monkeypatch.setattr(paging, "PAGE", 2)

    def answer(asked: Asked) -> Told:
        if "last=b" in asked.path:
            return Told(200, {"tags": ["c", "d"]})
        return Told(200, {"tags": ["a", "b"]}, {"Link": '</v2/app/tags/list?last=b&n=2>; rel="next"'})

    with Liar(answer) as liar:
        assert listed(liar) == ["a", "b", "c", "d"]
        assert len(liar.requests) == 2
