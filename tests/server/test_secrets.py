"""No secret is in a log, the audit log, or what a refusal says, wherever its sender has put it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import bcrypt
import httpx2
import pytest

from jettison.registry import audit
from jettison.server.registry import open_registry
from jettison.settings import load
from tests.http.raw import Connection, head
from tests.support.accounts import add_robot, add_user
from tests.support.server import JettisonServer
from tests.support.token_server import TokenServer
from tests.support.verb import verb

pytestmark = pytest.mark.slow

MARK = "hunter2corrects3crethorse"
"""In every secret, as it is or in one of the ways in which it may be written."""

NAMED = "X-Test: names"
PASSWORD = f"the password {MARK}"
CONFIG = {
    "jettison": {"limits": {"signins": {"failures": 0}}},
    "log": {"level": "debug", "formatter": "json"},
    # Nobody listens there: every post fails, and the log says so.
    "notifications": {
        "endpoints": [
            {
                "name": "nobody",
                "url": f"http://me:{MARK}@127.0.0.1:9/hook?token={MARK}",
                "headers": {"Authorization": [f"Bearer {MARK}"]},
                "backoff": "100ms",
                "threshold": 1,
            }
        ]
    },
    "health": {
        "http": [
            {
                "uri": f"http://me:{MARK}@127.0.0.1:9/",
                "headers": {"X-Key": [MARK]},
                "interval": "200ms",
                "threshold": 999,
            }
        ]
    },
}


@dataclass
class Guarded:
    """A server, and what opens it: secrets of its own that must not be told either."""

    server: JettisonServer
    opens: dict[str, str]
    secrets: list[str]


@pytest.fixture(scope="module", params=["none", "htpasswd", "token", "jettison"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A registry with each way to know who asks."""
    folder = tmp_path_factory.mktemp("secrets")
    if request.param == "token":
        with TokenServer(folder) as tokens, JettisonServer(config={**CONFIG, "auth": tokens.auth}) as server:
            yield Guarded(server, {}, [])
        return
    auth: dict[str, Any] = {"none": {}}
    if request.param == "htpasswd":
        file = folder / "htpasswd"
        file.write_text(f"ann:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
        auth = {"htpasswd": {"realm": "tests", "path": str(file)}}
    elif request.param == "jettison":
        auth = {"jettison": {"realm": "tests"}}
    with JettisonServer(config={**CONFIG, "auth": auth}) as server:
        robot = ""
        if request.param == "jettison":
            robot = _fill(server)
        opens = {} if request.param == "none" else {"Authorization": basic("ann", PASSWORD)}
        yield Guarded(server, opens, [robot] if robot else [])


def _fill(server: JettisonServer) -> str:
    """Accounts in it; a robot's token."""
    registry = open_registry(load(server.config_file, {}).settings)
    try:
        add_user(registry, "ann", admin=True, password=PASSWORD)
        return add_robot(registry, "ci", "**:pull,push")
    finally:
        registry.close()


def basic(name: str, password: str) -> str:
    """A Basic header."""
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def written(secret: str) -> set[str]:
    """The ways in which it may be written."""
    encoded = {b64encode(f"{before}{secret}".encode()).decode() for before in ("", "x", "xx", "ann:", ":")}
    # Of base64, what does not depend on what stands beside it.
    return {secret, secret[::-1], secret.encode().hex(), *(each.rstrip("=")[4:-4] for each in encoded)} - {""}


PLACES = (
    ("Authorization: Bearer {0}",),
    ("Authorization: Bearer {0}.{0}.{0}",),
    ("Authorization: Basic {1}",),
    ("Authorization: Basic {0}",),
    ("Authorization: basic  {1} {1}",),
    ("Authorization: {0}",),
    ("Authorization: Digest username={0}, response={0}",),
    ("Authorization: Bearer {0}", "Authorization: Basic {1}"),
    ("Authorization: Basic \xff{0}",),
    ("Authorization:{0}", "Authorization:"),
    ("Proxy-Authorization: Basic {1}",),
    ("Cookie: session={0}; __Host-x={0}",),
    ("X-Registry-Auth: {0}",),
    ("X-Request-Id: a {0}",),
    ("X-Forwarded-For: {0}", "Forwarded: for={0};host={0}", "X-Forwarded-Proto: {0}"),
    ("If-None-Match: {0}", "Accept: {0}"),
    ("Content-Type: {0}",),
    ("Content-Range: {0}",),
    ("Referer: http://me:{0}@here/?token={0}",),
)
TARGETS = (
    ("GET", "/v2/"),
    ("GET", "/v2/_catalog"),
    ("GET", "/v2/app/manifests/v1"),
    ("PUT", "/v2/app/manifests/v1"),
    ("POST", "/v2/app/blobs/uploads/"),
    ("PATCH", "/v2/app/blobs/uploads/nothing"),
    ("DELETE", "/v2/app/manifests/v1"),
    ("GET", "/token"),
    ("POST", "/token"),
    ("GET", "/api/v1/audit"),
    ("POST", "/api/v1/deletions"),
    ("POST", "/api/v1/users"),
    ("GET", "/nowhere"),
)
QUERIES = (
    "token={0}",
    "access_token={0}&password={0}",
    "refresh_token={0}&client_secret={0}",
    "%00{0}",
)
NAMES = (
    "service={0}&scope={0}&account={0}&client_id={0}",
    "scope=repository:app:{0}&offline_token={0}",
    "digest={0}&mount={0}&from={0}",
    "n={0}&last={0}",
    "who={0}&limit={0}",
)
"""What such a parameter has is no secret to whoever has sent it. No log has any of it all the same."""

BODIES = (
    ("application/json", '{{"password": "{0}", "name": "{0}"}}'),
    ("application/json", '{{"{0}'),
    ("application/json", '"{0}"'),
    ("application/x-www-form-urlencoded", "grant_type=password&username=ann&password={0}&service=x"),
    ("application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token={0}"),
    ("application/x-www-form-urlencoded", "grant_type={0}&password={0}"),
    ("application/vnd.oci.image.manifest.v1+json", '{{"schemaVersion": 2, "auths": {{"a": "{0}"}}'),
    ("text/plain", "{0}"),
)


def filled(text: str) -> str:
    """With the secret in its place, as it is and in base64."""
    return text.format(MARK * 2, b64encode(f"ann:{MARK}".encode()).decode())


def said(server: JettisonServer, request: bytes, method: str) -> str:
    """What comes back to a request that a secret is in; empty where nothing does."""
    with Connection(("127.0.0.1", server.port)) as connection:
        connection.send(request)
        try:
            answer = connection.answer(method)
        except (HTTPException, OSError):
            return ""
        return f"{answer.status} {answer.headers} {answer.body!r}"


def requests() -> Iterator[tuple[str, bytes]]:
    """A request for each place that a secret may be in, by its method."""
    for method, target in TARGETS:
        body = b"{}" if method not in ("GET", "DELETE") else b""
        typed = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        for headers in PLACES:
            yield method, head(method, target, *map(filled, headers), *typed) + body
        for query in QUERIES:
            yield method, head(method, f"{target}?{filled(query)}", *typed) + body
        for query in NAMES:
            yield method, head(method, f"{target}?{filled(query)}", *typed, NAMED) + body
        for media_type, content in BODIES:
            sent = filled(content).encode()
            length = f"Content-Length: {len(sent)}"
            if method not in ("GET", "DELETE"):
                yield method, head(method, target, f"Content-Type: {media_type}", length) + sent
        yield method, head(method, f"http://me:{MARK}@here{target}", *typed) + body
        yield method, head(method, target, *typed, f"Host: me:{MARK}@here") + body
    # Broken ones, which the server itself refuses.
    for broken in (f"GET /v2/ HTTP/1.1\r\nAuthorization {MARK}\r\n\r\n", f"GET /?{MARK} \r\n\r\n", f"{MARK}\r\n\r\n"):
        yield "GET", broken.encode()
    yield "GET", f"GET /v2/ HTTP/1.1\r\nHost: a\r\nAuthorization: Basic\r\n {MARK}\r\n\r\n".encode()


def test_no_secret_is_told_to_anybody(guarded: Guarded) -> None:
    """Not in what is answered, not in what is printed, not in the audit log, not in the database."""
    server = guarded.server
    for method, request in requests():
        answer = said(server, request, method)
        assert NAMED.encode() in request or not _told(answer, MARK), f"{request.decode('latin-1')}\n{answer}"
    issued = _use(guarded)
    guarded.server.stop()
    for secret in (MARK, *guarded.secrets, *issued):
        assert not _told(server.log, secret), _around(server.log, secret)
        assert not _told(_audit(server), secret)
        assert not [file for file in server.data.rglob("*") if file.is_file() and _told(_read(file), secret)], secret
    assert server.log.count("/v2/") > 100, "nothing was logged"


def _use(guarded: Guarded) -> list[str]:
    """Do with it what one does, with what opens it; the tokens that it has issued."""
    server, issued = guarded.server, []
    with httpx2.Client(base_url=server.url, headers=guarded.opens, timeout=20, trust_env=False) as client:
        entry = client.get("/v2/")
        assert entry.status_code == (200 if guarded.opens or not entry.headers.get("www-authenticate") else 401)
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
        client.put("/v2/app/manifests/v1", content=json.dumps(index), headers={"Content-Type": str(index["mediaType"])})
        client.get("/v2/app/manifests/v1")
        client.delete("/v2/app/manifests/v1")
        token = client.get("/token?scope=repository:app:pull&offline_token=true&client_id=tests")
        if token.status_code == 200:
            issued += [token.json()["token"], token.json()["refresh_token"]]
            again = {"Authorization": f"Bearer {issued[0]}"}
            assert client.get("/v2/app/tags/list", headers=again).status_code in (200, 404)
            form = {"grant_type": "refresh_token", "refresh_token": issued[1], "client_id": "tests"}
            assert client.post("/token", data=form).status_code == 200
        for robot in guarded.secrets:
            assert client.get("/v2/", headers={"Authorization": basic("ci", robot)}).status_code == 200
    return issued


def _told(text: str, secret: str) -> bool:
    return any(way in text for way in written(secret))


def _around(text: str, secret: str) -> list[str]:
    return [line for line in text.splitlines() if _told(line, secret)][:5]


def _read(file: Path) -> str:
    return file.read_bytes().decode("latin-1")


def _audit(server: JettisonServer) -> str:
    registry = open_registry(load(server.config_file, {}).settings)
    try:
        return "\n".join(map(repr, audit.page(registry, 100_000).entries))
    finally:
        registry.close()


def test_the_settings_that_are_shown_hide_their_secrets(guarded: Guarded) -> None:
    """`jettison config`, as a table and as JSON."""
    for option in ((), ("--json",)):
        shown = verb("config", *option, guarded.server.config_file)
        assert "127.0.0.1:9/hook" in shown.stdout
        assert not _told(shown.stdout + shown.stderr, MARK), _around(shown.stdout + shown.stderr, MARK)
