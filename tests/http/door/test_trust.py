from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OctKey, RSAKey

from jettison.http.door.jwt import Verifier, sign
from jettison.http.door.refusals import UnknownKey
from jettison.http.door.trust import Bundle, read_key_set

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Holder:
    """A certificate and its key, by ``above`` or by itself."""

    def __init__(
        self,
        name: str,
        above: Holder | None = None,
        *,
        begins: datetime = NOW - DAY,
        ends: datetime = NOW + DAY,
        authority: bool = False,
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(
            above.certificate.subject if above else subject,
            subject,
            self.key.public_key(),
            x509.random_serial_number(),
            begins,
            ends,
        )
        if authority:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate: x509.Certificate = builder.sign((above or self).key, hashes.SHA256())

    @property
    def jwk(self) -> ECKey:
        """The key, to sign with."""
        return ECKey.import_key(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def der(self) -> str:
        """The certificate as it stands in `x5c`."""
        return b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


ROOT = Holder("root", authority=True)
BETWEEN = Holder("between", ROOT, authority=True)
LEAF = Holder("leaf", BETWEEN)
STRANGER = Holder("root", authority=True)
ALONE = Holder("alone")


def shown(trust: Bundle, chain: object) -> Any:
    """The key that a token with that chain is verified by."""
    return trust.key({"alg": "ES256", "x5c": chain})


def test_a_certificate_by_one_that_is_trusted_brings_its_key() -> None:
    """Directly, or by those between that are shown with it; it need not be a server's."""
    trust = Bundle([ROOT.certificate], {})
    direct = Holder("direct", ROOT)
    assert shown(trust, [LEAF.der, BETWEEN.der]).thumbprint() == LEAF.jwk.thumbprint()
    assert shown(trust, [direct.der]).thumbprint() == direct.jwk.thumbprint()
    assert shown(trust, [direct.der, ROOT.der]).thumbprint() == direct.jwk.thumbprint()


def test_a_trusted_certificate_itself_may_sign() -> None:
    """As servers do that have one certificate, which is nobody's authority."""
    trust = Bundle([ALONE.certificate], {})
    assert shown(trust, [ALONE.der]).thumbprint() == ALONE.jwk.thumbprint()


@pytest.mark.parametrize(
    "chain",
    [
        [LEAF.der],
        [BETWEEN.der, LEAF.der][1:],
        [STRANGER.der],
        [Holder("leaf", STRANGER).der],
        [Holder("leaf", STRANGER).der, ROOT.der],
        [Holder("leaf", ALONE).der, ALONE.der],
        [Holder("leaf", LEAF).der, LEAF.der, BETWEEN.der],
        [Holder("leaf", ROOT, begins=NOW - 2 * DAY, ends=NOW - DAY).der],
        [Holder("leaf", ROOT, begins=NOW + DAY / 2, ends=NOW + DAY).der],
        [],
        "",
        ["a"],
        [5],
        [None],
        {"a": 1},
        [LEAF.der, BETWEEN.der] * 5,
        ["A" * 1000],
    ],
)
def test_any_other_chain_is_refused(chain: object) -> None:
    """It leads nowhere, to a stranger of the same name, over what is no authority, at another time, or is none."""
    with pytest.raises(UnknownKey):
        shown(Bundle([ROOT.certificate], {}), chain)


def test_a_trusted_certificate_counts_while_it_is_valid() -> None:
    """Its own time is looked at too."""
    old = Holder("old", begins=NOW - 2 * DAY, ends=NOW - DAY)
    with pytest.raises(UnknownKey, match="not valid at this time"):
        shown(Bundle([old.certificate], {}), [old.der])


def test_without_certificates_a_chain_is_nobodys() -> None:
    """Keys that are trusted by name do not make it one."""
    with pytest.raises(UnknownKey, match="trusts none"):
        shown(Bundle([], {"one": ALONE.jwk}), [ALONE.der])


def test_a_certificates_key_goes_by_each_of_the_names_in_use() -> None:
    """The thumbprint of RFC 7638, as for distribution 3, and the fingerprint that servers for distribution 2 write."""
    trust = Bundle([ALONE.certificate], {"mine": ROOT.jwk})
    name = ALONE.jwk.thumbprint()
    assert trust.key({"kid": name}).thumbprint() == name
    assert trust.key({"kid": "mine"}).thumbprint() == ROOT.jwk.thumbprint()
    assert trust.key({"jwk": {"kid": name, "kty": "EC"}}).thumbprint() == name
    fingerprint = next(each for each in trust._named._keys if ":" in each)
    assert len(fingerprint) == 12 * 4 + 11
    assert trust.key({"kid": fingerprint}).thumbprint() == name


def test_a_chain_wins_over_a_name() -> None:
    """A token that shows a certificate is judged by that, whatever name stands beside it."""
    with pytest.raises(UnknownKey):
        Bundle([ALONE.certificate], {}).key({"kid": ALONE.jwk.thumbprint(), "x5c": [STRANGER.der]})


def test_tokens_with_a_chain_are_verified_by_it() -> None:
    """The key of its first certificate, and not of another in it."""
    from joserfc import jws

    claims: dict[str, Any] = {"iss": "i", "aud": "s", "exp": NOW.timestamp() + 60}
    verifier = Verifier(Bundle([ROOT.certificate], {}), "i", "s", ["ES256"])

    class Large(jws.JWSRegistry):
        max_header_length = 10_000

    def token(key: ECKey, chain: Sequence[str]) -> str:
        import json

        limits = Large(algorithms=["ES256"])
        return jws.serialize_compact({"alg": "ES256", "x5c": list(chain)}, json.dumps(claims), key, registry=limits)

    assert verifier.verify(token(LEAF.jwk, [LEAF.der, BETWEEN.der])).claims == claims
    for key, chain in ((BETWEEN.jwk, [LEAF.der, BETWEEN.der]), (STRANGER.jwk, [LEAF.der, BETWEEN.der])):
        with pytest.raises(Exception, match="no signed JSON Web Token"):
            verifier.verify(token(key, chain))
    assert sign(claims, LEAF.jwk, "x", "ES256")


def test_a_certificate_whose_key_signs_nothing_is_refused() -> None:
    """It would never verify a token."""
    key = ed448.Ed448PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    odd = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW - DAY, NOW + DAY).sign(key, None)
    with pytest.raises(UnknownKey, match="none that signs tokens"):
        Bundle([odd], {})


def test_a_key_set_is_read_by_the_names_of_its_keys() -> None:
    """A key without a name goes by its thumbprint; its private half, should it be there, does no harm."""
    rsa_key = RSAKey.generate_key(2048)
    keys = read_key_set({"keys": [{**ALONE.jwk.as_dict(private=False), "kid": "one"}, rsa_key.as_dict(private=False)]})
    assert keys.keys() == {"one", rsa_key.thumbprint()}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": 5},
        {"keys": [5]},
        {"keys": [{"kty": "EC"}]},
        {"keys": [OctKey.generate_key(256).as_dict()]},
    ],
)
def test_what_is_no_set_of_public_keys_is_refused(document: Any) -> None:
    """A shared secret above all: whoever can check a token with it can make one."""
    with pytest.raises(ValueError, match=r"JWK Set|shared"):
        read_key_set(document)
