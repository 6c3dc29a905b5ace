"""Certificates for tests, made by the openssl program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.command import run

_KIND = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate for localhost, which is its own authority, and its key: files in one folder."""

    certificate: Path
    key: Path


def client_of(authority: Pair) -> Pair:
    """A client's certificate by that authority, and its key, in the same folder: `client.pem` and `client-key.pem`."""
    folder = authority.certificate.parent
    pair = Pair(folder / "client.pem", folder / "client-key.pem")
    by = ["-CA", str(authority.certificate), "-CAkey", str(authority.key), "-addext", "basicConstraints=CA:FALSE"]
    files = ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    run(["openssl", "req", "-x509", *_KIND, "-nodes", "-subj", "/CN=somebody", *by, *files])
    return pair


def certificate_in(folder: Path, password: str | None = None) -> Pair:
    """Make `cert.pem` and `key.pem` in a folder; with a password, the key is under it."""
    pair = Pair(folder / "cert.pem", folder / "key.pem")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    under = ["-nodes"] if password is None else ["-passout", f"pass:{password}"]
    run(["openssl", "req", "-x509", *_KIND, *subject, *under, "-keyout", str(pair.key), "-out", str(pair.certificate)])
    return pair
