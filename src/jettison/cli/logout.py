"""`jettison logout HOST`: forget the credentials of a registry."""

from __future__ import annotations

from typing import Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.show.said import tell, warn


@command
def logout(
    connection: Connection,
    host: Annotated[str, typer.Argument(metavar="HOST", help="The registry: HOST or HOST:PORT.")],
) -> None:
    """Forget the credentials that are kept for a registry, wherever docker and podman keep them.

    **Examples**

        jettison logout localhost:5000
    """
    from jettison.client.errors import Invalid
    from jettison.client.keychain import Keychain

    where = address(host if "/" in host else f"{host}/", "HOST or HOST:PORT")
    if where.repository is not None:
        raise Invalid(f"{host} is a repository: sign out of its registry, {where.host}")
    keychain = Keychain()
    places = keychain.erase(where.host)
    for place in places:
        tell(f"signed out of {where.host}: forgotten by {place}")
    if not places:
        tell(f"nothing was kept for {where.host}")
    left = keychain.find(where.host)
    if not left.is_anonymous:
        warn(f"there are still {left}, which this command does not change")
