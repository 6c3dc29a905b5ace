"""Past bugs of registries in who they believed: each is named after it; docs/security.md says what it was."""

from __future__ import annotations

import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from jettison.registry import accounts
from tests.access.forging import by_secret, claims, jwk_of, own_key, signed, written
from tests.access.outside import ISSUER, REALM, SERVICE, Outside
from tests.access.people import People, get_token
from tests.access.site import URL, Site, basic, bearer
from tests.support.content import image
from tests.support.repository import Repository

PATH = "/v2/team/app/tags/list"
OTHER = ec.generate_private_key(ec.SECP256R1())
"""A key that nobody trusts."""


@pytest.fixture(autouse=True, scope="module")
def app(site: Site, people: People) -> None:
    """Something that a forged token would open."""
    del people
    Repository(site.registry, "team/app").push(image(b"secret"), "v1")


def opens(site: Site, token: str, path: str = PATH) -> bool:
    """Whether the token is let in; else it is refused as one that is none."""
    answer = site.ask("GET", path, ("Authorization", bearer(token)))
    assert answer.status in (200, 401), answer
    return answer.status == 200


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """An address of this machine at which nobody should ever call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(listening: socket.socket) -> bool:
    """Whether anybody has connected."""
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


# ------------------------------------------------------------------------------------------------------ keys of tokens


def test_the_forger_makes_tokens_that_would_be_believed(site: Site, outside: Outside) -> None:
    """With the right key the same claims and header are let in: what is refused below is refused for its fault."""
    name, key = own_key(site)
    assert opens(site, signed(key, {"alg": "ES256", "typ": "JWT", "kid": name}, claims()))

    token = outside.token(("repository", "team/none", ("pull",)))
    answer = outside.site.ask("GET", "/v2/team/none/tags/list", ("Authorization", bearer(token)))
    assert answer.status == 404


@pytest.mark.parametrize("where", ["ours", "outside"])
def test_cve_2025_24976(site: Site, outside: Outside, where: str) -> None:
    """A key in the token itself is never the one that it is verified by, whatever trusted name it goes by."""
    name, _ = own_key(site)
    if where == "ours":
        asked, body = site, claims()
    else:
        asked, name, body = outside.site, outside.key_name, claims(iss=ISSUER, aud=SERVICE)
    for kid in (name, None):
        jwk = jwk_of(OTHER, **({"kid": name} if kid is None else {"kid": kid}))
        header = {"alg": "ES256", "typ": "JWT", "jwk": jwk} | ({"kid": kid} if kid else {})
        assert not opens(asked, signed(OTHER, header, body))


def test_alg_none(site: Site) -> None:
    """A token without a signature is none, however that is written."""
    name, _ = own_key(site)
    for word in ("none", "None", "NONE", "nOnE", "", None, 0, [], ["ES256"], {"a": 1}):
        assert not opens(site, written({"alg": word, "typ": "JWT", "kid": name}, claims()))
        assert not opens(site, written({"alg": word, "typ": "JWT", "kid": name}, claims(), b"x" * 64))
    assert not opens(site, written({"typ": "JWT", "kid": name}, claims()))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_hs256_signed_with_the_public_key(site: Site, outside: Outside, algorithm: str) -> None:
    """What everybody may read is no secret to sign by."""
    name, key = own_key(site)
    public = key.public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        site.ask("GET", "/token/keys").body,
        b"",
    ):
        header = {"alg": algorithm, "typ": "JWT", "kid": name}
        assert not opens(site, by_secret(secret, header, claims()))
        outside_header = {**header, "kid": outside.key_name}
        assert not opens(outside.site, by_secret(secret, outside_header, claims(iss=ISSUER, aud=SERVICE)))


@pytest.mark.parametrize("parameter", ["jku", "x5u"])
def test_jku_and_x5u_are_not_fetched(site: Site, outside: Outside, listening: socket.socket, parameter: str) -> None:
    """A token that says where its key is to be had is not believed, and nobody is sent there."""
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/keys"
    for asked, kid, body in (
        (site, own_key(site)[0], claims()),
        (outside.site, outside.key_name, claims(iss=ISSUER, aud=SERVICE)),
    ):
        for name in (kid, "unknown"):
            assert not opens(asked, signed(OTHER, {"alg": "ES256", "typ": "JWT", "kid": name, parameter: url}, body))
    assert not was_called(listening)


def test_kid_confusion(site: Site, outside: Outside) -> None:
    """The name of a key names one of ours or none: it is no path, no statement, and no list."""
    name, _ = own_key(site)
    confusing = [
        "/dev/null",
        "../../dev/null",
        "' or '1'='1",
        "",
        "0",
        f"{name}\0",
        f" {name}",
        name.upper(),
        "x" * 9000,
    ]
    for kid in (*confusing, [name], {name: name}, None, 0, True, 1e400):
        header = {"alg": "ES256", "typ": "JWT", "kid": kid}
        assert not opens(site, signed(OTHER, header, claims()))
        assert not opens(site, by_secret(b"", {**header, "alg": "HS256"}, claims()))
        assert not opens(outside.site, signed(OTHER, header, claims(iss=ISSUER, aud=SERVICE)))


def test_a_token_that_asks_for_what_is_not_known_is_refused(site: Site) -> None:
    """RFC 7515, 4.1.11: `crit` names what has to be understood."""
    name, key = own_key(site)
    header = {"alg": "ES256", "typ": "JWT", "kid": name}
    assert not opens(site, signed(key, {**header, "crit": ["exp"], "exp": 1}, claims()))
    assert not opens(site, signed(key, {**header, "b64": False, "crit": ["b64"]}, claims()))


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ("", 200),
        ("CN=Ana Ü, O=team", 200),
        ("a\nb", 401),
        ("\x1b[31mred", 401),
        ("\u202eturned", 401),
        ("x" * 1001, 401),
    ],
)
def test_a_subject_that_would_write_more_than_a_name_is_refused(outside: Outside, subject: str, status: int) -> None:
    """What another server says of its people ends in our logs, and on terminals."""
    token = outside.token(("registry", "catalog", ("*",)), sub=subject)
    answer = outside.site.ask("GET", "/v2/_catalog", ("Authorization", bearer(token)))
    assert answer.status == status, answer


def test_a_token_of_another_service_is_none_here(site: Site, people: People) -> None:
    """Its audience and issuer have to be ours, and a token is not taken for a password or to get another."""
    name, key = own_key(site)
    header = {"alg": "ES256", "typ": "JWT", "kid": name}
    wrong: list[dict[str, Any]] = [
        {"aud": ["other"]},
        {"aud": {}},
        {"aud": [[]]},
        {"iss": [URL]},
        {"kind": "everyone"},
        {"kind": None},
    ]
    for changed in wrong:
        assert not opens(site, signed(key, header, claims(**changed)))
    assert not opens(site, signed(key, {**header, "typ": "id+jwt"}, claims()))
    assert opens(site, signed(key, header, claims(aud=["other", "registry.test"])))

    token = get_token(site, people.basic("boss"), "repository:team/app:pull")["token"]
    assert site.ask("GET", "/token?scope=repository:team/app:*", ("Authorization", bearer(token))).status == 401
    assert site.ask("GET", PATH, ("Authorization", basic("boss", token))).status == 401


@pytest.mark.slow
def test_clock_skew(site: Site) -> None:
    """Clocks may differ by a minute, and no more; what was believed once is not believed for ever."""
    name, key = own_key(site)
    header, now = {"alg": "ES256", "typ": "JWT", "kid": name}, int(time.time())

    assert opens(site, signed(key, header, claims(exp=now - 50, nbf=now - 400)))
    assert not opens(site, signed(key, header, claims(exp=now - 65, nbf=now - 400)))
    assert opens(site, signed(key, header, claims(nbf=now + 50)))
    assert not opens(site, signed(key, header, claims(nbf=now + 70)))
    never: Any
    for never in ("never", -1, True, 1e400, 2**70, [], None):
        assert not opens(site, signed(key, header, claims(exp=never)))

    ends = signed(key, header, claims(exp=now - 58, nbf=now - 400))
    assert opens(site, ends)
    time.sleep(max(0.0, now + 2.2 - time.time()))
    assert not opens(site, ends)


# -------------------------------------------------------------------------------------------------------- certificates


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, by: tuple[str, ec.EllipticCurvePrivateKey] | None = None, days: int = 1
) -> x509.Certificate:
    """A certificate of ``key``, by itself or by another."""
    issuer, signer = by or (name, key)
    now = datetime.now(UTC)
    start, end = (
        (now - timedelta(hours=1), now + timedelta(days=days))
        if days > 0
        else (now + timedelta(days=2 * days), now + timedelta(days=days))
    )
    builder = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    own, signers = (x509.SubjectKeyIdentifier.from_public_key(each.public_key()) for each in (key, signer))
    builder = builder.add_extension(own, critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier(signers.digest, None, None), critical=False)
    return builder.sign(signer, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def x5c(*chain: x509.Certificate) -> dict[str, Any]:
    """A header that shows them."""
    shown = [b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain]
    return {"alg": "ES256", "typ": "JWT", "x5c": shown}


def test_x5c(tmp_path: Path) -> None:
    """A certificate in a token counts if it leads to one that is trusted, now; the first of them is whose key signs."""
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("root", root_key)
    by_root = ("root", root_key)
    leaf, old = certificate("leaf", leaf_key, by_root), certificate("leaf", leaf_key, by_root, days=-1)
    forged_leaf = certificate("leaf", OTHER, ("root", OTHER))
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(root.public_bytes(Encoding.PEM))
    token = {"realm": REALM, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
    body = claims(iss=ISSUER, aud=SERVICE, access=[{"type": "registry", "name": "catalog", "actions": ["*"]}])

    with Site({"auth": {"token": token}}) as asked:
        catalog = "/v2/_catalog"
        assert opens(asked, signed(leaf_key, x5c(leaf), body), catalog)
        for key, chain in (
            (OTHER, [certificate("root", OTHER)]),
            (OTHER, [forged_leaf]),
            (OTHER, [forged_leaf, root]),
            (OTHER, [leaf]),
            (OTHER, [root, forged_leaf]),
            (OTHER, [certificate("deeper", OTHER, ("leaf", leaf_key)), leaf]),
            (leaf_key, [old]),
            (leaf_key, []),
        ):
            assert not opens(asked, signed(key, x5c(*chain), body), catalog)
        for odd in ("x", [1], ["x"], [None], {"a": 1}, [""] * 100):
            assert not opens(asked, signed(OTHER, {"alg": "ES256", "typ": "JWT", "x5c": odd}, body), catalog)


# ----------------------------------------------------------------------------------------------------------- passwords


def test_unknown_user_timing(site: Site, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who tries a name learns nothing from how long it takes: each attempt is one hash, whatever is wrong."""
    del people
    hasher = site.registry.passwords.__dict__["_hasher"]
    done: list[str] = []

    class Counting:
        def verify(self, kept: str, password: bytes) -> bool:
            done.append(kept)
            return bool(hasher.verify(kept, password))

        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

    monkeypatch.setitem(site.registry.passwords.__dict__, "_hasher", Counting())
    said = set()
    for number, name in enumerate(("boss", "nobody", "no such ☃", "ci", "expired", "suspended", "revoked", "x" * 70)):
        answer = site.ask("GET", "/v2/", ("Authorization", basic(name, f"wrong {number}")))
        said.add((answer.status, answer.body))
        assert len(done) == number + 1, name
    assert len(said) == 1
    assert len({kept.rpartition("$")[0].rpartition("$")[0] for kept in done}) == 1, "all cost the same"


