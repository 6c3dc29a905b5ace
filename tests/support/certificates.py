"""Certificates made for a test, of an authority of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate with those above it but the last, and its key."""

    chain: tuple[x509.Certificate, ...]
    key: CertificateIssuerPrivateKeyTypes

    @property
    def certificate(self) -> x509.Certificate:
        """The one that the key belongs to."""
        return self.chain[0]

    @property
    def pem(self) -> bytes:
        """The chain as PEM."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    def key_pem(self, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        """The key as PEM."""
        return self.key.private_bytes(Encoding.PEM, form, NoEncryption())

    def write(self, folder: Path, name: str, form: PrivateFormat = PrivateFormat.PKCS8) -> tuple[Path, Path]:
        """Both as files NAME.crt and NAME.key, each put in its place whole."""
        files = folder / f"{name}.crt", folder / f"{name}.key"
        for file, content in zip(files, (self.pem, self.key_pem(form)), strict=True):
            new = file.with_suffix(f"{file.suffix}.new")
            new.write_bytes(content)
            new.rename(file)
        return files


class Authority:
    """Issues certificates for localhost, 127.0.0.1 and ::1."""

    def __init__(self, name: str = "Authority", above: Authority | None = None) -> None:
        self.name = name
        self._above = above

    @cached_property
    def pair(self) -> Pair:
        """Its own certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(self.name, key, self.name if self._above is None else self._above.name, DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        if self._above is None:
            return Pair((builder.sign(key, hashes.SHA256()),), key)
        return Pair((builder.sign(self._above.pair.key, hashes.SHA256()), *self._above._shown), key)

    @property
    def _shown(self) -> tuple[x509.Certificate, ...]:
        """What those below it show beside their own: all but the last, which clients have."""
        return () if self._above is None else self.pair.chain

    def write(self, folder: Path) -> Path:
        """Its certificate as a file, for those who trust it."""
        file = folder / f"{self.name}.pem"
        file.write_bytes(self.pair.certificate.public_bytes(Encoding.PEM))
        return file

    def issue(
        self,
        name: str = "localhost",
        key: CertificateIssuerPrivateKeyTypes | None = None,
        *,
        ends: timedelta = 30 * DAY,
        more: x509.Extension[x509.ExtensionType] | None = None,
    ) -> Pair:
        """A certificate of ``name`` that is valid since yesterday, and until ``ends`` from now."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1"))]
        builder = _builder(name, key, self.name, ends)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if more is not None:
            builder = builder.add_extension(more.value, critical=more.critical)
        return Pair((builder.sign(self.pair.key, hashes.SHA256()), *self._shown), key)


def _builder(name: str, key: CertificateIssuerPrivateKeyTypes, issuer: str, ends: timedelta) -> x509.CertificateBuilder:
    today = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(today, today + ends) - DAY)
        .not_valid_after(today + ends)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
