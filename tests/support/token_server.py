"""A token server as CNCF distribution describes it, GET and POST: real tokens that real registries check."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwt
from joserfc.jwk import ECKey

from .certificates import Authority

ISSUER, SERVICE = "the tests", "registry"
USER, PASSWORD, IDENTITY = "robot", "s3cret", "an identity token"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request for a token: how it was made, by whom (None: nobody), and for what."""

    method: str
    account: str | None
    scopes: tuple[str, ...]
    form: Mapping[str, str] = field(default_factory=dict)


class TokenServer:
    """Gives tokens that live `life` seconds, to the user all that is asked for, to nobody only pulling.

    A scope with an action of `refused` is answered 400, as servers do that do not know it; those of `withheld` are left
    out of the token in silence, as the specification has it. With `post_only`, GET is answered 405. A context manager.
    """

    def __init__(
        self,
        folder: Path,
        *,
        life: int = 300,
        refused: Collection[str] = (),
        withheld: Collection[str] = (),
        post_only: bool = False,
    ) -> None:
        self.requests: list[Wanted] = []
        self.life = life
        self.refused, self.withheld, self.post_only = set(refused), set(withheld), post_only
        self.status: int | None = None
        """Answered to everything in place of a token."""
        authority = Authority("Tokens")
        pair = authority.issue("tokens", ends=timedelta(days=1))
        self._key = ECKey.import_key(pair.key_pem())
        self._chain = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in pair.chain]
        self.bundle = authority.write(folder)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def realm(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self._server.server_port}/token"

    @property
    def auth(self) -> dict[str, Any]:
        """The part `auth` of the configuration of a registry that takes these tokens."""
        options = {"realm": self.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(self.bundle)}
        return {"token": options}

    def token(self, account: str | None, scopes: tuple[str, ...]) -> str:
        """A token for these scopes."""
        now = int(time.time())
        access = [self._access(scope, account) for scope in scopes]
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": account or "",
            "aud": SERVICE,
            "iat": now - 10,
            "nbf": now - 10,
            "exp": now + self.life,
            "jti": f"{now}-{len(self.requests)}",
            "access": access,
        }
        return jwt.encode({"alg": "ES256", "typ": "JWT", "x5c": self._chain}, claims, self._key)

    def _access(self, scope: str, account: str | None) -> dict[str, Any]:
        kind, _, rest = scope.partition(":")
        name, _, listed = rest.rpartition(":")
        allowed = [each for each in listed.split(",") if each not in self.withheld]
        return {"type": kind, "name": name, "actions": allowed if account else [e for e in allowed if e == "pull"]}

    def _answer(self, wanted: Wanted) -> tuple[int, dict[str, Any]]:
        self.requests.append(wanted)
        if self.status is not None:
            return self.status, {"errors": [{"code": "UNKNOWN", "message": "told to"}]}
        if wanted.method == "GET" and self.post_only:
            return 405, {}
        if wanted.account == "":
            return 401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]}
        actions = {action for scope in wanted.scopes for action in scope.rpartition(":")[2].split(",")}
        if actions & self.refused:
            return 400, {"errors": [{"code": "DENIED", "message": "no such action"}]}
        token = self.token(wanted.account, wanted.scopes)
        field_name = "token" if wanted.method == "GET" else "access_token"
        return 200, {field_name: token, "expires_in": self.life}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                self._give(Wanted("GET", _account(self.headers.get("authorization")), tuple(query.get("scope", []))))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                by_token = form.get("refresh_token") == IDENTITY
                by_password = (form.get("username"), form.get("password")) == (USER, PASSWORD)
                account = USER if by_token or by_password else ""
                self._give(Wanted("POST", account, tuple(form.get("scope", "").split()), form))

            def _give(self, wanted: Wanted) -> None:
                status, body = server._answer(wanted)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        return Handler


def _account(authorization: str | None) -> str | None:
    """Who this is: None without credentials, empty for wrong ones."""
    if authorization is None:
        return None
    right = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return USER if authorization == f"Basic {right}" else ""
