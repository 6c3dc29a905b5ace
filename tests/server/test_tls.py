from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.x509 import BasicConstraints

from tests.http.raw import head
from tests.server.running import RunningSite
from tests.server.secure import SecureSite
from tests.support.certificates import DAY, Authority
from tests.support.command import run
from tests.support.daemon import DaemonDied
from tests.support.parts import program

pytestmark = pytest.mark.slow

BODY = 3_000_000


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for the tests of this file."""
    return Authority()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SecureSite]:
    """One site for the tests that need no other."""
    with SecureSite(tmp_path_factory.mktemp("site"), authority) as running:
        yield running


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda: rsa.generate_private_key(65537, 3072), PrivateFormat.TraditionalOpenSSL),
        (lambda: rsa.generate_private_key(65537, 4096), PrivateFormat.PKCS8),
        (lambda: ec.generate_private_key(ec.SECP384R1()), PrivateFormat.TraditionalOpenSSL),
        (ed25519.Ed25519PrivateKey.generate, PrivateFormat.PKCS8),
    ],
    ids=["pkcs1", "pkcs8", "sec1", "ed25519"],
)
def test_every_kind_of_key_serves(
    tmp_path: Path, authority: Authority, make: Callable[[], CertificateIssuerPrivateKeyTypes], form: PrivateFormat
) -> None:
    """RSA, ECDSA and Ed25519, in the forms that there are."""
    pair = authority.issue("keyed", make())
    with SecureSite(tmp_path, authority, pair, form=form) as site, site.secure() as connection:
        assert connection.ask("PUT", "/take", body=b"abc").body == b"3"
        assert connection.shown == "keyed"


def test_a_chain_leads_to_an_authority_that_clients_know(tmp_path: Path, authority: Authority) -> None:
    """They are shown what lies between."""
    pair = Authority("Between", authority).issue()
    with SecureSite(tmp_path, authority, pair) as site, site.secure() as connection:
        assert connection.ask("GET", "/scope").status == 200


def test_the_application_knows_of_it(site: SecureSite) -> None:
    """Its scheme is https."""
    with site.secure() as connection:
        assert json.loads(connection.ask("GET", "/scope").body)["scheme"] == "'https'"


def test_it_is_said_at_start(site: SecureSite) -> None:
    """The address, the names in the certificate, and its last day."""
    assert f"listens on https://127.0.0.1:{site.port}\n" in site.log
    assert "  tls       localhost, 127.0.0.1, ::1, until 2" in site.log
    assert f"curl -X DELETE https://localhost:{site.port}/v2/repo1" in site.log


def test_who_trusts_others_does_not_trust_it(site: SecureSite) -> None:
    """The certificate is the authority's, and nobody else's."""
    with pytest.raises(ssl.SSLCertVerificationError):
        site.secure(ssl.create_default_context())


@pytest.mark.parametrize(
    ("minimum", "served"), [(None, {"TLSv1.2", "TLSv1.3"}), ("tls1.2", {"TLSv1.2", "TLSv1.3"}), ("tls1.3", {"TLSv1.3"})]
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_versions_from_the_lowest_on_are_served(
    tmp_path: Path, authority: Authority, minimum: str | None, served: set[str]
) -> None:
    """TLS 1.2 unless set; 1.1 never."""
    with SecureSite(tmp_path, authority, http={"tls_minimumtls": minimum} if minimum else None) as site:
        found = set()
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = site.client()
            client.set_ciphers("ALL:@SECLEVEL=0")  # what this machine forbids its clients is no matter here
            client.minimum_version = client.maximum_version = version
            try:
                with site.secure(client) as connection:
                    assert connection.ask("GET", "/").status == 200
                    found.add(connection.version)
            except (ssl.SSLError, ConnectionError):
                continue
        assert found == served


def test_clients_need_a_certificate_where_they_are_asked_for_one(tmp_path: Path, authority: Authority) -> None:
    """One of the authorities named lets them in; none, and another's, does not."""
    mine, second, other = Authority("Mine"), Authority("Second"), Authority("Other")
    files = json.dumps([str(mine.write(tmp_path)), str(second.write(tmp_path))])
    with SecureSite(tmp_path, authority, http={"tls_clientcas": files}) as site:
        for issuer in (mine, second):
            client = site.client(certificate=issuer.issue("me").write(tmp_path, issuer.name))
            with site.secure(client) as connection:
                assert connection.ask("GET", "/").status == 200
        for certificate in (None, other.issue("me").write(tmp_path, "other")):
            # In TLS 1.3 a client learns of it when it reads.
            with (
                pytest.raises((ssl.SSLError, ConnectionError)),
                site.secure(site.client(certificate=certificate)) as no,
            ):
                no.ask("GET", "/")
        assert "clients need a certificate too\n" in site.log


