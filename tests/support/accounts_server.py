"""A server with accounts of its own, and the verbs and requests by which a test makes and uses them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.support.accounts import PASSWORD
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

ROOT = ("root", PASSWORD)


@contextmanager
def accounts_server() -> Iterator[JettisonServer]:
    """A registry where one has to sign in, with the administrator ROOT."""
    with JettisonServer(config={"auth": {"jettison": {}}}) as running:
        done = beside(running, "user", "add", "--admin", "root", "--password-stdin", sent=PASSWORD)
        assert done.returncode == 0, done.stderr
        yield running


def beside(server: JettisonServer, *arguments: str, sent: str = "") -> Done:
    """A verb beside the server."""
    return verb(*arguments, "--config", server.config_file, sent=sent)


def signed_in(server: JettisonServer, name: str, secret: str) -> httpx2.Client:
    """A client that sends that name and that password or token with every request."""
    return httpx2.Client(base_url=server.url, auth=(name, secret), timeout=20, trust_env=False)
