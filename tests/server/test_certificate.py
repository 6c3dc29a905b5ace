from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pydantic import ValidationError

from jettison.server import ServeError
from jettison.server.certificate import Certificate, now, read_certificate
from jettison.settings.models.http import Tls
from tests.support.certificates import DAY, Authority, Pair

OLD = """\
-----BEGIN CERTIFICATE-----
MIIBFzCBvQIUQ5kzHkOXx1YeabiodGBH5md+4zswCgYIKoZIzj0EAwIwDTELMAkG
A1UEAwwCdjEwIBcNMjYxMTIzMTc0ODQ2WhgPMjA4MTA4MjYxNzQ4NDZaMA0xCzAJ
BgNVBAMMAnYxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZJxUVn+Lk8IKpFjI
Jk12PXe0Z+auYOTahlm8yc+htULGp0+xbthUcrbZeq5Nng9htlvX941J49zCAeqU
1BMmljAKBggqhkjOPQQDAgNJADBGAiEAqoktBoTW73ElKuRwZ1l0nSQtZ548rvt1
YJD+jh7xJycCIQCwEZIcOCZSRuZW5pnhCCbfJ1fGS9wO043H8KSHdEWvkQ==
-----END CERTIFICATE-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIAj19/AgsqVqy1RPosM0IL1wnlzKvBOaCsszoAkTlqKloAoGCCqGSM49
AwEHoUQDQgAEZJxUVn+Lk8IKpFjIJk12PXe0Z+auYOTahlm8yc+htULGp0+xbthU
crbZeq5Nng9htlvX941J49zCAeqU1BMmlg==
-----END EC PRIVATE KEY-----
"""
"""A certificate of version 1, as `openssl x509 -req` makes it where no extension is asked for, and its key."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for the tests of this file."""
    return Authority()


def read(folder: Path, pair: Pair, form: PrivateFormat = PrivateFormat.PKCS8) -> Certificate:
    """What is read of a pair."""
    certificate, key = pair.write(folder, "server", form)
    return read_certificate(Tls(certificate=certificate, key=key))


def refused(tls: Tls) -> str:
    """Why it is refused."""
    with pytest.raises(ServeError) as error:
        read_certificate(tls)
    return str(error.value)


def refused_pair(folder: Path, pair: Pair) -> str:
    """Why a pair is refused."""
    certificate, key = pair.write(folder, "server")
    return refused(Tls(certificate=certificate, key=key))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: ec.generate_private_key(ec.SECP256R1()),
        lambda: ec.generate_private_key(ec.SECP384R1()),
    ],
    ids=["rsa", "p256", "p384"],
)
def test_keys_are_read_in_every_form(
    tmp_path: Path, authority: Authority, form: PrivateFormat, make: Callable[[], ec.EllipticCurvePrivateKey]
) -> None:
    """PKCS#8, PKCS#1 of RSA, SEC1 of EC: all become PKCS#8."""
    pair = authority.issue(key=make())
    assert read(tmp_path, pair, form).key == pair.key_pem()


def test_what_stands_around_a_key_is_no_matter(tmp_path: Path, authority: Authority) -> None:
    """Parameters of a curve, as `openssl ecparam` writes them first, the certificate itself, and words."""
    pair = authority.issue()
    certificate, key = pair.write(tmp_path, "server")
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    key.write_bytes(b"my key\n" + pair.pem + parameters + pair.key_pem(PrivateFormat.TraditionalOpenSSL))
    assert read_certificate(Tls(certificate=certificate, key=key)).key == pair.key_pem()


def test_a_chain_is_given_on_whole(tmp_path: Path, authority: Authority) -> None:
    """The certificates between the server's and its authority come after it, in their order."""
    pair = Authority("Between", Authority("Middle", authority)).issue()
    assert len(pair.chain) == 3
    assert read(tmp_path, pair).chain == pair.pem


def test_names_and_time_are_known(tmp_path: Path, authority: Authority) -> None:
    """They are said at start."""
    read_pair = read(tmp_path, authority.issue(ends=30 * DAY))
    assert read_pair.names == ("localhost", "127.0.0.1", "::1")
    assert read_pair.begins < now() < read_pair.ends
    assert read_pair.warning(now()) is None


def test_a_key_is_in_no_text(tmp_path: Path, authority: Authority) -> None:
    """What is logged by mistake has no key in it."""
    assert "PRIVATE" not in repr(read(tmp_path, authority.issue()))


@pytest.mark.parametrize(
    ("after", "warning"),
    [
        (31 * DAY, r"ended on 2\d{3}-\d\d-\d\d: clients will refuse it; renew it"),
        (-2 * DAY, r"is not valid before 2\d{3}-\d\d-\d\d \d\d:\d\d UTC"),
        (25 * DAY, r"ends on 2\d{3}-\d\d-\d\d \d\d:\d\d UTC: renew it"),
    ],
    ids=["over", "early", "soon"],
)
def test_a_time_that_is_over_or_yet_to_come_is_warned_of(
    tmp_path: Path, authority: Authority, after: timedelta, warning: str
) -> None:
    """It is served all the same: a client may be told to accept it."""
    found = read(tmp_path, authority.issue(ends=30 * DAY)).warning(now() + after)
    assert found is not None
    assert re.search(warning, found)
    assert "http.tls.certificate" in found


