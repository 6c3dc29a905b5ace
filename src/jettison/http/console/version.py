"""One version: platforms, layers, history, labels, what belongs to it, and its manifest as it was pushed."""

from __future__ import annotations

from typing import Final

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.response import Response
from jettison.registry import version
from jettison.registry.access import Action

MOST_TEXT: Final = 20_000
"""Characters of a manifest that the page shows; all of it has an address of its own."""

MOST_LAYERS: Final = 130
RAW: Final = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
]


async def get(visit: Visit) -> Response:
    """Needs pull. The version; with `raw`, its manifest alone, as text."""
    request = visit.request
    edge, name, digest, caller = request.edge, request.name, request.digest, request.caller
    found = await edge.run(lambda: version.version(edge.registry, name, digest, caller))
    if visit.fields.one("raw"):
        return Response(200, list(RAW), found.manifest.encode("utf-8", "backslashreplace"))
    tags = found.version.tags
    return page(
        visit,
        "version.html",
        found=found,
        name=name.value,
        reference=f"{name}:{tags[0].name}" if tags else f"{name}@{digest}",
        text=found.manifest[:MOST_TEXT],
        cut=len(found.manifest) > MOST_TEXT,
        most=MOST_LAYERS,
        may_delete_here=caller.may(Action.DELETE, name.value),
    )
