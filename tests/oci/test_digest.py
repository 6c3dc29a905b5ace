from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.digest import ALGORITHMS, Digest, new_hash
from jettison.oci.errors import DigestInvalid
from tests.oci.examples import digests

HEX = "0123456789abcdef" * 4


@given(digests)
def test_a_digest_survives_its_text_and_its_packed_bytes(digest: Digest) -> None:
    """What is written can be read back, as text and as bytes."""
    assert Digest.parse(str(digest)) == digest
    assert Digest.unpack(digest.packed) == digest


@given(st.binary(), st.sampled_from(ALGORITHMS))
def test_the_digest_of_content_is_its_hash(content: bytes, algorithm: str) -> None:
    """A digest is its algorithm and the hash in lower-case hexadecimal digits."""
    assert str(Digest.of(content, algorithm)) == f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def test_a_packed_digest_is_its_algorithm_number_and_the_hash() -> None:
    """The packed form is what databases hold: it may never change."""
    assert Digest.parse(f"sha256:{HEX}").packed == b"\x01" + bytes.fromhex(HEX)
    assert Digest.parse(f"sha512:{HEX}{HEX}").packed == b"\x02" + bytes.fromhex(HEX + HEX)


@given(st.lists(digests))
def test_digests_order_as_their_texts(some: list[Digest]) -> None:
    """Rows are locked in the order of digests: it has to be the same wherever it is taken."""
    assert [str(each) for each in sorted(some)] == sorted(str(each) for each in some)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "sha256",
        "sha256:",
        HEX,
        f"sha256:{HEX[1:]}",
        f"sha256:{HEX}0",
        f"sha256:{HEX.upper()}",
        f"SHA256:{HEX}",
        f"sha512:{HEX}",
        f"sha256:{HEX}{HEX}",
        f"sha384:{HEX[:32]}{HEX}",
        f"md5:{HEX[:32]}",
        f"sha256+b64:{HEX}",
        f"sha256:{HEX}\n",
        f"\nsha256:{HEX}",
        f"sha256:{HEX[1:]}\n",
        f"sha256:{HEX[1:]}\0",
        f"sha256:{HEX[1:]}\N{ARABIC-INDIC DIGIT ONE}",
        f"sha256:{HEX[1:]}\N{FULLWIDTH DIGIT ONE}",
        f" sha256:{HEX}",
        f"sha256:{HEX[2:]}..",
        f"sha256:../{HEX[3:]}",
        "sha256:" + "a" * 1_000_000,
    ],
)
def test_what_is_no_digest_is_refused_saying_what_is_one(text: str) -> None:
    """The message names both accepted forms, and is short whatever was sent."""
    with pytest.raises(DigestInvalid, match=r"sha256: and 64 .* sha512: and 128 ") as raised:
        Digest.parse(text)
    assert len(raised.value.message) < 600


@given(st.text())
def test_any_text_is_a_digest_or_refused(text: str) -> None:
    """Nothing but DigestInvalid comes of text."""
    with contextlib.suppress(DigestInvalid):
        assert str(Digest.parse(text)) == text


@given(st.one_of(st.binary(max_size=70), digests.map(lambda digest: digest.packed[:-1])))
def test_any_bytes_are_a_packed_digest_or_refused(packed: bytes) -> None:
    """Nothing but DigestInvalid comes of bytes."""
    try:
        assert Digest.unpack(packed).packed == packed
    except DigestInvalid:
        assert (packed[:1], len(packed)) not in {(b"\x01", 33), (b"\x02", 65)}


def test_an_unknown_algorithm_is_refused_by_name() -> None:
    """Clients may ask for an algorithm by name: the message says which ones there are."""
    with pytest.raises(DigestInvalid, match="'sha384' is not supported: use sha256 or sha512"):
        new_hash("sha384")
    with pytest.raises(DigestInvalid):
        Digest.of(b"", "md5")


def test_a_hash_goes_on_from_its_copy() -> None:
    """An upload's digest so far is taken without ending the hash."""
    made = new_hash("sha512")
    made.update(b"one")
    copied = made.copy()
    made.update(memoryview(b" two"))
    assert copied.hexdigest() == hashlib.sha512(b"one").hexdigest()
    assert made.digest() == hashlib.sha512(b"one two").digest()
