"""Trash: what was deleted and can still be had back; restored, or gone for good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.request import BadRequest
from jettison.http.response import Response
from jettison.metadata.deletions import Entry
from jettison.registry import journal, restore
from jettison.registry.journal import NEWEST

A_PAGE: Final = 50
STATES: Final = ("deleted", "restored", "purged", "expired")
MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion of the journal with its plan, as a page shows it."""

    entry: Entry
    plan: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> Deleted:
        """The journal's entry, its plan read."""
        return cls(entry, json.loads(entry.summary))

    @property
    def title(self) -> str:
        """What it took, in words."""
        if self.plan["kind"] != "many":
            return str(self.plan["target"])
        first, *others = self.plan["targets"]
        return f"{first} and {len(others):,} more"

    @property
    def parts(self) -> list[dict[str, Any]]:
        """What it took, by repository. Of a whole one the plan lists nothing."""
        parts = self.plan["repositories"] if self.plan["kind"] == "many" else [self.plan]
        return [{"goes": [], "stays": [], **part} for part in parts]


async def get_all(visit: Visit) -> Response:
    """Needs delete. The deletions that can be undone; or those that were, or are over."""
    state = visit.fields.one("state") or "deleted"
    if state not in STATES:
        raise BadRequest(f"a deletion is one of {', '.join(STATES)}")
    edge, caller = visit.request.edge, visit.request.caller
    before = visit.fields.number("before", NEWEST, NEWEST)
    found = await edge.run(lambda: journal.page(edge.registry, A_PAGE, before, state, caller=caller))
    deleted = [Deleted.of(entry) for entry in found.entries]
    return page(visit, "trash.html", deleted=deleted, state=state, states=STATES, more=found.more)


async def get(visit: Visit) -> Response:
    """Needs delete. One deletion: what it took, and how to have it back."""
    return await _shown(visit)


async def post_restore(visit: Visit) -> Response:
    """Needs delete. Undo it; tags that were pushed since stay as they are, and are named."""
    await visit.sent()
    request, id = visit.request, _id(visit)
    registry, origin, caller = request.edge.registry, request.origin, request.caller
    restored = await request.edge.run(lambda: restore.restore(registry, id, origin, caller))
    if restored.left:
        return await _shown(visit, left=restored.left)
    return visit.redirect(f"/console/trash/{id}")


async def post_purge(visit: Visit) -> Response:
    """Needs delete. Make it final."""
    await visit.sent()
    request, id = visit.request, _id(visit)
    registry, origin, caller = request.edge.registry, request.origin, request.caller
    await request.edge.run(lambda: restore.purge(registry, id, caller, origin))
    return visit.redirect(f"/console/trash/{id}")


async def _shown(visit: Visit, left: tuple[restore.Left, ...] = ()) -> Response:
    edge, caller, id = visit.request.edge, visit.request.caller, _id(visit)
    entry = await edge.read(lambda: restore.find(edge.registry, id, caller))
    return page(visit, "deletion.html", deleted=Deleted.of(entry), left=left, most=MOST_SHOWN)


def _id(visit: Visit) -> int:
    return int(visit.request.parts["id"])