def test_a_client_does_not_show_the_certificate_of_an_authority(tmp_path: Path, authority: Authority) -> None:
    """The TLS library refuses one that says CA:TRUE, which distribution takes: docs/operations/tls.md has the way out.

    One that stands in `clientcas` itself is let in if it is self-signed and says CA:FALSE.
    """
    mine, own = Authority("Mine"), Authority("Own")
    false, true = (
        x509.Extension(BasicConstraints.oid, True, BasicConstraints(ca=ca, path_length=None)) for ca in (False, True)
    )
    clients = {
        "issued": mine.issue("issued", more=false),
        "issued authority": mine.issue("issued authority", more=true),
        "authority": mine.pair,
        "self-signed": own.issue(own.name, own.pair.key, more=false),
    }
    files = {name: pair.write(tmp_path, name) for name, pair in clients.items()}
    authorities = json.dumps([str(mine.write(tmp_path)), str(files["self-signed"][0])])
    with SecureSite(tmp_path, authority, http={"tls_clientcas": authorities}) as site:
        assert {name for name in files if _is_let_in(site, files[name])} == {"issued", "self-signed"}


def _is_let_in(site: SecureSite, certificate: tuple[Path, Path]) -> bool:
    try:
        with site.secure(site.client(certificate=certificate)) as connection:
            return connection.ask("GET", "/").status == 200
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.parametrize("disabled", [False, True])
def test_http_2_is_offered_unless_it_is_disabled(tmp_path: Path, authority: Authority, disabled: bool) -> None:
    """By ALPN, to those who ask for it; HTTP/1.1 to all."""
    with SecureSite(tmp_path, authority, http={"http2_disabled": disabled}) as site:
        for asked, agreed in ((["h2", "http/1.1"], "http/1.1" if disabled else "h2"), (["http/1.1"], "http/1.1")):
            with site.secure(site.client(alpn=asked)) as connection:
                assert connection.protocol == agreed
        with site.secure() as connection:
            assert connection.protocol is None
            assert connection.ask("PUT", "/take", body=b"x" * BODY).body == b"%d" % BODY


@pytest.mark.needs("curl")
def test_bodies_go_both_ways_over_http_2(site: SecureSite) -> None:
    """They arrive whole, with their length told and without, and the host is where it is in HTTP/1."""
    file = site.folder / "body"
    file.write_bytes(b"x" * BODY)
    (site.root / "file").write_bytes(b"y" * BODY)
    curl = [program("curl"), "-sS", "--http2", "--cacert", str(site.trusted), "-w", " HTTP/%{http_version}"]
    url = f"https://localhost:{site.port}"
    assert run([*curl, "-T", str(file), f"{url}/take"]).stdout == f"{BODY} HTTP/2"
    assert run([*curl, "-X", "PUT", "-d", "", f"{url}/take"]).stdout == "0 HTTP/2"
    got = site.folder / "got"
    run([*curl, "-o", str(got), f"{url}/file"])
    assert got.read_bytes() == b"y" * BODY
    assert f"(b'host', b'localhost:{site.port}')" in run([*curl, f"{url}/scope"]).stdout


def test_plain_http_is_no_answer(site: SecureSite) -> None:
    """Who forgets the s is cut off, and nobody else is."""
    with site.connect() as plain:
        plain.send(head("GET", "/"))
        plain.drain()
    with site.secure() as connection:
        assert connection.ask("GET", "/").status == 200


def test_a_certificate_that_ended_is_warned_of(tmp_path: Path, authority: Authority) -> None:
    """It is served, since whoever set it may know, and the log says it."""
    with SecureSite(tmp_path, authority, authority.issue(ends=-DAY)) as site:
        site.wait_until(lambda: "ended on 2" in site.log, "warning")
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            site.secure()


def test_what_cannot_be_served_is_said_before_anything_starts(tmp_path: Path, authority: Authority) -> None:
    """One line, with the setting."""
    certificate, _ = authority.issue().write(tmp_path, "mine")
    _, key = authority.issue().write(tmp_path, "other")
    with pytest.raises(DaemonDied) as died:
        RunningSite(tmp_path, http={"tls_certificate": certificate, "tls_key": key})
    assert "ended with 1" in str(died.value)
    (said,) = [line for line in str(died.value).splitlines() if "error" in line]
    assert f"error: http.tls.key: the key in {key} is not that of the certificate in {certificate}" in said


def test_a_client_that_never_finishes_its_handshake_is_ended(site: SecureSite) -> None:
    """After ten seconds, whether it said nothing or half of it."""
    with site.connect() as silent, site.connect() as half:
        half.send(b"\x16\x03\x01")
        assert silent.answered(14)
        assert silent.ended()
        assert half.answered(2)
        assert half.ended()
