"""`jettison login HOST`: keep credentials where docker and podman find them too."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.exit_status import ExitStatus
from jettison.cli.show.said import error, note, tell, warn


@command
def login(
    connection: Connection,
    host: Annotated[str, typer.Argument(metavar="HOST", help="The registry: HOST or HOST:PORT.")],
) -> ExitStatus | None:
    """Sign in to a registry, for this program, docker and podman alike.

    The registry is asked whether it takes them before anything is kept. They go where docker or podman keep theirs: to
    the credential helper that docker's configuration names, else into its file, or into podman's where only that is
    there.

    **Examples**

        jettison login localhost:5000
        jettison login registry.example.com --username ci --password-stdin < token
        jettison login ghcr.io -u me
    """
    from jettison.client.credentials import Credentials
    from jettison.client.errors import Invalid
    from jettison.client.keychain import Keychain
    from jettison.client.registry import Registry

    where = address(host if "/" in host else f"{host}/", "HOST or HOST:PORT")
    if where.repository is not None:
        raise Invalid(f"{host} is a repository: sign in to its registry, {where.host}")
    if not connection.password_stdin and not sys.stdin.isatty():
        error("there is no terminal to ask for a password on: pipe it in, with --username NAME --password-stdin")
        return ExitStatus.USAGE
    if connection.password_stdin:
        credentials = connection.given()
    else:
        name = connection.username or _asked(f"user name for {where.host}: ")
        credentials = Credentials(name, getpass.getpass(f"password of {name}: ", sys.stderr), source="the terminal")
    assert credentials is not None
    if not (credentials.username and credentials.password):
        raise Invalid("a user name and a password are needed, and one of them is empty")
    registry = Registry(
        where.host,
        credentials=credentials,
        plain_http=connection.plain_http,
        ca_cert=connection.ca_cert,
        insecure_skip_verify=connection.insecure_skip_verify,
    )
    with registry:
        registry.ping().check(f"sign in to {where.host}")
        if registry.transport.challenge is None:
            warn(f"{where.host} asks nobody to sign in: whether it knows these credentials cannot be told")
    place = Keychain().store(where.host, credentials)
    tell(f"signed in to {where.host} as {credentials.username}; kept by {place}")
    if place.endswith(".json"):
        note(f"{place} keeps the password as it is, readable for its owner: docker's `credsStore` would encrypt it")
    return None


def _asked(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
