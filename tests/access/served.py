"""Registries in processes of their own that have to be signed in to, and who may do what there."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bcrypt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.access.forging import claims, jwk_of, signed
from tests.support.ports import free_port
from tests.support.server import JettisonServer
from tests.support.verb import verb

PASSWORD = "with a long enough sentence"


@dataclass(frozen=True, slots=True)
class Served:
    """A running registry. ``secrets`` are passwords and tokens by name: `ci` may pull and push below team, `cleaner`
    pull and delete, `puller` pull; and anybody may pull what lies below `open`.
    """

    server: JettisonServer
    secrets: Mapping[str, str]

    @property
    def address(self) -> str:
        """127.0.0.1:PORT."""
        return self.server.address


def command(server: JettisonServer, *arguments: str) -> str:
    """What a verb prints that works beside the server, as its administrator uses it."""
    done = verb(*arguments, "--config", server.config_file)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def serve_accounts(*, told_its_host: bool) -> Iterator[Served]:
    """With accounts of its own; where it is told by which address it is reached, its challenge is Bearer, not Basic."""
    port = free_port()
    http = {"http": {"host": f"http://127.0.0.1:{port}"}} if told_its_host else {}
    with JettisonServer(port=port, config={"auth": {"jettison": {}}, **http}) as server:
        made = {
            "ci": ("team/**:pull,push", "open/**:pull,push"),
            "cleaner": ("team/**:pull,delete",),
            "puller": ("team/**:pull",),
        }
        secrets = {
            name: command(server, "token", "create", name, *(f"--scope={scope}" for scope in scopes))
            for name, scopes in made.items()
        }
        command(server, "grant", "add", "anonymous", "open/**:pull")
        yield Served(server, secrets)


@contextmanager
def serve_password_file(folder: Path) -> Iterator[Served]:
    """With a password file, whose one name may do everything."""
    file = folder / "htpasswd"
    file.write_text(f"somebody:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    with JettisonServer(config={"auth": {"htpasswd": {"realm": "Files", "path": str(file)}}}) as server:
        yield Served(server, {"somebody": PASSWORD})


@contextmanager
def serve_outside(folder: Path) -> Iterator[Served]:
    """For which an outside token server vouches: `ci` gets tokens for pulling and pushing, whatever it asks for."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "jwks.json").write_text(json.dumps({"keys": [jwk_of(key, kid="outside-1")]}))
    with _token_server(key) as realm:
        token = {"realm": realm, "service": "registry", "issuer": "outside", "jwks": str(folder / "jwks.json")}
        with JettisonServer(config={"auth": {"token": token}}) as server:
            yield Served(server, {"ci": PASSWORD})


@contextmanager
def _token_server(key: ec.EllipticCurvePrivateKey) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            shown = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            if shown != f"ci:{PASSWORD}":
                self.send_error(401)
                return
            content = json.dumps({"token": _token(key, asked.get("scope", []))}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            # Clients that try OAuth2 first go on with GET.
            self.send_error(404)

        def log_message(self, format: str, *_: object) -> None:
            del format

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/token"
        finally:
            server.shutdown()
            thread.join(5)


def _token(key: ec.EllipticCurvePrivateKey, scopes: list[str]) -> str:
    access: list[dict[str, Any]] = []
    for scope in (word for text in scopes for word in text.split()):
        kind, name, actions = scope.split(":")
        allowed = [action for action in actions.split(",") if action in ("pull", "push")]
        access.append({"type": kind, "name": name, "actions": allowed})
    header = {"alg": "ES256", "typ": "JWT", "kid": "outside-1"}
    return signed(key, header, claims(iss="outside", aud="registry", sub="ci", kind=None, access=access))
