"""The routes of the API in one table: method, path, handler, what its sender must be allowed, what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from jettison.http.manage import deletions, plans, sweep, usage, why
from jettison.registry.access import Action

Handler = Callable[..., Awaitable[JSONResponse]]

REFUSALS = {
    400: "The request cannot be understood; the message says why.",
    403: "A page of another origin sent it.",
    404: "Something that it names is not there, or a filter matches nothing.",
    405: "Deletion is off.",
    409: "It does not fit what there is now; the message says how.",
    413: "The body is too large.",
    415: "The Content-Type is not application/json.",
    503: "The registry cannot do it now, but may in a moment.",
}
READING = (400, 503)
WRITING = (400, 403, 413, 415, 503)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path; ``answers`` by status, with what their bodies are."""

    method: str
    path: str
    handler: Handler
    needs: Action
    answers: Mapping[int, Any]
    refusals: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the description calls it: `deletions_post_restore`."""
        return f"{self.handler.__module__.rpartition('.')[2]}_{self.handler.__name__}"


ROUTES = (
    Route("GET", deletions.PATH, deletions.get_all, Action.DELETE, {200: deletions.Journal}, READING),
    Route(
        "POST",
        deletions.PATH,
        deletions.post,
        Action.DELETE,
        {200: plans.AnyShown, 201: plans.AnyDone},
        (*WRITING, 404, 405, 409),
    ),
    Route("GET", f"{deletions.PATH}/{{id}}", deletions.get, Action.DELETE, {200: deletions.Whole}, (*READING, 404)),
    Route(
        "POST",
        f"{deletions.PATH}/{{id}}/restore",
        deletions.post_restore,
        Action.DELETE,
        {200: deletions.Restored},
        (*WRITING, 404, 409),
    ),
    Route(
        "POST",
        f"{deletions.PATH}/{{id}}/purge",
        deletions.post_purge,
        Action.DELETE,
        {200: deletions.Whole},
        (*WRITING, 404, 405, 409),
    ),
    Route("GET", "/api/v1/sweep", sweep.get, Action.ADMIN, {200: sweep.Status}, READING),
    Route("POST", "/api/v1/sweep", sweep.post, Action.ADMIN, {200: sweep.Swept, 202: sweep.Running}, WRITING),
    Route("GET", usage.PATH, usage.get_all, Action.ADMIN, {200: usage.Usage}, READING),
    Route(
        "GET",
        f"{usage.PATH}/{{repository:path}}",
        usage.get,
        Action.PULL,
        {200: usage.RepositoryUsage},
        (*READING, 404),
    ),
    Route("GET", f"{why.PATH}/{{digest}}", why.get, Action.ADMIN, {200: why.Why}, READING),
)