def test_unknown_user_timing_of_a_password_file(filed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with bcrypt, at the cost of the file's entries."""
    done: list[bytes] = []
    check = bcrypt.checkpw

    def counting(password: bytes, kept: bytes) -> bool:
        done.append(kept[:7])
        return check(password, kept)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    answers = [filed.ask("GET", "/v2/", ("Authorization", basic(name, "wrong"))) for name in ("somebody", "nobody")]
    assert len(done) == 2
    assert len(set(done)) == 1
    assert len({(answer.status, answer.body) for answer in answers}) == 1


@pytest.mark.slow
def test_cve_2026_4404() -> None:
    """A new registry has no account, and so no password that anybody could know."""
    with Site({"auth": {"jettison": {}}}) as new:
        assert not accounts.any_account(new.registry)
        for name in ("admin", "root", "administrator", "jettison", "anonymous", "everyone", ""):
            for password in ("", name, "admin", "password", "Harbor12345", "jettison", "admin123", "changeme"):
                answer = new.ask("GET", "/v2/", ("Authorization", basic(name, password)))
                assert answer.status == 401
        body = json.dumps({"code": "", "name": "admin", "password": "a long enough sentence"}).encode()
        answer = new.ask("POST", "/api/v1/setup", ("Content-Type", "application/json"), body=body)
        assert answer.status == 403
        assert not accounts.any_account(new.registry)


# ----------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.slow
def test_hostile_host_in_the_realm(site: Site, plain_site: Site, outside: Outside) -> None:
    """Where clients send passwords to is what the settings say, and nothing that a request says."""
    hostile = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")]
    hostile += [("Forwarded", "host=evil.example;proto=https"), ("X-Forwarded-Prefix", "/evil.example")]
    for asked, realm in ((site, f'Bearer realm="{URL}/token"'), (plain_site, "Basic"), (outside.site, REALM)):
        for path in ("/v2/", PATH, "/api/v1/users", "/v2/team/app/blobs/uploads/?from=evil.example/a"):
            answer = asked.ask("POST" if "uploads" in path else "GET", path, *hostile, host="evil.example")
            challenge = answer.header("www-authenticate")
            assert challenge is not None, (path, answer)
            assert realm in challenge or (asked is site and path.startswith("/api/") and "Basic" in challenge)
            assert "evil" not in str(answer.headers).replace("repository:evil.example/a:pull", "")


def test_a_password_over_plain_http_from_elsewhere_is_refused(site: Site, people: People) -> None:
    """Whoever is on the way could read it: nobody is asked for one, and one that is sent is not looked at."""
    far = ("192.0.2.1", 40000)
    for headers in ((), (("Authorization", people.basic("boss")),), (("Authorization", people.token("ci")),)):
        answer = site.ask("GET", "/v2/", *headers, client=far)
        assert answer.status == 403
        assert answer.header("www-authenticate") is None
        assert b"HTTPS" in answer.body
    assert site.ask("GET", "/v2/", ("Authorization", people.basic("boss")), client=far, scheme="https").status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/setup", {"code": "aaaaa-aaaaa", "name": "me", "password": "a long enough sentence"}),
        ("/api/v1/me/password", {"current": "a long enough sentence", "password": "another long sentence"}),
    ],
)
def test_nor_is_one_that_a_body_holds(site: Site, people: People, path: str, body: dict[str, str]) -> None:
    """The first administrator's, and a new one of somebody who shows a bearer token, which is no password."""
    token = bearer(str(get_token(site, people.basic("puller"))["token"]))
    told = []
    for client, scheme in ((("192.0.2.1", 40000), "http"), (("192.0.2.1", 40000), "https")):
        headers = (("Authorization", token), ("Content-Type", "application/json"))
        sent = json.dumps({**body, "current": "not this one"} if "current" in body else body).encode()
        answer = site.ask("POST", path, *headers, body=sent, client=client, scheme=scheme)
        told.append((answer.status, b"HTTPS" in answer.body))
    assert told == [(403, True), (403, False)]


def test_cve_2026_33540(site: Site, people: People, listening: socket.socket) -> None:
    """No upstream is ever asked, let alone sent a password: what names one in a request is not looked at."""
    url = f"127.0.0.1:{listening.getsockname()[1]}"
    header = ("Authorization", people.basic("boss"))
    for path in (f"/v2/team/app/manifests/v1?ns={url}", f"/v2/team/app/manifests/none?ns={url}", f"/v2/?ns={url}"):
        assert site.ask("GET", path, header, ("Host", url)).status in (200, 404)
    assert not was_called(listening)
