"""Asking a server that is in trouble: one connection for each request, so that none waits behind another."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any, Protocol

from jettison.oci.digest import Digest
from tests.crashes.client import ask
from tests.support.content import Draft, image

JSON = {"Content-Type": "application/json"}


class Listening(Protocol):
    """What listens on loopback."""

    @property
    def port(self) -> int:
        """Where."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def code(self) -> str:
        """The code of the error."""
        code: str = json.loads(self.body)["errors"][0]["code"]
        return code

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def request(
    server: Listening, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """One request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=90)
    started = time.monotonic()
    try:
        return Answer(*ask(connection, method, path, body, headers), time.monotonic() - started)
    finally:
        connection.close()


def push_blob(server: Listening, name: str, blob: bytes) -> Answer:
    """Upload it in one request."""
    return request(server, "POST", f"/v2/{name}/blobs/uploads/?digest={Digest.of(blob)}", blob)


def push(server: Listening, name: str, *layers: bytes) -> Draft:
    """Push an image as `latest`; it succeeds."""
    draft = image(*layers)
    for blob in draft.blobs:
        assert push_blob(server, name, blob).status == 201
    assert put(server, name, draft).status == 201
    return draft


def put(server: Listening, name: str, draft: Draft) -> Answer:
    """Push a manifest alone, as `latest`."""
    headers = {"Content-Type": draft.media_type}
    return request(server, "PUT", f"/v2/{name}/manifests/latest", draft.content, headers)


def pull_blob(server: Listening, name: str, blob: bytes) -> Answer:
    """Pull it."""
    return request(server, "GET", f"/v2/{name}/blobs/{Digest.of(blob)}")


def whole(server: Listening, name: str, draft: Draft) -> bool:
    """Whether the image that was pushed can be pulled, byte for byte."""
    found = request(server, "GET", f"/v2/{name}/manifests/latest")
    return found.body == draft.content and all(pull_blob(server, name, blob).body == blob for blob in draft.blobs)


def sweep(server: Listening) -> Any:
    """Have it swept; what came back."""
    swept = request(server, "POST", "/api/v1/sweep", b"{}", JSON)
    assert swept.status == 200, swept
    return swept.json
