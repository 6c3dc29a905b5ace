"""What all deletions answer: the plan for a dry run, else what was done."""

from __future__ import annotations

from jettison.http.request import Request
from jettison.http.response import Response, json_response
from jettison.registry import deletion
from jettison.registry.target import Target


async def delete(request: Request, target: Target) -> Response:
    """Plan (``?dry_run=true``: 200) or delete (202), now and for good with ``?purge=true``; the summary as JSON."""
    request.accept_only("dry_run", "purge")
    registry, purge, origin, caller = request.edge.registry, request.flag("purge"), request.origin, request.caller
    if request.flag("dry_run"):
        plan = await request.edge.run(lambda: deletion.plan(registry, target, caller=caller))
        return json_response(200, {**plan.to_json(), "dry_run": True})
    deleted = await request.edge.run(
        lambda: deletion.delete(registry, target, purge=purge, origin=origin, caller=caller)
    )
    return json_response(202, deleted.to_json())
