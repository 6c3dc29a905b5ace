"""Why something is still there: what holds a digest, and when it goes."""

from __future__ import annotations

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.response import Response
from jettison.registry import version


async def get(visit: Visit) -> Response:
    """Needs the catalog. What holds the digest, as far as the visitor may see."""
    request = visit.request
    edge, digest, caller = request.edge, request.digest, request.caller
    found = await edge.run(lambda: version.why_here(edge.registry, digest, caller))
    return page(visit, "why.html", found=found)
