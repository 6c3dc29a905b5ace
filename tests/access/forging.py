"""Tokens as somebody would make them who must not: of any claims and header, signed by any key or none."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from jettison.registry.keys import signing_keys
from tests.access.site import URL, Site

SERVICE: Final = "registry.test"
EVERYTHING: Final = ("pull", "push", "delete", "*")
Header = Mapping[str, Any]


def claims(name: str = "team/app", **changed: Any) -> dict[str, Any]:
    """What a token of this registry says: that an administrator may do everything with ``name``. None leaves out."""
    now = int(time.time())
    usual = {
        "iss": URL,
        "sub": "admin",
        "aud": SERVICE,
        "exp": now + 300,
        "nbf": now,
        "iat": now,
        "jti": "0123456789abcdef",
        "kind": "user",
        "access": [{"type": "repository", "name": name, "actions": list(EVERYTHING)}],
    }
    return {key: value for key, value in {**usual, **changed}.items() if value is not None}


def written(header: Header, body: Mapping[str, Any] | bytes, signature: bytes = b"") -> str:
    """A compact JWS (RFC 7515, 7.1) of these parts."""
    return f"{_unsigned(header, body)}.{part(signature)}"


def signed(key: ec.EllipticCurvePrivateKey, header: Header, body: Mapping[str, Any] | bytes) -> str:
    """The same, signed by ES256 whatever the header says."""
    unsigned = _unsigned(header, body)
    r, s = decode_dss_signature(key.sign(unsigned.encode(), ec.ECDSA(SHA256())))
    return f"{unsigned}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def by_secret(secret: bytes, header: Header, body: Mapping[str, Any]) -> str:
    """The same, signed by HS256, for which the secret is the key."""
    unsigned = _unsigned(header, body)
    return f"{unsigned}.{part(hmac.new(secret, unsigned.encode(), hashlib.sha256).digest())}"


def part(content: bytes) -> str:
    """Base64 as it stands in a token."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(header: Header, body: Mapping[str, Any] | bytes) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"{part(json.dumps(header).encode())}.{part(content)}"


def own_key(site: Site) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """The key that signs the tokens of ``site``, with its name before it: what nobody else ever sees."""
    [key, *_] = signing_keys(site.registry)
    private = load_der_private_key(key.private, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return key.id, private


def jwk_of(key: ec.EllipticCurvePrivateKey, **more: str) -> dict[str, str]:
    """The public half as a JWK (RFC 7517)."""
    numbers = key.public_key().public_numbers()
    x, y = (part(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **more}


def forged(label: str, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, service: str) -> str:
    """A token that nobody may believe, of the kind ``label``; all else of it is as the holder of ``key`` makes it."""
    now, ours = int(time.time()), {"alg": "ES256", "typ": "JWT", "kid": name}
    right = claims(iss=issuer, aud=service)
    other = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = signed(key, ours, right)
    made: Mapping[str, Callable[[], str]] = {
        "expired": lambda: signed(key, ours, {**right, "exp": now - 61, "nbf": now - 400, "iat": now - 400}),
        "not yet valid": lambda: signed(key, ours, {**right, "nbf": now + 100, "exp": now + 400}),
        "without an end": lambda: signed(key, ours, claims(iss=issuer, aud=service, exp=None)),
        "wrong issuer": lambda: signed(key, ours, {**right, "iss": f"{issuer}.evil.example"}),
        "no issuer": lambda: signed(key, ours, claims(iss=None, aud=service)),
        "wrong audience": lambda: signed(key, ours, {**right, "aud": f"{service}.evil.example"}),
        "no audience": lambda: signed(key, ours, claims(iss=issuer, aud=None)),
        "another key under the name of ours": lambda: signed(other, ours, right),
        "another key under its own name": lambda: signed(other, {**ours, "kid": "another"}, right),
        "no name of a key": lambda: signed(key, {"alg": "ES256", "typ": "JWT"}, right),
        "alg none": lambda: written({"alg": "none", "typ": "JWT"}, right),
        "HS256 by our public key": lambda: by_secret(public, {**ours, "alg": "HS256"}, right),
        "no signature": lambda: written(ours, right),
        "changed after it was signed": lambda: f"{written(ours, {**right, 'sub': 'boss'})}{good.rpartition('.')[2]}",
    }
    return made[label]()
