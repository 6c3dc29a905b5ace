"""The roots: of the API, of the address itself, and whether the registry is well."""

from __future__ import annotations

import asyncio

from jettison.http.request import Request
from jettison.http.response import Response, json_response
from jettison.oci.errors import Unavailable
from jettison.registry.listing import is_alive

HEALTH_SECONDS = 3.0
"""Whoever asks after our health has little patience."""

WELCOME = b"""Jettison, a container image registry on which deletion works.

GET    /v2/_catalog                    its repositories
GET    /v2/<name>/tags/list            tags of one
DELETE /v2/<name>?dry_run=true         what would go
DELETE /v2/<name>                      that repository
DELETE /v2/<name>/manifests/<tag>      that tag
"""


async def get(request: Request) -> Response:
    """Needs nothing. OCI 1.1, "Determining Support"."""
    return json_response(200, {})


async def health(request: Request) -> Response:
    """Needs nothing. 200 while the database can be read and written, else 503."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            await request.edge.run(lambda: is_alive(request.edge.registry))
    except TimeoutError:
        raise Unavailable(f"the database has not answered for {HEALTH_SECONDS:g} seconds") from None
    return json_response(200, {"status": "ok"})


async def welcome(request: Request) -> Response:
    """Needs nothing. For people who ask for the address by something that is no browser, which gets the console."""
    return Response(200, [(b"content-type", b"text/plain; charset=utf-8"), (b"vary", b"Accept")], WELCOME)
