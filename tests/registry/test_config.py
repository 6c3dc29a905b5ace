from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import ManifestInvalid
from jettison.registry.config import LONGEST_TEXT, MOST_ENTRIES, Step, parse_config, platform_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("os", "architecture", "variant", "created", "author", "config", "history")
INSIDE = ("User", "WorkingDir", "Entrypoint", "Cmd", "Env", "ExposedPorts", "Labels")


def parsed(value: Any) -> Any:
    """What is read of it."""
    return parse_config(json.dumps(value).encode())


def test_a_config_is_read_as_it_is() -> None:
    """Every field that a page shows."""
    found = parsed(
        {
            "os": "linux",
            "architecture": "arm64",
            "variant": "v8",
            "created": "2026-11-24T00:00:00Z",
            "author": "ana",
            "config": {
                "User": "1000",
                "WorkingDir": "/srv",
                "Entrypoint": ["/app"],
                "Cmd": ["-v"],
                "Env": ["A=b"],
                "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
                "Labels": {"b": "2", "a": "<script>alert(1)</script>"},
            },
            "history": [{"created": "x", "created_by": "RUN a", "comment": "c", "empty_layer": True}, {}],
        }
    )
    assert (found.platform, found.author, found.user, found.working_dir) == ("linux/arm64/v8", "ana", "1000", "/srv")
    assert (found.entrypoint, found.cmd, found.env) == (("/app",), ("-v",), ("A=b",))
    assert found.ports == ("443/tcp", "80/tcp")
    assert list(found.labels.items()) == [("a", "<script>alert(1)</script>"), ("b", "2")]
    assert found.history == (Step("x", "RUN a", "c", empty=True), Step("", "", "", empty=False))


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.dictionaries(st.sampled_from(INSIDE), JSON)))
@pytest.mark.slow
def test_whatever_it_says_can_be_told(value: dict[str, Any]) -> None:
    """Fields of the wrong types count as absent, and all text can be written."""
    json.dumps(parsed(value).to_json(), ensure_ascii=False).encode()


def test_what_is_long_is_cut() -> None:
    """Text and lists; halves of surrogate pairs become question marks."""
    found = parsed({"author": "x" * 100_000, "history": [{}] * 5000, "config": {"User": "\ud800"}})
    assert (len(found.author), len(found.history), found.user) == (LONGEST_TEXT, MOST_ENTRIES, "?")


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b'{"a":1,"a":2}'])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    """With the reason."""
    with pytest.raises(ManifestInvalid):
        parse_config(text)


@pytest.mark.parametrize(
    ("fields", "platform"),
    [
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "unknown", "architecture": "unknown"}, ""),
        ({"os": "linux"}, ""),
        ({"os": "a,b", "architecture": "amd64"}, ""),
        ({"os": "linux", "architecture": "arm64", "variant": "v8,x"}, "linux/arm64"),
        ({"os": 1, "architecture": ["amd64"]}, ""),
    ],
)
def test_platforms_are_plain_words(fields: dict[str, Any], platform: str) -> None:
    """What is none, or could be taken for several, is no platform."""
    assert platform_of(fields) == platform
