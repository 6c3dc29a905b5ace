from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.document import DEEPEST, MOST_VALUES, read_object
from jettison.oci.errors import ManifestInvalid

LARGEST = 4 * 2**20

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=9), values, max_size=4), st.booleans())
def test_any_json_object_is_read_as_it_was_written(written: dict[str, object], escaped: bool) -> None:
    """Brackets, quotes and backslashes within strings mislead no check."""
    content = json.dumps(written, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert read_object(content).values == written


@given(st.binary() | st.text('{}[]":,\\u0 \n\ud800').map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_an_object_or_refused(content: bytes) -> None:
    """Nothing but ManifestInvalid comes of bytes."""
    try:
        assert isinstance(read_object(content).values, dict)
    except ManifestInvalid as error:
        assert error.message.startswith("the manifest ")  # noqa: PT017


def nested(levels: int) -> bytes:
    """An object with so many levels, itself the first."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_the_levels_that_are_read_are_counted() -> None:
    """The deepest that is read is read, and one level more is refused."""
    assert read_object(nested(DEEPEST)).has("a")
    with pytest.raises(ManifestInvalid, match=f"nests deeper than the {DEEPEST} levels"):
        read_object(nested(DEEPEST + 1))


def test_brackets_within_strings_are_no_levels() -> None:
    """Only what nests counts, behind escaped quotes and backslashes too."""
    text = '\\" [[[[ {{{{ \\\\' * 200
    assert read_object(json.dumps({"a": text, text: [text]}).encode()).values == {"a": text, text: [text]}


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "is not JSON"),
        (b"null", "must be a JSON object, and is null"),
        (b"[]", "must be a JSON object, and is a list"),
        (b"true", "must be a JSON object, and is true"),
        (b"7", "must be a JSON object, and is 7"),
        (b'"{}"', "must be a JSON object, and is a string"),
        (b"{", "brackets do not match"),
        (b"]}[{", "brackets do not match"),
        (b"{]", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b'{"a":1,}', "is not JSON"),
        (b"{'a':1}", "is not JSON"),
        (b'{"a":"\n"}', "is not JSON"),
        (b'{"a":NaN}', "NaN is no number"),
        (b'{"a":-Infinity}', "-Infinity is no number"),
        (b'{"a":' + b"9" * 5000 + b"}", "number of too many digits"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "is not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "is not JSON"),
        (b'{"a":1,"b":2,"a":1}', "'a' twice"),
        (b'{"x":{"a":1,"\\u0061":2}}', "'a' twice"),
    ],
)
def test_what_is_no_json_object_is_refused(content: bytes, because: str) -> None:
    """Each fault has its message; a field named twice is one, since clients differ in which of the two they take."""
    with pytest.raises(ManifestInvalid, match=because):
        read_object(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * LARGEST, id="lists never closed"),
        pytest.param(b'{"a":' * (LARGEST // 5), id="objects never closed"),
        pytest.param(b"[" * (LARGEST // 2) + b"]" * (LARGEST // 2), id="lists within lists"),
        pytest.param((b"[" * 50 + b"]" * 50) * (LARGEST // 100), id="many lists within lists"),
        pytest.param(b'{"a":[' + b"[]," * (LARGEST // 3) + b"0]}", id="many lists"),
        pytest.param(b'{"a":[' + b'"ab",' * (LARGEST // 5) + b"0]}", id="many strings"),
        pytest.param(b'{"a":[' + b"1," * (LARGEST // 2) + b"0]}", id="many numbers"),
        pytest.param(b'{"a":1,' * (MOST_VALUES // 3), id="many objects never closed"),
        pytest.param(b'"' * LARGEST, id="quotes"),
        pytest.param(b'"' + b"\\" * LARGEST, id="backslashes"),
        pytest.param(b'{"a":' + b"9" * LARGEST + b"}", id="one number"),
    ],
)
def test_a_hostile_document_costs_little(content: bytes) -> None:
    """Of the largest manifest, whatever is in it, comes a quick answer, within a small multiple of its bytes."""
    tracemalloc.start()
    try:
        began = time.perf_counter()
        with pytest.raises(ManifestInvalid):
            read_object(content)
        took = time.perf_counter() - began
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < 2
    assert peak < 64 * 2**20


def test_as_many_values_as_are_read_are_read() -> None:
    """The bound on values is exact: no honest manifest of 4 MiB has as many."""
    most = b'{"a":[' + b",".join([b"0"] * (MOST_VALUES - 1)) + b"]}"
    assert len(most) < LARGEST
    assert read_object(most).has("a")
    with pytest.raises(ManifestInvalid, match=f"at most {MOST_VALUES} are read"):
        read_object(most.replace(b"[", b"[0,"))
