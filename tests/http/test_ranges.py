from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.http.ranges import Span, parse_content_range, parse_range
from jettison.oci.errors import RangeInvalid

HUGE = "9" * 5000

sizes = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-4", Span(0, 5)),
        ("bytes=3-", Span(3, 10)),
        ("bytes=9-", Span(9, 10)),
        ("bytes=9-9", Span(9, 10)),
        ("bytes=0-9", Span(0, 10)),
        ("bytes=0-10", Span(0, 10)),
        (f"bytes=0-{HUGE}", Span(0, 10)),
        (f"bytes={'0' * 5000}1-0002", Span(1, 3)),
        ("bytes=-1", Span(9, 10)),
        ("bytes=-10", Span(0, 10)),
        ("bytes=-11", Span(0, 10)),
        (f"bytes=-{HUGE}", Span(0, 10)),
        ("Bytes= 0-4 ", Span(0, 5)),
    ],
)
def test_a_range_is_cut_to_the_blob(header: str, expected: Span) -> None:
    """Closed, open and suffix ranges of a blob of ten bytes (RFC 9110, 14.1.2)."""
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=0-1,3-4",
        "bytes=0-1,",
        "bytes=20-30,40-50",
        "bytes=a-b",
        "bytes=0x0-1",
        "bytes=+0-1",
        "bytes=0--1",
        "bytes=--1",
        "bytes=1.0-2",
        "bytes=0 - 1",
        "bytes 0-1",
        "items=0-1",
        "byte\N{LATIN SMALL LETTER LONG S}=0-1",
        "bytes=0-\N{ARABIC-INDIC DIGIT ONE}",
        "bytes=0-1\n",
        "bytes=0-1\0",
    ],
)
def test_what_is_no_single_range_is_ignored(header: str | None) -> None:
    """Several ranges, other units and what cannot be read get the whole blob, as RFC 9110, 14.2 allows."""
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    "header",
    [
        "bytes=10-",
        "bytes=10-10",
        "bytes=11-20",
        f"bytes={HUGE}-",
        f"bytes={HUGE}-{HUGE}",
        "bytes=-0",
        "bytes=4-3",
        f"bytes={HUGE}-3",
    ],
)
def test_a_range_beyond_the_blob_is_refused_with_its_size(header: str) -> None:
    """The answer to a range that cannot be satisfied says the size that there is (RFC 9110, 15.5.17)."""
    with pytest.raises(RangeInvalid, match="none of the blob's 10 bytes") as raised:
        parse_range(header, 10)
    assert raised.value.size == 10


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-", "nonsense"])
def test_an_empty_blob_is_served_whole(header: str) -> None:
    """No range can name a part of nothing, and clients that always send one want the blob."""
    assert parse_range(header, 0) is None


@given(sizes, st.data())
def test_a_range_that_is_served_can_be_read_back(size: int, data: st.DataObject) -> None:
    """Every part of a blob can be asked for, and its Content-Range is one that an upload could send."""
    if size == 0:
        return
    start = data.draw(st.integers(0, size - 1))
    span = Span(start, data.draw(st.integers(start + 1, size)))
    assert parse_range(f"bytes={span.start}-{span.stop - 1}", size) == span
    assert parse_range(f"bytes=-{size - start}", size) == Span(start, size)
    assert parse_content_range(span.content_range(size)) == span
    assert parse_content_range(f"{span.start}-{span.stop - 1}") == span
    assert span.length == span.stop - span.start


@given(st.text() | st.from_regex(r"(bytes=)?[0-9]{0,25}-[0-9]{0,25}", fullmatch=True), sizes)
def test_any_text_is_a_range_within_the_blob_or_refused(header: str, size: int) -> None:
    """Nothing but RangeInvalid comes of text, and what comes is a part of the blob, never empty."""
    try:
        span = parse_range(header, size)
    except RangeInvalid as error:
        assert error.size == size  # noqa: PT017
    else:
        assert span is None or 0 <= span.start < span.stop <= size


@pytest.mark.parametrize(
    "header",
    ["0-1023", "bytes 0-1023/*", "bytes 0-1023/1024", "bytes 0-1023/4096", "bytes 0-1023", "bytes=0-1023", " 0-1023\t"],
)
def test_content_ranges_of_every_client_are_read(header: str) -> None:
    """The specification's form, the form of RFC 9110, and mixtures of both."""
    assert parse_content_range(header) == Span(0, 1024)


def test_no_content_range_says_nothing() -> None:
    """An upload may be sent without saying where it goes on."""
    assert parse_content_range(None) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-",
        "0-",
        "-5",
        "5-4",
        "0--1",
        "bytes */10",
        "bytes 0-9/5",
        "bytes 0-9/9",
        "bytes 0-9/",
        "items 0-9/10",
        "0-9,10-19",
        "0 - 9",
        "a-b",
        "0x0-0x9",
        "0-9\n",
        "0-9\0",
        "0-\N{ARABIC-INDIC DIGIT ONE}",
        f"0-{2**63 - 1}",
        f"0-{HUGE}",
        f"{HUGE}-{HUGE}",
    ],
)
def test_other_content_ranges_are_refused(header: str) -> None:
    """What cannot be read or cannot be is refused with a short message: bytes must not go to the wrong place."""
    with pytest.raises(RangeInvalid, match="Content-Range") as raised:
        parse_content_range(header)
    assert len(raised.value.message) < 300


@given(st.text() | st.from_regex(r"(bytes[ =])?[0-9]{0,25}-[0-9]{0,25}(/[0-9*]*)?", fullmatch=True))
def test_any_text_is_a_content_range_or_refused(header: str) -> None:
    """Nothing but RangeInvalid comes of text, and what comes fits a database's integers."""
    try:
        span = parse_content_range(header)
    except RangeInvalid:
        return
    assert span is not None
    assert 0 <= span.start < span.stop <= 2**63 - 1
