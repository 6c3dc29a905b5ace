from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.digest import DIGEST_PATTERN, Digest
from jettison.oci.errors import DigestInvalid, NameInvalid, TagInvalid
from jettison.oci.reference import NAME_PATTERN, TAG_PATTERN, RepositoryName, Tag, parse_reference
from tests.oci.examples import digests

# The grammar a second time: words, what may stand between them, and never a separator at either end.
words = st.text("abcxyz0189", min_size=1, max_size=5)
joined = st.sampled_from([".", "_", "__", "-", "--", "-----", "/"])
names = st.lists(st.tuples(words, joined), max_size=20).flatmap(
    lambda pairs: words.map(lambda last: "".join(f"{word}{between}" for word, between in pairs) + last)
)
tags = st.text("aZ0_.-", min_size=1, max_size=128).filter(lambda text: text[0] not in ".-")


@pytest.mark.parametrize(
    "text",
    ["a", "0", "repo1", "library/debian", "a.b", "a_b", "a__b", "a-b", "a---b", "a/b/c/d/e", "v2", "a" * 255],
)
def test_names_of_the_grammar_are_read(text: str) -> None:
    """What the grammar of the specification allows is a name, and is written as it was read."""
    assert str(RepositoryName.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        "A",
        "a/B",
        "a___b",
        "a..b",
        "a._b",
        "a_-b",
        "_a",
        "a_",
        ".a",
        "a.",
        "-a",
        "a-",
        "..",
        "a/../b",
        "a/./b",
        "a%2fb",
        "a%2e%2e",
        "a\\b",
        "a\0b",
        "a\0",
        "a\n",
        "\na",
        "a b",
        "a:b",
        "a@b",
        "é",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{LATIN SMALL LETTER LONG S}",
        "\ud800",
    ],
)
def test_names_beyond_the_grammar_are_refused(text: str) -> None:
    """What the grammar does not allow is refused, with a message that says the grammar and can be sent."""
    with pytest.raises(NameInvalid, match="components separated by single slashes") as raised:
        RepositoryName.parse(text)
    raised.value.message.encode("utf-8")


def test_a_name_may_have_255_characters() -> None:
    """The total length is bounded, and the message says by what."""
    with pytest.raises(NameInvalid, match="has 256 characters: it may have at most 255"):
        RepositoryName.parse("a/" * 127 + "ab")


@given(names)
def test_every_name_of_the_grammar_is_read(text: str) -> None:
    """Words and separators in any order that the specification allows are a name."""
    assert RepositoryName.parse(text).value == text


@given(st.text() | st.text("a0._-/\n\0"))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    """Nothing but NameInvalid comes of text, and what is read has none of what paths and logs stumble over."""
    try:
        name = RepositoryName.parse(text)
    except NameInvalid:
        return
    assert name.value == text
    assert all(part and part.strip("._-") == part and ".." not in part for part in text.split("/"))


@pytest.mark.parametrize("text", ["latest", "_", "0.1.2", "v1_2-3.4", "A" * 128, "sha256-" + "a" * 64 + ".sig"])
def test_tags_of_the_grammar_are_read(text: str) -> None:
    """What the grammar of the specification allows is a tag, and is written as it was read."""
    assert parse_reference(text) == Tag(text)
    assert str(Tag.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "-a", ".a", "a/b", "a b", "a\n", "a\0", "é", "a" * 129, "\N{FULLWIDTH DIGIT ONE}", "\ud800"]
)
def test_tags_beyond_the_grammar_are_refused(text: str) -> None:
    """What the grammar does not allow is refused, with a message that says the grammar and can be sent."""
    with pytest.raises(TagInvalid, match="1 to 128 letters") as raised:
        parse_reference(text)
    raised.value.message.encode("utf-8")


@given(tags | digests.map(str))
def test_a_reference_is_a_digest_if_it_has_a_colon_else_a_tag(text: str) -> None:
    """Tags and digests share no text, so that one parser reads both."""
    reference = parse_reference(text)
    assert str(reference) == text
    assert isinstance(reference, Digest) == (":" in text)


@given(st.text() | st.text("sha256:0af-._\n"))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    """Nothing but TagInvalid and DigestInvalid comes of text."""
    try:
        assert str(parse_reference(text)) == text
    except (TagInvalid, DigestInvalid) as error:
        assert isinstance(error, DigestInvalid) == (":" in text)  # noqa: PT017


@given(names, tags | digests.map(str))
def test_the_patterns_make_one_pattern_of_a_route(name: str, reference: str) -> None:
    """They have no groups and no anchors of their own, so that a router may join them."""
    route = re.compile(rf"/v2/({NAME_PATTERN})/manifests/({TAG_PATTERN}|{DIGEST_PATTERN})")
    found = route.fullmatch(f"/v2/{name}/manifests/{reference}")
    assert found is not None
    assert found.groups() == (name, reference)


@pytest.mark.parametrize("part", ["a", "a-", "a__", "a.", "a/", "aa-", "-", "a_a"])
def test_a_name_that_fails_at_its_end_fails_fast(part: str) -> None:
    """The patterns do not backtrack catastrophically, alone or with a route behind them."""
    text = part * (100_000 // len(part)) + "!"
    began = time.perf_counter()
    assert re.fullmatch(NAME_PATTERN, text) is None
    assert re.fullmatch(rf"({NAME_PATTERN})/tags/list", text) is None
    assert time.perf_counter() - began < 1
