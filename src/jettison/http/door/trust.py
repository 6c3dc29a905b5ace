"""The keys whose tokens are believed. A token names one of them, or shows a certificate by one of their holders."""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from jettison.http.door.refusals import UnknownKey

Key: TypeAlias = ECKey | RSAKey | OKPKey

LONGEST_CHAIN: Final = 8


def _may_certify(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """RFC 5280, 4.2.1.3."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("its key is for no certificates")


# Any purpose, and no name of a host: a certificate for tokens has none. What others are by must be an authority's.
_ANYTHING = ExtensionPolicy.permit_all()
_AUTHORITY = _ANYTHING.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None).may_be_present(
    x509.KeyUsage, Criticality.AGNOSTIC, _may_certify
)


class Trust(Protocol):
    """Finds the key that a token's header means."""

    def key(self, header: Mapping[str, Any]) -> Key:
        """The key. Never one that the header itself brings. Raises UnknownKey."""


class NamedKeys:
    """Trusts keys by their names (`kid`)."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys

    def key(self, header: Mapping[str, Any]) -> Key:
        """The key of that name."""
        found = self._keys.get(_named(header))
        if found is None:
            raise UnknownKey("the token is signed by a key that this registry does not trust")
        return found


class Bundle:
    """Trusts the keys of certificates and whoever shows a certificate by them, and beside them ``keys`` by their names.

    As CNCF distribution's `rootcertbundle` and `jwks`. Raises ValueError for a certificate whose key is of no use.
    """

    def __init__(self, certificates: Sequence[x509.Certificate], keys: Mapping[str, Key]) -> None:
        named = dict(keys)
        for certificate in certificates:
            key = _public(certificate)
            named |= {key.thumbprint(): key, _fingerprint(certificate): key}
        self._named = NamedKeys(named)
        self._certificates = certificates

    def key(self, header: Mapping[str, Any]) -> Key:
        """That of the certificate in `x5c`, if there is one, else that of the name."""
        shown = header.get("x5c")
        if shown is None:
            return self._named.key(header)
        return _public(self._verified(shown))

    def _verified(self, shown: object) -> x509.Certificate:
        """The first of the chain, which the others lead from to one that is trusted; each at this moment."""
        leaf, *between = _chain(shown)
        if leaf in self._certificates:
            if not leaf.not_valid_before_utc <= datetime.now(UTC) <= leaf.not_valid_after_utc:
                raise UnknownKey("the certificate of the key that signed the token is not valid at this time")
            return leaf
        if not self._certificates:
            raise UnknownKey("the token shows a certificate, and this registry trusts none")
        policy = PolicyBuilder().store(Store(list(self._certificates)))
        verifier = policy.extension_policies(ca_policy=_AUTHORITY, ee_policy=_ANYTHING).build_client_verifier()
        try:
            verifier.verify(leaf, between)
        except (VerificationError, ValueError, UnsupportedAlgorithm) as error:
            raise UnknownKey("the token's certificate is by nobody whom this registry trusts") from error
        return leaf


def _named(header: Mapping[str, Any]) -> str:
    """The name of the key. Older servers give it within the key itself, of which nothing else is looked at."""
    inside = header.get("jwk")
    name = header.get("kid") or (inside.get("kid") if isinstance(inside, Mapping) else None)
    return name if isinstance(name, str) else ""


def _chain(shown: object) -> list[x509.Certificate]:
    if not isinstance(shown, list) or not 0 < len(shown) <= LONGEST_CHAIN:
        raise UnknownKey("the token's certificates (x5c) are no list of a few")
    try:
        return [x509.load_der_x509_certificate(b64decode(each, validate=True)) for each in shown]
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise UnknownKey("the token's certificates (x5c) cannot be read") from error


def _public(certificate: x509.Certificate) -> Key:
    try:
        public = certificate.public_key()
        written = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if isinstance(public, rsa.RSAPublicKey):
            return RSAKey.import_key(written)
        if isinstance(public, ec.EllipticCurvePublicKey):
            return ECKey.import_key(written)
        if isinstance(public, ed25519.Ed25519PublicKey):
            return OKPKey.import_key(written)
    except (JoseError, ValueError, UnsupportedAlgorithm) as error:
        raise UnknownKey("the key of a certificate cannot be read") from error
    raise UnknownKey("the key of a certificate is none that signs tokens: it is RSA, of an elliptic curve, or Ed25519")


def _fingerprint(certificate: x509.Certificate) -> str:
    """The key's name as servers of tokens for CNCF distribution 2 write it: `ABCD:EFGH:...`."""
    written = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = b32encode(hashlib.sha256(written).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))


def read_key_set(document: Any) -> dict[str, Key]:
    """The keys of a JWK Set (RFC 7517) by their names; without one, a key goes by its thumbprint (RFC 7638).

    Raises ValueError, also for a key that is shared rather than public.
    """
    try:
        keys = KeySet.import_key_set(document).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("is no JWK Set") from error
    found: dict[str, Key] = {}
    for key in keys:
        if not isinstance(key, ECKey | RSAKey | OKPKey):
            raise ValueError("has a key that is shared: whoever can check a token could make one")  # noqa: TRY004
        found[key.kid or key.thumbprint()] = key
    return found
