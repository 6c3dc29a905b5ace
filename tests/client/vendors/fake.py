"""Registries that vendors run, as their documentation describes them: real HTTP servers on loopback, with state.

A fake is `Fake`, which speaks the part of `/v2` that all of them share, and the rules in which its vendor differs, each
with the document that it was taken from. What a request broke is answered as the vendor answers it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

from jettison.oci.digest import Digest
from tests.support.content import Draft

USER, PASSWORD = "robot", "s3cret"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, its path as it was sent, its query, its headers by names in lower case, and its body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def basic(self) -> tuple[str, str] | None:
        """The user name and password of HTTP Basic; None without."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        name, _, password = base64.b64decode(value).decode().partition(":")
        return name, password

    @property
    def bearer(self) -> str | None:
        """The token of HTTP Bearer; None without."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value if kind.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status, its body (a JSON value, or bytes as they are), and its headers."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def error(status: int, code: str, message: str = "") -> Answered:
    """An error body as OCI distribution 1.1, "Error Codes", has it."""
    return Answered(status, {"errors": [{"code": code, "message": message or code.lower(), "detail": None}]})


@dataclass(slots=True)
class Held:
    """A repository: its manifests with their media types, its tags, its blobs."""

    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)

    def children(self, digest: str) -> set[str]:
        """What the index lists; nothing of an image."""
        return {entry["digest"] for entry in json.loads(self.manifests[digest][0]).get("manifests", [])}

    def parents(self, digest: str) -> list[str]:
        """The indexes that list the manifest."""
        return [parent for parent in self.manifests if digest in self.children(parent)]

    def tagged(self, digest: str) -> list[str]:
        """The tags that point at the manifest."""
        return sorted(tag for tag, found in self.tags.items() if found == digest)

    def drop(self, digest: str) -> None:
        """Take a manifest away, and its tags."""
        del self.manifests[digest]
        self.tags = {tag: found for tag, found in self.tags.items() if found != digest}


Handler = Callable[[Asked, re.Match[str]], Answered]


class Fake:
    """A registry on a free port of 127.0.0.1. A context manager.

    `before` sees each request and may answer it in the vendor's place; `log` has all requests as `METHOD path`.
    """

    bearer: ClassVar[bool] = False
    """Whether it asks for tokens; else for HTTP Basic."""
    headers: ClassVar[Mapping[str, str]] = {"Docker-Distribution-Api-Version": "registry/2.0"}
    deleting: ClassVar[str] = "delete"
    """The action of a token's scope that deleting takes."""
    catalog: ClassVar[bool] = True
    token_path: ClassVar[str] = "/token"
    service: ClassVar[str] = "fake"
    """Where tokens are made, and what the challenge calls the registry."""

    def __init__(self) -> None:
        self.repositories: dict[str, Held] = {}
        self.users = {USER: PASSWORD}
        self.before: Callable[[Asked], Answered | None] = lambda _: None
        self.log: list[str] = []
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
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
    def address(self) -> str:
        """127.0.0.1:PORT."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT."""
        return f"http://{self.address}"

    def push(self, repository: str, draft: Draft, *tags: str) -> Digest:
        """Put a manifest and all that it holds there, as if it had been pushed."""
        held = self.repositories.setdefault(repository, Held())
        for each in draft.closure():
            held.manifests[str(each.digest)] = (each.content, each.media_type)
            held.blobs |= {str(digest) for digest in each.blob_digests}
        held.tags |= dict.fromkeys(tags, str(draft.digest))
        return draft.digest

    def tags(self, repository: str) -> dict[str, str]:
        """The tags of a repository; none of one that is not there."""
        return dict(self.repositories[repository].tags) if repository in self.repositories else {}

    def sent(self, method: str) -> list[str]:
        """The paths of all requests of a method, in order."""
        return [line.split(" ", 1)[1] for line in self.log if line.startswith(f"{method} ")]

    # ------------------------------------------------------------------------------------------ what vendors differ in

    def routes(self) -> list[tuple[str, str, Handler]]:
        """What the vendor serves beside `/v2`: method, pattern of the path, handler. These come first."""
        return []

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        """DELETE of a manifest by digest or tag."""
        if ":" not in reference:
            return error(405, "UNSUPPORTED")
        held.drop(reference)
        return Answered(202)

    def allows(self, asked: Asked, action: str, repository: str) -> Answered | None:
        """None where the request may go on, else the refusal."""
        if self.bearer:
            scopes = json.loads(base64.b64decode(asked.bearer)) if asked.bearer else None
            if scopes is not None and (not repository or _granted(scopes, repository, action)):
                return None
            scope = f'scope="repository:{repository}:{action}"' if repository else ""
            challenge = f'Bearer realm="{self.url}{self.token_path}",service="{self.service}",{scope}'.rstrip(",")
        else:
            given = asked.basic
            if given is not None and self.users.get(given[0]) == given[1]:
                return None
            challenge = 'Basic realm="fake"'
        refusal = error(401, "UNAUTHORIZED", "authentication required")
        return Answered(401, refusal.body, {"WWW-Authenticate": challenge})

    def grants(self, asked: Asked, actions: list[str]) -> list[str]:
        """Of the actions that a token is asked for, those that it gets."""
        return actions

    # ------------------------------------------------------------------------------------------------- what is shared

    def answer(self, asked: Asked) -> Answered:
        """The answer to a request."""
        with self.lock:
            self.log.append(f"{asked.method} {asked.path}")
            early = self.before(asked)
            if early is not None:
                return early
            for method, pattern, handler in [*self.routes(), *self._shared()]:
                found = re.fullmatch(pattern, asked.path)
                if found is not None and method in {asked.method, "*"}:
                    return handler(asked, found)
            return Answered(404, b"404 page not found\n", {"Content-Type": "text/plain"})

    def _shared(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", re.escape(self.token_path), self._token),
            ("*", r"/v2/", lambda asked, _: self.allows(asked, "", "") or Answered(200, {})),
            ("GET", r"/v2/_catalog", self._catalog),
            ("GET", r"/v2/(.+)/tags/list", self._within("pull", self._tags)),
            ("GET", r"/v2/(.+)/referrers/([^/]+)", self._within("pull", self._referrers)),
            ("HEAD", r"/v2/(.+)/blobs/([^/]+)", self._within("pull", self._blob)),
            ("HEAD", r"/v2/(.+)/manifests/([^/]+)", self._within("pull", self._get)),
            ("GET", r"/v2/(.+)/manifests/([^/]+)", self._within("pull", self._get)),
            ("PUT", r"/v2/(.+)/manifests/([^/]+)", self._within("push", self._put)),
            ("DELETE", r"/v2/(.+)/manifests/([^/]+)", self._within(self.deleting, self._delete)),
        ]

    def _within(self, action: str, then: Callable[[Asked, Held, str], Answered]) -> Handler:
        def handler(asked: Asked, found: re.Match[str]) -> Answered:
            name, reference = found[1], unquote(found[2]) if found.re.groups > 1 else ""
            refusal = self.allows(asked, action, name)
            if refusal is not None:
                return refusal
            held = self.repositories.get(name)
            return error(404, "NAME_UNKNOWN") if held is None else then(asked, held, reference)

        return handler

    def _token(self, asked: Asked, found: re.Match[str]) -> Answered:
        given = asked.basic
        if given is not None and self.users.get(given[0]) != given[1]:
            return error(401, "UNAUTHORIZED")
        scopes = []
        for wanted in asked.query.get("scope", "").split():
            kind, _, rest = wanted.partition(":")
            name, _, actions = rest.rpartition(":")
            scopes.append([kind, name, self.grants(asked, actions.split(",")) if given else ["pull"]])
        return Answered(200, {"token": base64.b64encode(json.dumps(scopes).encode()).decode(), "expires_in": 300})

    def _catalog(self, asked: Asked, _: re.Match[str]) -> Answered:
        if not self.catalog:
            return error(401, "UNAUTHORIZED")
        return self.allows(asked, "", "") or Answered(200, {"repositories": sorted(self.repositories)})

    def _tags(self, asked: Asked, held: Held, _: str) -> Answered:
        return Answered(200, {"name": asked.path.split("/")[2], "tags": sorted(held.tags)})

    def _referrers(self, asked: Asked, held: Held, digest: str) -> Answered:
        found = [
            {"mediaType": media_type, "digest": each, "size": len(content)}
            for each, (content, media_type) in held.manifests.items()
            if (json.loads(content).get("subject") or {}).get("digest") == digest
        ]
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": found}
        return Answered(200, json.dumps(index).encode(), {"Content-Type": "application/vnd.oci.image.index.v1+json"})

    def _blob(self, asked: Asked, held: Held, digest: str) -> Answered:
        return Answered(200) if digest in held.blobs else error(404, "BLOB_UNKNOWN")

    def _get(self, asked: Asked, held: Held, reference: str) -> Answered:
        digest = held.tags.get(reference, reference)
        if digest not in held.manifests:
            return error(404, "MANIFEST_UNKNOWN")
        content, media_type = held.manifests[digest]
        return Answered(200, content, {"Content-Type": media_type, "Docker-Content-Digest": digest})

    def _put(self, asked: Asked, held: Held, reference: str) -> Answered:
        digest, body = str(Digest.of(asked.body)), json.loads(asked.body)
        needed = [entry["digest"] for entry in [body.get("config"), *body.get("layers", [])] if entry]
        missing = [each for each in needed if each not in held.blobs] or [
            entry["digest"] for entry in body.get("manifests", []) if entry["digest"] not in held.manifests
        ]
        if missing:
            return error(400, "MANIFEST_BLOB_UNKNOWN")
        held.manifests[digest] = (asked.body, asked.headers["content-type"])
        if ":" not in reference:
            held.tags[reference] = digest
        return Answered(201, headers={"Docker-Content-Digest": digest})

    def _delete(self, asked: Asked, held: Held, reference: str) -> Answered:
        if ":" in reference and reference not in held.manifests:
            return self.delete_unknown(reference)
        return self.delete_manifest(held, reference)

    def delete_unknown(self, reference: str) -> Answered:
        """DELETE of a digest that is not there."""
        return error(404, "MANIFEST_UNKNOWN")


def _granted(scopes: list[list[Any]], repository: str, action: str) -> bool:
    return any(
        kind == "repository" and name == repository and (action in actions or "*" in actions)
        for kind, name, actions in scopes
    )


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            query = {name: " ".join(values) for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = fake.answer(Asked(self.command, parts.path, query, headers, body))
            plain = answered.body if isinstance(answered.body, bytes) else json.dumps(answered.body).encode()
            kind = {} if isinstance(answered.body, bytes) else {"Content-Type": "application/json"}
            self.send_response(answered.status)
            for name, value in {**fake.headers, **kind, **answered.headers}.items():
                self.send_header(name, value)
            if answered.status != 204:
                self.send_header("Content-Length", str(len(plain)))
            self.end_headers()
            if self.command != "HEAD" and answered.status != 204:
                self.wfile.write(plain)
            self.wfile.flush()

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names are the library's

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    return Handler
