from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.client.challenge import LONGEST, Challenge, read_challenges

_WORD = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+-.^_`|~", min_size=1, max_size=12)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=8)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_SCHEMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="a registry"', [("basic", {"realm": "a registry"})]),
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('bearer realm="x" , Basic realm="y"', [("bearer", {"realm": "x"}), ("basic", {"realm": "y"})]),
        ("Negotiate, Basic realm=plain", [("negotiate", {}), ("basic", {"realm": "plain"})]),
        ('Bearer realm = "spaced" ,, error="x"', [("bearer", {"realm": "spaced", "error": "x"})]),
        (r'Basic realm="with \"quotes\" and, commas"', [("basic", {"realm": 'with "quotes" and, commas'})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        (
            "Bearer realm=https://x.example/token,service=s",
            [("bearer", {"realm": "https://x.example/token", "service": "s"})],
        ),
        ('realm="nobody\'s"', []),
        ("", []),
        ('Bearer realm="never closed', [("bearer", {})]),
    ],
)
def test_challenges_are_read(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    """Schemes and parameters, several challenges in one header, and whatever servers in use write."""
    assert [(each.scheme, dict(each.parameters)) for each in read_challenges(header)] == expected


def test_a_token_of_a_scheme_is_no_parameter() -> None:
    """RFC 9110 allows a scheme one token68 in place of parameters."""
    assert read_challenges("Negotiate YWJj==, Basic realm=x") == (
        Challenge("negotiate", {}, "YWJj=="),
        Challenge("basic", {"realm": "x"}),
    )


def test_the_parts_of_a_bearer_challenge() -> None:
    """Realm, service and scopes, which are separated by spaces."""
    [challenge] = read_challenges('Bearer realm="r",service="s",scope="repository:a:pull repository:b:pull"')
    assert (challenge.realm, challenge.service) == ("r", "s")
    assert challenge.scope == ("repository:a:pull", "repository:b:pull")


@given(st.text())
def test_any_text_is_read_without_an_error(header: str) -> None:
    """Whatever a server sends, reading it ends, and gives challenges with names in lower case."""
    for challenge in read_challenges(header):
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.parameters)


@given(st.lists(st.tuples(_SCHEMES, st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=4)), max_size=4))
@pytest.mark.slow
def test_what_is_written_is_read_again(challenges: list[tuple[str, dict[str, str]]]) -> None:
    """Every list of challenges with quoted parameters comes back as it was."""
    assert [(each.scheme, dict(each.parameters)) for each in read_challenges(_written(challenges))] == challenges


@given(st.lists(st.tuples(_SCHEMES, st.dictionaries(_NAMES, _WORD, min_size=1, max_size=4)), max_size=4))
@pytest.mark.slow
def test_damage_at_the_end_spoils_nothing_before_it(challenges: list[tuple[str, dict[str, str]]]) -> None:
    """What stands before a damaged end is read as if the end were not there."""
    expected = [(each.scheme, dict(each.parameters)) for each in read_challenges(_written(challenges))]
    damaged = read_challenges(f'{_written(challenges)}, "" = ""')
    assert [(each.scheme, dict(each.parameters)) for each in damaged] == expected


@pytest.mark.parametrize("piece", ['a="', "a=", 'a="\\', ",", " ", "a,", 'a ="x', "=", "a a a=", '""', "A" * 50 + "="])
def test_reading_takes_time_linear_in_the_length(piece: str) -> None:
    """The longest header that is read takes a moment, whatever it repeats."""
    began = time.monotonic()
    read_challenges(piece * (LONGEST // len(piece)))
    assert time.monotonic() - began < 1


def _written(challenges: list[tuple[str, dict[str, str]]]) -> str:
    return ", ".join(
        f"{scheme} " + ", ".join(f'{name}="{_escaped(value)}"' for name, value in parameters.items())
        for scheme, parameters in challenges
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
