from __future__ import annotations

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jettison.http.door.authorization import LONGEST, Basic, Bearer, header_of, parse
from jettison.oci.errors import Unauthorized

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=":"), min_size=1, max_size=50
)
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=80)


def basic(text: str | bytes) -> bytes:
    """A Basic header of that text."""
    return b"Basic " + b64encode(text.encode() if isinstance(text, str) else text)


@given(NAMES, PASSWORDS)
@example("robot", "a:b:c")
@example("jürgen", "pässword")
def test_a_name_and_a_password_arrive_as_they_were_sent(name: str, password: str) -> None:
    """In UTF-8; the password may hold colons, the scheme any case, the padding may be left out."""
    header = basic(f"{name}:{password}")
    assert parse(header) == Basic(name, password)
    assert parse(header.replace(b"Basic", b"bAsIC").rstrip(b"=")) == Basic(name, password)


@pytest.mark.parametrize("token", ["a", "a.b-c_d~e+f/g==", "eyJ.eyJ.c2ln", "jettison_x"])
def test_a_token_arrives_as_it_was_sent(token: str) -> None:
    """RFC 6750, 2.1: any scheme's case, any number of spaces."""
    assert parse(f"Bearer {token}".encode()) == Bearer(token)
    assert parse(f"bearer   {token}".encode()) == Bearer(token)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Bearer ",
        b"Bearer a b",
        b"Bearer a,b",
        b"Bearer =",
        b"Bearer a\tb",
        b"Bearer\ta",
        b" Bearer a",
        b"Digest abc",
        b"Negotiate abc",
        b"Basic YQ==",
        b"Basic ====",
        b"Basic a",
        b"Basic a-b_",
        basic(":password"),
        basic("name:a\nb"),
        basic("na\x00me:a"),
        basic(b"\xff\xfe:a"),
        basic(f"{'n' * 256}:a"),
        basic(f"n:{'a' * 4097}"),
        b"Bearer " + b"a" * LONGEST,
    ],
)
def test_whatever_else_is_refused(header: bytes) -> None:
    """It is not guessed at, and the message has nothing of it."""
    with pytest.raises(Unauthorized) as caught:
        parse(header)
    assert len(caught.value.message) < 200


@given(st.binary(max_size=200))
@example(b"Basic " + b"A" * 199)
def test_any_bytes_are_read_or_refused(header: bytes) -> None:
    """Nothing else comes of them."""
    for each in (header, b"Basic " + header, b"Bearer " + header):
        with suppress(Unauthorized):
            parse(each)


@given(st.text(min_size=12, max_size=60))
def test_a_secret_is_in_no_message_and_no_representation(secret: str) -> None:
    """What is shown stays with who shows it, even where it cannot be read."""
    assert secret not in _told(basic(f"name:{secret}"))


def _told(header: bytes) -> str:
    """All that is said of it: what was read, or why it could not be."""
    try:
        return repr(parse(header))
    except Unauthorized as error:
        return str(error)


def test_a_name_and_a_password_that_are_empty_are_none() -> None:
    """As skopeo and podman send them to whoever asks for some, where they have none."""
    assert parse(basic(":")) is None


def test_two_headers_are_none() -> None:
    """A proxy in front may have judged the other one."""
    assert header_of([(b"host", b"a")]) is None
    assert header_of([(b"authorization", b"x")]) == b"x"
    with pytest.raises(Unauthorized, match="twice"):
        header_of([(b"authorization", b"x"), (b"a", b"b"), (b"authorization", b"x")])
