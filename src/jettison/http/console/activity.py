"""Activity: the audit log, who did what."""

from __future__ import annotations

import json
from typing import Final

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.request import BadRequest
from jettison.http.response import Response
from jettison.metadata.audit import Filter
from jettison.oci.reference import RepositoryName
from jettison.registry import audit
from jettison.registry.audit import NEWEST, Deed

A_PAGE: Final = 50


async def get(visit: Visit) -> Response:
    """Needs admin. The log, the newest line first; by whom, what, and of which repository."""
    edge, fields = visit.request.edge, visit.fields
    who, action, repository = fields.one("who"), fields.one("action"), fields.one("repository")
    if action and action not in {deed.value for deed in Deed}:
        raise BadRequest("there is no such action")
    only = Filter(
        who=who[:255] or None,
        action=action or None,
        repository=RepositoryName.parse(repository).value if repository else None,
    )
    before = fields.number("before", NEWEST, NEWEST)
    found = await edge.run(lambda: audit.page(edge.registry, A_PAGE, before, only))
    return page(
        visit,
        "activity.html",
        lines=[(entry, json.loads(entry.detail or "{}").get("reason", "")) for entry in found.entries],
        more=found.more,
        who=who,
        action=action,
        repository=repository,
        deeds=[deed.value for deed in Deed],
        filtered=bool(who or action or repository),
    )
