"""The JSON API as a client uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2

DELETIONS = "/api/v1/deletions"


@dataclass(frozen=True, slots=True)
class Api:
    """The API of the registry that ``client`` talks to."""

    client: httpx2.Client

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Send a body, an empty object without one, as JSON, whatever the answer."""
        return self.client.post(path, json={} if body is None else body, headers=headers)

    def ask(self, **wanted: Any) -> httpx2.Response:
        """Ask for a deletion, whatever the answer."""
        return self.post(DELETIONS, wanted)

    def plan(self, *targets: str, **wanted: Any) -> dict[str, Any]:
        """The plan for these targets, written as NAME, NAME:TAG or NAME@DIGEST; it must be made."""
        return _told(self.ask(**_named(targets), **wanted, dry_run=True), 200)

    def delete(self, *targets: str, **wanted: Any) -> dict[str, Any]:
        """Delete them, which must succeed."""
        return _told(self.ask(**_named(targets), **wanted), 201)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """What is there, which must be something."""
        return _told(self.client.get(path, params=parameters or None), 200)

    def restore(self, deletion: int) -> httpx2.Response:
        """Ask to undo a deletion, whatever the answer."""
        return self.post(f"{DELETIONS}/{deletion}/restore")

    def purge(self, deletion: int) -> httpx2.Response:
        """Ask to make it final, whatever the answer."""
        return self.post(f"{DELETIONS}/{deletion}/purge")


def target(text: str) -> dict[str, str]:
    """The target that is written NAME, NAME:TAG or NAME@DIGEST."""
    for mark, key in (("@", "digest"), (":", "tag")):
        if mark in text:
            name, _, reference = text.partition(mark)
            return {"repository": name, key: reference}
    return {"repository": text}


def _named(targets: tuple[str, ...]) -> dict[str, Any]:
    return {"targets": [target(each) for each in targets]} if targets else {}


def _told(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told: dict[str, Any] = answer.json()
    return told
