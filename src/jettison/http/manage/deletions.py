"""Deletions: planned and done, many targets as one; their journal; undone, or made final."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Path, Query
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from jettison.http.manage.form import (
    LARGEST_ID,
    ACaller,
    AnEdge,
    AnOrigin,
    Form,
    Given,
    NameText,
    Nothing,
    Number,
    Time,
    answer,
)
from jettison.http.manage.plans import AnyPlan, Bytes
from jettison.http.manage.targets import Wanted
from jettison.metadata.deletions import Entry
from jettison.oci.reference import RepositoryName
from jettison.registry import deletion, journal, restore
from jettison.registry.restore import entry_json

PATH = "/api/v1/deletions"
MOST_A_PAGE = 1000

DeletionId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Its number in the journal.", examples=[1])]
State = Literal["deleted", "restored", "expired", "purged"]


class Asked(Given):
    """Which page of the journal, of which deletions."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="How many at most.")] = 100
    before: Annotated[int, Field(ge=1, le=LARGEST_ID, description="Only those with a smaller number.")] = LARGEST_ID
    state: State | None = Field(default=None, description="Only those in this state; `deleted` can be undone.")
    repository: NameText | None = Field(default=None, description="Only those that took something of it.")


class _Entry(Form):
    deletion: Number = Field(description="Its number in the journal.")
    kind: Literal["repository", "tag", "manifest", "blob", "many"]
    state: State
    repository: str = Field(description="The repository, or a list of them with commas between.")
    actor: str = Field(description="Who asked for it.")
    reason: str
    deleted_at: Time
    undo_until: Time | None
    ended_at: Time | None = Field(description="When it was restored, purged, or expired.")


class Listed(_Entry):
    """A deletion as the journal lists it, with the numbers of its plan."""

    tags: Number
    versions: Number
    bytes: Bytes


class Journal(Form):
    """A page of the journal, the newest deletion first, and the path of the next page."""

    deletions: list[Listed]
    next: str | None


class Whole(_Entry):
    """A deletion with its plan as it was carried out."""

    plan: AnyPlan


class Kept(Form):
    """A tag that was not restored: it was pushed again, and points at `now`."""

    repository: NameText
    tag: str
    now: str
    deleted: str


class Restored(Form):
    """What came back."""

    deletion: Number
    tags: Number
    versions: Number
    left: list[Kept]


async def get_all(edge: AnEdge, caller: ACaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs delete. The journal of deletions, the newest first."""
    repository = RepositoryName.parse(asked.repository) if asked.repository is not None else None
    page = await edge.run(
        lambda: journal.page(edge.registry, asked.limit, asked.before, asked.state, repository, caller)
    )
    following = None
    if page.more:
        query = {**asked.model_dump(exclude_none=True), "before": page.entries[-1].id}
        following = edge.url(f"{PATH}?{urlencode(query)}").decode()
    return answer({"deletions": [_listed(entry) for entry in page.entries], "next": following})


def _listed(entry: Entry) -> dict[str, Any]:
    whole: dict[str, Any] = entry_json(entry)
    plan = whole.pop("plan")
    return {**whole, **{key: plan[key] for key in ("tags", "versions", "bytes")}}


async def post(edge: AnEdge, origin: AnOrigin, caller: ACaller, wanted: Wanted) -> JSONResponse:
    """Needs delete. Delete targets as one, or with `dry_run` only plan; all of it is done, or nothing."""
    targets, choice, shown = wanted.named(), wanted.choice(), wanted.shown()
    if wanted.dry_run:
        plan = await edge.run(lambda: deletion.plan(edge.registry, *targets, choice=choice, caller=caller))
        if shown is not None:
            shown.compare(plan)
        return answer({**plan.to_json(), "plan_id": plan.id, "dry_run": True})
    deleted = await edge.run(
        lambda: deletion.delete(
            edge.registry,
            *targets,
            choice=choice,
            expected=shown,
            purge=wanted.purge,
            reason=wanted.reason,
            origin=origin,
            caller=caller,
        )
    )
    return answer(deleted.to_json(), 201, {"Location": edge.url(f"{PATH}/{deleted.id}").decode()})


async def get(edge: AnEdge, caller: ACaller, id: DeletionId) -> JSONResponse:
    """Needs delete. One deletion, with its plan."""
    return answer(entry_json(await edge.read(lambda: restore.find(edge.registry, id, caller))))


async def post_restore(
    edge: AnEdge, origin: AnOrigin, caller: ACaller, id: DeletionId, nothing: Nothing
) -> JSONResponse:
    """Needs delete. Undo it: what it took is there again, except tags that were pushed since, which it names."""
    return answer((await edge.run(lambda: restore.restore(edge.registry, id, origin, caller))).to_json())


async def post_purge(edge: AnEdge, origin: AnOrigin, caller: ACaller, id: DeletionId, nothing: Nothing) -> JSONResponse:
    """Needs delete. Make it final: its space comes back with the next sweeps, and not at the end of its time."""
    return answer(entry_json(await edge.run(lambda: restore.purge(edge.registry, id, caller, origin))))
