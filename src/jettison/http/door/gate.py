"""The gate: lets a request to its handler if its caller may do what the route needs. What is not allowed is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jettison.http.door.authorization import header_of
from jettison.http.edge import ALIVE
from jettison.http.errors import error_response
from jettison.http.request import Request
from jettison.http.response import Response
from jettison.oci.errors import Denied, Unauthorized
from jettison.oci.reference import RepositoryName
from jettison.registry.access import ANONYMOUS, Action, Kind

if TYPE_CHECKING:
    from jettison.http.door.door import Door

ENTRY = "/v2/"
"""What clients ask to learn whether they have to sign in, and whether they have."""

OPEN = (*ALIVE, "/token", "/token/keys")
"""Routes of which nobody is asked at the door who they are: who is alive, and where to sign in."""


def knows(request: Request, name: str | None) -> bool:
    """Whether the request's token was seen before and allowed the same: then it goes on at once, as its caller.

    This is what most requests of a busy registry are, so it takes two microseconds.
    """
    edge = request.edge
    if edge.door is None or name is None or edge.limits.rates is not None:
        return False
    header = None
    for key, value in request.scope["headers"]:
        if key == b"authorization":
            if header is not None:
                return False
            header = value
    if header is None:
        return False
    caller = edge.door.verified.allowed(header, request.needs, name)
    if caller is None:
        return False
    request.caller = caller
    return True


async def enter(request: Request) -> None:
    """Find out who sent the request, and whether they may ask so often. Raises Unauthorized, TooManyRequests."""
    door, limits = request.edge.door, request.edge.limits
    try:
        if door is not None and request.method != "OPTIONS" and request.route not in OPEN:
            request.caller = ANONYMOUS
            request.caller = await door.admit(request)
    finally:
        # Of whoever is not let in, it is the address that is counted.
        if limits.rates is not None and request.route not in ALIVE:
            limits.check_rate(request)


async def check(request: Request, name: str | None) -> None:
    """Raise unless the caller may do what the request needs, with the repository ``name`` where its path has one.

    Raises Unauthorized, Denied, and NameInvalid for what is no name. What is told is the same whether there is such a
    repository or not. OPTIONS needs nothing: it tells what stands in the table of routes.
    """
    door = request.edge.door
    if door is None:
        return
    caller = request.caller
    if request.route == ENTRY:
        if caller.kind is not Kind.ANONYMOUS or caller.lists is not None:
            return
    elif request.needs is Action.CATALOG:
        request.caller = caller = await door.for_catalog(request)
        if caller.may(Action.CATALOG):
            return
    elif caller.may_ask(request.needs, name):
        if caller.lists is not None and name is not None:
            _remember(door, request, name)
        return
    if name is not None:
        RepositoryName.parse(name)
    await door.refuse(request, name)


def _remember(door: Door, request: Request, name: str) -> None:
    header = header_of(request.scope["headers"])
    if header is not None:
        door.verified.allow(header, request.needs, name)


def challenge(request: Request, error: Unauthorized) -> Response:
    """The answer to who has to sign in first, with how (RFC 9110, 15.5.2).

    Where a password could be read on the way none is asked for: whoever is asked sends it.
    """
    door = request.edge.door
    if door is None:
        return error_response(error)
    if door.takes_passwords:
        try:
            door.require_safe(request)
        except Denied as denied:
            return error_response(denied)
    response = error_response(error)
    response.headers.append((b"www-authenticate", door.challenge(request, error).encode("ascii")))
    return response
