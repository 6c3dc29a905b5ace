from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from jettison.http.door.jwt import LEEWAY, Verifier, sign
from jettison.http.door.refusals import TokenInvalid, UnknownKey
from jettison.http.door.trust import Key, NamedKeys

NOW = 1_800_000_000.0
KEY = ECKey.generate_key("P-256")
OTHER = ECKey.generate_key("P-256")
PUBLIC = ECKey.import_key(KEY.as_dict(private=False))
RSA = RSAKey.generate_key(2048)
ALGORITHMS = ("ES256", "RS256", "EdDSA")
GOOD: dict[str, Any] = {"iss": "issuer", "aud": "service", "exp": NOW + 300, "nbf": NOW, "sub": "ann"}


def verifier(keys: Mapping[str, Key] | None = None, algorithms: tuple[str, ...] = ("ES256",)) -> Verifier:
    """One of the tests' own service, at their own time."""
    return Verifier(NamedKeys(keys or {"one": PUBLIC}), "issuer", "service", algorithms, lambda: NOW)


def part(value: object) -> str:
    """A part of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(token: str, using: Verifier | None = None) -> str:
    """Why it is refused."""
    with pytest.raises(TokenInvalid) as caught:
        (using or verifier()).verify(token)
    return caught.value.message


@pytest.mark.parametrize(
    ("key", "algorithm"), [(KEY, "ES256"), (RSA, "RS256"), (OKPKey.generate_key("Ed25519"), "EdDSA")]
)
def test_a_token_of_ours_is_good(key: Key, algorithm: str) -> None:
    """By any algorithm that is allowed, with the key of its name."""
    token = sign(GOOD, key, "one", algorithm)
    verified = verifier({"one": key}, ALGORITHMS).verify(token)
    assert verified.claims == GOOD
    assert (verified.text("sub"), verified.text("none"), verified.until) == ("ann", "", NOW + 300 + LEEWAY)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "another"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["issuer"]}, "issuer"),
        ({"aud": "another"}, "another service"),
        ({"aud": ["a", "b"]}, "another service"),
        ({"aud": None}, "another service"),
        ({"aud": {"service": 1}}, "another service"),
        ({"exp": NOW - LEEWAY - 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "2030"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"exp": -1}, "exp"),
        ({"nbf": NOW + LEEWAY + 1}, "not valid yet"),
        ({"nbf": "now"}, "nbf"),
        ({"nbf": None}, "nbf"),
    ],
)
def test_another_issuer_audience_or_time_is_refused(claims: dict[str, Any], reason: str) -> None:
    """Whoever signed it."""
    assert reason in refused(sign({**GOOD, **claims}, KEY, "one", "ES256"))


def test_clocks_may_differ_a_little() -> None:
    """By a minute, at either end, and no more; the audience may be one of several."""
    for claims in ({"exp": NOW - LEEWAY + 1}, {"nbf": NOW + LEEWAY - 1}, {"aud": ["a", "service"]}):
        verifier().verify(sign({**GOOD, **claims}, KEY, "one", "ES256"))


def test_a_token_without_a_signature_is_refused() -> None:
    """`alg: none`, in any case, with the signature left out or not."""
    good = sign(GOOD, KEY, "one", "ES256")
    for word in ("none", "None", "NONE", "nOnE", "", None, ["none"], 0):
        for signature in ("", good.rpartition(".")[2]):
            refused(f"{part({'alg': word, 'typ': 'JWT', 'kid': 'one'})}.{part(GOOD)}.{signature}")


@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
def test_a_public_key_is_no_secret(form: str) -> None:
    """HS256 signed with what everybody may know: neither by what is allowed, nor if it were."""
    secret = RSA.as_pem(private=False) if form == "pem" else RSA.as_der(private=False)
    if form == "jwk":
        secret = json.dumps(RSA.as_dict(private=False)).encode()
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{part(GOOD)}"
    token = f"{signed}.{part(hmac.digest(secret, signed.encode(), sha256))}"
    assert "not accepted" in refused(token, verifier({"one": RSA}, ("RS256",)))
    refused(token, verifier({"one": RSA}, ("RS256", "HS256")))


def test_a_key_is_used_for_its_own_algorithm_only() -> None:
    """An algorithm that is allowed, with a key of another kind."""
    keys: dict[str, Key] = {"one": RSA, "two": KEY}
    token = sign(GOOD, KEY, "one", "ES256")
    refused(token, verifier(keys, ALGORITHMS))
    assert "not accepted" in refused(sign(GOOD, RSA, "one", "RS256"), verifier(keys, ("ES256",)))


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": OTHER.as_dict(private=False)},
        {"jwk": {**OTHER.as_dict(private=False), "kid": "one"}},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/chain"},
        {"kid": "one", "jwk": OTHER.as_dict(private=False)},
        {"kid": "one", "jku": "http://127.0.0.1:1/keys"},
        {"kid": "../../one"},
        {"kid": "one\x00"},
        {"kid": ["one"]},
        {"kid": {"one": 1}},
        {"kid": 1},
        {"kid": None},
        {},
    ],
)
def test_a_token_does_not_bring_its_own_key(header: dict[str, Any]) -> None:
    """Not in its header, not by a URL, and not under the name of one that is trusted."""
    good = sign(GOOD, OTHER, "one", "ES256")
    head = part({"alg": "ES256", "typ": "JWT", **header})
    from joserfc import jws

    limits = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    try:
        token = jws.serialize_compact({"alg": "ES256", **header}, json.dumps(GOOD), OTHER, registry=limits)
    except Exception:  # noqa: BLE001 - what cannot be made by the library is put together by hand
        token = f"{head}.{part(GOOD)}.{good.rpartition('.')[2]}"
    refused(token)


def test_the_key_of_another_name_is_not_tried() -> None:
    """A token says by which key it is signed; that one, or none."""
    keys: dict[str, Key] = {"one": PUBLIC, "two": ECKey.import_key(OTHER.as_dict(private=False))}
    assert "trust" in refused(sign(GOOD, KEY, "three", "ES256"), verifier(keys))
    refused(sign(GOOD, KEY, "two", "ES256"), verifier(keys))
    with pytest.raises(UnknownKey):
        verifier(keys).verify(sign(GOOD, KEY, "", "ES256"))


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"typ": "secevent+jwt"}]
)
def test_what_a_header_asks_for_beyond_us_is_refused(header: dict[str, Any]) -> None:
    """RFC 7515, 4.1.11; and a token of another type is for something else (RFC 8725, 3.11)."""
    from joserfc import jws

    limits = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    whole = {"alg": "ES256", "kid": "one", **header}
    try:
        token = jws.serialize_compact(whole, json.dumps(GOOD), KEY, registry=limits)
    except Exception:  # noqa: BLE001 - see above
        token = f"{part(whole)}.{part(GOOD)}.{part(b'0' * 64)}"
    refused(token)


@pytest.mark.parametrize("claims", [b"[]", b'"a"', b"5", b"null", b"{", b"\xff", b""])
def test_claims_that_are_no_object_are_refused(claims: bytes) -> None:
    """Though they are signed as they should be."""
    from joserfc import jws

    refused(jws.serialize_compact({"alg": "ES256", "kid": "one"}, claims, KEY, algorithms=["ES256"]))


@given(st.integers(0, 300), st.integers(1, 255))
def test_a_token_that_was_changed_anywhere_is_refused(place: int, by: int) -> None:
    """One byte of header, claims or signature."""
    token = sign(GOOD, KEY, "one", "ES256").encode()
    place %= len(token)
    changed = bytearray(token)
    changed[place] ^= by
    text = changed.decode("latin-1")
    try:
        claims = verifier().verify(text).claims
    except TokenInvalid:
        return
    # The last character of a base64 text has bits that mean nothing.
    assert place == len(token) - 1
    assert claims == GOOD


@given(st.text(max_size=200))
@example("..")
@example("e30.e30.")
@example("a" * 40_000)
@example("bnVsbA.bnVsbA.bnVsbA")
@example("[" * 1000 + "." + "[" * 1000 + ".")
def test_any_text_is_no_token(text: str) -> None:
    """It is refused as one, and nothing else comes of it."""
    for each in (text, f"{part({'alg': 'ES256', 'kid': 'one'})}.{text}", f"{part(text.encode())}.{part(GOOD)}.{text}"):
        refused(each)


def test_deep_json_is_refused() -> None:
    """Its depth does not end the process."""
    deep = part(b'{"a":' * 5000 + b"1" + b"}" * 5000)
    refused(f"{part({'alg': 'ES256', 'kid': 'one'})}.{deep}.{part(b'0' * 64)}")
    refused(f"{deep}.{deep}.{part(b'0' * 64)}")