def test_a_key_that_does_not_fit_is_refused(tmp_path: Path, authority: Authority) -> None:
    """Both files and both settings are named."""
    certificate, _ = authority.issue("mine").write(tmp_path, "mine")
    _, key = authority.issue("other").write(tmp_path, "other")
    said = refused(Tls(certificate=certificate, key=key))
    assert f"http.tls.key: the key in {key} is not that of the certificate in {certificate} (localhost" in said
    assert "http.tls.certificate and http.tls.key have to be renewed together" in said


def test_a_chain_in_the_wrong_order_is_refused(tmp_path: Path, authority: Authority) -> None:
    """Clients take the first one for the server's."""
    pair = Authority("Between", authority).issue()
    said = refused_pair(tmp_path, Pair((*reversed(pair.chain),), pair.key))
    assert "has the certificate of an authority first: put the server's own first" in said


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "an RSA key of 1024 bits"),  # noqa: S505  (to be refused)
        (lambda: rsa.generate_private_key(65537, 2560), "an RSA key of 2560 bits"),
        (lambda: rsa.generate_private_key(3, 2048), "with the exponent 3,"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), "a key on the curve secp521r1"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "a key on the curve secp256k1"),
        (lambda: dsa.generate_private_key(2048), "a key of the kind DSA"),
    ],
    ids=["short", "odd", "exponent", "p521", "k1", "dsa"],
)
def test_a_kind_of_key_that_is_not_served_is_refused(
    tmp_path: Path, authority: Authority, key: Callable[[], rsa.RSAPrivateKey], kind: str
) -> None:
    """The server would end over it. What is served is said."""
    said = refused_pair(tmp_path, authority.issue(key=key()))
    assert f"{kind}" in said
    assert "which is not served: make a key with RSA of 2048, 3072 or 4096 bits, ECDSA on P-256 or P-384, or" in said


def test_a_key_of_ed25519_is_read(tmp_path: Path, authority: Authority) -> None:
    """It has one form only."""
    pair = authority.issue(key=ed25519.Ed25519PrivateKey.generate())
    assert read(tmp_path, pair).key == pair.key_pem()


def test_an_encrypted_key_is_refused(tmp_path: Path, authority: Authority) -> None:
    """There is nobody to ask for its password."""
    pair = authority.issue()
    certificate, key = pair.write(tmp_path, "server")
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        key.write_bytes(pair.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret")))
        said = refused(Tls(certificate=certificate, key=key))
        assert f"http.tls.key: {key} is encrypted: decrypt it: `openssl pkey -in {key} -out FILE`" in said


@pytest.mark.parametrize("critical", [True, False])
def test_what_is_critical_and_unknown_is_refused(tmp_path: Path, authority: Authority, critical: bool) -> None:
    """The server would end over it; where it is not critical it is nobody's business."""
    value = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    pair = authority.issue(more=x509.Extension(value.oid, critical, value))
    if critical:
        assert "has the critical extension 1.2.3.4, which cannot be heeded" in refused_pair(tmp_path, pair)
    else:
        assert read(tmp_path, pair).chain == pair.pem


def test_a_certificate_without_extensions_is_refused(tmp_path: Path) -> None:
    """The server would end over its version."""
    file = tmp_path / "old"
    file.write_text(OLD)
    assert "is of X.509 version 1, which no client accepts by its name" in refused(Tls(certificate=file, key=file))


@pytest.mark.parametrize("setting", ["certificate", "key", "clientcas"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("missing", "is not there: name one that is"),
        ("folder", "cannot be read (Is a directory): name a file"),
        ("empty", "as PEM: name a file with `-----BEGIN "),
        ("words", "as PEM: name a file with `-----BEGIN "),
        ("binary", "as PEM: name a file with `-----BEGIN "),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, authority: Authority, setting: str, fault: str, said: str
) -> None:
    """With its setting, its variable, and what to do."""
    certificate, key = authority.issue().write(tmp_path, "server")
    file = tmp_path / "faulty"
    if fault == "folder":
        file.mkdir()
    elif fault != "missing":
        file.write_bytes({"empty": b"", "words": b"-----BEGIN WORDS-----\n", "binary": os.urandom(300)}[fault])
    files = {"certificate": certificate, "key": key, "clientcas": [], setting: file}
    if setting == "clientcas":
        files["clientcas"] = [file]
    message = refused(Tls.model_validate(files))
    assert message.startswith(f"http.tls.{setting}: {file} ")
    assert said in message
    assert f"(REGISTRY_HTTP_TLS_{setting.upper()} names another file)" in message


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user who has to be let."""
    certificate, key = authority.issue().write(tmp_path, "server")
    whole = Path.read_bytes

    def denied(file: Path) -> bytes:
        if file == key:
            raise PermissionError(13, "Permission denied")
        return whole(file)

    monkeypatch.setattr(Path, "read_bytes", denied)
    said = refused(Tls(certificate=certificate, key=key))
    assert f"http.tls.key: {key} may not be read by the user {os.geteuid()}: let it: `setfacl -m u:" in said


def test_client_certificates_need_an_authority(tmp_path: Path, authority: Authority) -> None:
    """Asking for them without one would let everybody in."""
    certificate, key = authority.issue().write(tmp_path, "server")
    with pytest.raises(ValidationError, match="add `clientcas`"):
        Tls(certificate=certificate, key=key, clientauth="require-and-verify-client-cert")
