"""Tags: their list. They are pushed and deleted as manifests are."""

from __future__ import annotations

from jettison.http.request import Request
from jettison.http.response import Response, json_response
from jettison.http.v2.paging import link, page_size
from jettison.registry.listing import tag_names

MOST = 100_000


async def get(request: Request) -> Response:
    """Needs pull. OCI 1.1, "Listing Tags": in the order of bytes, after ``last``, ``n`` at a time."""
    name = request.name
    limit = page_size(request, MOST, request.edge.registry.rules.list_limit)
    last = request.argument("last") or ""
    page = await request.edge.read(lambda: tag_names(request.edge.registry, name, last, limit))
    headers = link(request, f"/v2/{name}/tags/list", page.entries[-1], limit) if page.more and page.entries else []
    return json_response(200, {"name": str(name), "tags": page.entries}, headers)
