"""Repositories: the catalog, and the deletion of a whole one."""

from __future__ import annotations

from jettison.http.request import Request
from jettison.http.response import Response, json_response
from jettison.http.v2.deleting import delete
from jettison.http.v2.paging import link, page_size
from jettison.oci.reference import RepositoryName
from jettison.registry.listing import catalog
from jettison.registry.target import Target


async def get_catalog(request: Request) -> Response:
    """Needs the catalog. CNCF distribution's ``_catalog``, with ``n`` and ``last``."""
    most = request.edge.registry.rules.catalog_limit
    limit = page_size(request, most, most)
    last = request.argument("last") or ""
    registry, caller = request.edge.registry, request.caller
    # To choose among many names takes longer than to read a page of them.
    read = request.edge.read if caller.lists_all else request.edge.run
    page = await read(lambda: catalog(registry, last, limit, caller))
    headers = link(request, "/v2/_catalog", page.entries[-1], limit) if page.more and page.entries else []
    return json_response(200, {"repositories": page.entries}, headers)


async def remove(request: Request) -> Response:
    """Needs delete. The whole repository: the next catalog does not list it."""
    return await delete(request, Target(RepositoryName.parse(request.parts["name"])))
