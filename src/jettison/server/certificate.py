"""What TLS is served with: a certificate, its key, and the authorities of clients, read and judged.

The embedded server ends the whole process over what it cannot use, so everything it is given was found good here first,
and is given as it was then: whatever is written to the files meanwhile is of no account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtensionOID

from jettison.server.errors import ServeError
from jettison.settings.models.http import Tls

CERTIFICATE, KEY, AUTHORITIES = "http.tls.certificate", "http.tls.key", "http.tls.clientcas"
SOON = timedelta(days=7)
"""A certificate that ends so soon is spoken of."""

_PRIVATE_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_RSA_BITS = (2048, 3072, 4096)
_LEAST_EXPONENT = 65537
# Those that the TLS library heeds: of others it cannot tell whether they forbid what it does.
_HEEDED = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """All of it as PEM: the ``chain``, the server's own certificate first; its ``key``, PKCS#8; the ``authorities`` of
    which every client must have a certificate, or nothing where none is asked for.
    """

    chain: bytes
    key: bytes = field(repr=False)
    authorities: bytes
    names: tuple[str, ...]
    begins: datetime
    ends: datetime

    def warning(self, now: datetime) -> str | None:
        """What is wrong with its time, if anything is."""
        if now > self.ends:
            return f"the certificate in {CERTIFICATE} ended on {self.ends:%Y-%m-%d}: clients will refuse it; renew it"
        if now < self.begins:
            return f"the certificate in {CERTIFICATE} is not valid before {self.begins:%Y-%m-%d %H:%M} UTC"
        if self.ends - now < SOON:
            return f"the certificate in {CERTIFICATE} ends on {self.ends:%Y-%m-%d %H:%M} UTC: renew it"
        return None


def read_certificate(tls: Tls) -> Certificate:
    """What the files of ``tls`` hold now. Raises ServeError with the setting, the file, and what to do."""
    chain = _certificates(tls.certificate, CERTIFICATE)
    own = chain[0]
    key = _key(tls.key)
    _require_pair(key, chain, tls)
    _require_understood(own, tls.certificate)
    authorities = [found for file in tls.clientcas for found in _certificates(file, AUTHORITIES)]
    return Certificate(
        chain=_pem(chain),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        authorities=_pem(authorities),
        names=_names(own),
        begins=own.not_valid_before_utc,
        ends=own.not_valid_after_utc,
    )


def now() -> datetime:
    """The time by which certificates are judged."""
    return datetime.now(UTC)


def _certificates(file: Path, setting: str) -> list[x509.Certificate]:
    content = _content(file, setting)
    try:
        found = x509.load_pem_x509_certificates(content)
        for certificate in found:
            _ = certificate.extensions  # they are read when first asked for
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unfit(
            setting, file, "holds no certificates as PEM", "name a file with `-----BEGIN CERTIFICATE-----`"
        ) from error
    return found


def _key(file: Path) -> PrivateKeyTypes:
    found = _PRIVATE_KEY.search(_content(file, KEY))
    if found is None:
        raise _unfit(KEY, file, "holds no private key as PEM", "name a file with `-----BEGIN PRIVATE KEY-----`")
    try:
        key = load_pem_private_key(found[0], None)
    except TypeError as error:
        raise _unfit(KEY, file, "is encrypted", f"decrypt it: `openssl pkey -in {file} -out FILE`") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unfit(KEY, file, "holds a private key that cannot be read", "make a new key and certificate") from error
    if not _is_served(key):
        raise _unfit(
            KEY,
            file,
            f"is {_kind(key)}, which is not served",
            "make a key with RSA of 2048, 3072 or 4096 bits, ECDSA on P-256 or P-384, or Ed25519, and a certificate for"
            " it",
        )
    return key


def _is_served(key: PrivateKeyTypes) -> bool:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size in _RSA_BITS and key.public_key().public_numbers().e >= _LEAST_EXPONENT
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _kind(key: PrivateKeyTypes) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return f"an RSA key of {key.key_size} bits with the exponent {key.public_key().public_numbers().e}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"a key on the curve {key.curve.name}"
    return f"a key of the kind {type(key).__name__.removesuffix('PrivateKey')}"


def _require_pair(key: PrivateKeyTypes, chain: Sequence[x509.Certificate], tls: Tls) -> None:
    fitting = [certificate for certificate in chain if _public(certificate) == _public(key)]
    if not fitting:
        raise ServeError(
            f"{KEY}: the key in {tls.key.absolute()} is not that of the certificate in {tls.certificate.absolute()}"
            f" ({', '.join(_names(chain[0])) or 'no name'}): {CERTIFICATE} and {KEY} have to be renewed together"
        )
    if fitting[0] is not chain[0]:
        raise _unfit(
            CERTIFICATE, tls.certificate, "has the certificate of an authority first", "put the server's own first"
        )


def _public(holder: x509.Certificate | PrivateKeyTypes) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _require_understood(own: x509.Certificate, file: Path) -> None:
    if own.version is not x509.Version.v3:
        raise _unfit(
            CERTIFICATE,
            file,
            "is of X.509 version 1, which no client accepts by its name",
            "issue it again with a subjectAltName (`openssl x509 -req -extfile`)",
        )
    for extension in own.extensions:
        if extension.critical and extension.oid not in _HEEDED:
            raise _unfit(
                CERTIFICATE,
                file,
                f"has the critical extension {extension.oid.dotted_string}, which cannot be heeded",
                "issue it again without it, or with it not critical",
            )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses a client may reach the server by; where there is none, the subject."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (certificate.subject.rfc4514_string(),)
    return (
        *found.get_values_for_type(x509.DNSName),
        *(str(address) for address in found.get_values_for_type(x509.IPAddress)),
    )


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _content(file: Path, setting: str) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise _unfit(setting, file, "is not there", "name one that is") from error
    except PermissionError as error:
        fix = f"let it: `setfacl -m u:{os.geteuid()}:r {file}`, and x for its folders"
        raise _unfit(setting, file, f"may not be read by the user {os.geteuid()}", fix) from error
    except OSError as error:
        raise _unfit(setting, file, f"cannot be read ({error.strerror or error})", "name a file") from error


def _unfit(setting: str, file: Path, problem: str, fix: str) -> ServeError:
    variable = f"REGISTRY_{setting.upper().replace('.', '_')}"
    return ServeError(f"{setting}: {file.absolute()} {problem}: {fix} ({variable} names another file)")
