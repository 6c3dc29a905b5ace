"""The sweep: what it gave back, what waits, and having one now."""

from __future__ import annotations

from dataclasses import asdict

from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.form import ACaller, AnEdge, AnOrigin, Form, Nothing, Number, Time, answer
from jettison.registry import sweeps

RUNS = 20


class Swept(Form):
    """What a sweep dropped: rows by their kind, and files with their bytes."""

    deletions: Number
    links: Number
    blobs: Number
    uploads: Number
    files: Number
    bytes: Number


class Run(Swept):
    """A sweep that is over."""

    started_at: Time
    ended_at: Time


class Freed(Form):
    """What the remembered sweeps gave back."""

    files: Number
    bytes: Number


class Undo(Form):
    """Deletions that can be undone, and when the first of them no longer can."""

    deletions: Number
    next: Time | None


class Leases(Form):
    """Blobs of repositories that no manifest needs, and when the first is let go of."""

    links: Number
    next: Time | None


class Grace(Form):
    """Files that nothing needs, and when the first is deleted."""

    files: Number
    bytes: Number
    next: Time | None


class Pending(Form):
    """What waits for its time."""

    undo: Undo
    leases: Leases
    grace: Grace


class Status(Form):
    """Whether a sweep is running, when one finds something again, and the last that did."""

    running: bool
    next: Time | None = Field(description="When the first of what waits has its time.")
    freed: Freed
    pending: Pending
    runs: list[Run]


class Running(Form):
    """Another sweep is at it."""

    running: bool
    message: str


async def get(edge: AnEdge) -> JSONResponse:
    """Needs admin. The last sweeps, what they freed, and what waits."""
    return answer((await edge.run(lambda: sweeps.status(edge.registry, RUNS))).to_json())


async def post(edge: AnEdge, origin: AnOrigin, caller: ACaller, nothing: Nothing) -> JSONResponse:
    """Needs admin. Sweep now, and answer what that dropped; or that another sweep is at it."""
    swept = await edge.run(lambda: sweeps.sweep_for(edge.registry, origin, caller))
    if swept is None:
        return answer({"running": True, "message": "a sweep is running already: GET /api/v1/sweep tells of it"}, 202)
    return answer(asdict(swept))
