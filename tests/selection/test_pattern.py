from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import PatternInvalid
from jettison.selection.pattern import LONGEST_PATTERN, Pattern

MATCHES = {
    "app": ("app",),
    "team/*": ("team/app", "team/a.b_c-d"),
    "*": ("app", "a"),
    "*/*": ("team/app",),
    "team/**": ("team/app", "team/a/b/c"),
    "**": ("app", "team/app", "a/b/c/d"),
    "**/app": ("app", "team/app", "a/b/app"),
    "a/**/z": ("a/z", "a/b/z", "a/b/c/z"),
    "**/b/**": ("b/c", "a/b/c", "a/b/b/c"),
    "**/**": ("a", "a/b"),
    "v1.*": ("v1.0", "v1.", "v1.2.3"),
    "*-rc*": ("1.0-rc1", "-rc", "a-rc-rc"),
    "v?": ("v1", "v."),
    "a*b*c": ("abc", "axbxc", "abcbc", "abbcc"),
    "*a?b*": ("aab", "xaxbx", "aaab"),
}
OTHERS = {
    "app": ("apps", "team/app", "app/x", "ap", ""),
    "team/*": ("team", "team/a/b", "teams/a", "a/team/b"),
    "*": ("team/app",),
    "*/*": ("app", "a/b/c"),
    "team/**": ("team", "teams/app", "a/team/b"),
    "**": ("",),
    "**/app": ("apps", "myapp", "team/myapp", "app/x"),
    "a/**/z": ("az", "a/bz", "b/a/z", "a/z/b"),
    "**/b/**": ("b", "a/b", "ab/c"),
    "v1.*": ("v1", "v10", "xv1.0", "V1.0"),
    "v?": ("v", "v10", "v/"),
    "a*b*c": ("ab", "acb", "abcd", "a/b/c"),
}


@pytest.mark.parametrize(("pattern", "name"), [(pattern, name) for pattern in MATCHES for name in MATCHES[pattern]])
def test_a_pattern_matches(pattern: str, name: str) -> None:
    """`*` within a component, `**` across them, `?` one character."""
    assert Pattern.parse(pattern).matches(name)


@pytest.mark.parametrize(("pattern", "name"), [(pattern, name) for pattern in OTHERS for name in OTHERS[pattern]])
def test_a_pattern_matches_whole_names_only(pattern: str, name: str) -> None:
    """Neither a part of a name, nor what has other components."""
    assert not Pattern.parse(pattern).matches(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "***",
        "a**",
        "**a",
        "a/**b",
        "a b",
        "[a]",
        "{a,b}",
        "!a",
        "a\\*",
        "é",
        "a\n",
        "a:b",
        "^a$",
    ],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    """The message says what a pattern is: nobody has to guess which wildcards there are."""
    with pytest.raises(PatternInvalid, match=r"components separated by single slashes.*\*\*"):
        Pattern.parse(text)


def test_a_pattern_has_a_length() -> None:
    """As long as the longest name, no longer."""
    Pattern.parse("a" * LONGEST_PATTERN)
    with pytest.raises(PatternInvalid, match="at most 255"):
        Pattern.parse("a" * (LONGEST_PATTERN + 1))


def test_a_pattern_without_wildcards_is_literal() -> None:
    """It names one thing: nobody has to confirm that."""
    assert Pattern.parse("team/app.v1").literal
    assert not any(Pattern.parse(text).literal for text in ("*", "a?", "a/**"))
    assert str(Pattern.parse("team/**")) == "team/**"


def expected(pattern: list[str], name: list[str]) -> bool:
    """Whether components match, by trying everything."""
    if not pattern:
        return not name
    if pattern == ["**"]:
        return bool(name)
    if pattern[0] == "**":
        return any(expected(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and component_matches(pattern[0], name[0]) and expected(pattern[1:], name[1:])


def component_matches(pattern: str, text: str) -> bool:
    """Whether one component matches, by trying everything."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(component_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and component_matches(pattern[1:], text[1:])


components = st.one_of(st.just("**"), st.text("ab*?", min_size=1, max_size=5).filter(lambda text: "**" not in text))


@given(
    st.lists(components, min_size=1, max_size=5),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=5),
)
def test_a_pattern_matches_what_its_definition_says(pattern: list[str], name: list[str]) -> None:
    """Of few letters, so that wildcards have many places to take."""
    assert Pattern.parse("/".join(pattern)).matches("/".join(name)) == expected(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 100 + "b", "a" * 255),
        ("?*" * 100 + "b", "a" * 255),
        ("**/a/" * 50 + "b", "a/" * 127 + "a"),
        ("**/*a*/" * 30 + "b", "aa/" * 84 + "a"),
        ("**/*a*a*a*a*a*b/" * 10 + "b", "/".join(["a" * 50] * 5)),
    ],
)
def test_no_pattern_takes_long(pattern: str, name: str) -> None:
    """The worst that a stranger can write is answered at once, be the registry large."""
    parsed = Pattern.parse(pattern[:LONGEST_PATTERN].rstrip("*/"))
    start = time.perf_counter()

    for _ in range(100):
        parsed.matches(name)

    assert time.perf_counter() - start < 1
