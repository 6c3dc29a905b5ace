"""The routes of the API in one table: method, path, handler, what its sender must be allowed, what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from jettison.http.manage import (
    audit,
    deletions,
    disk,
    grants,
    groups,
    me,
    plans,
    repositories,
    robots,
    setup,
    sweep,
    usage,
    users,
    version,
    versions,
    why,
)
from jettison.registry.access import Action

Handler = Callable[..., Awaitable[JSONResponse]]

REFUSALS = {
    400: "The request cannot be understood; the message says why.",
    401: "Nobody has signed in, or with what is wrong.",
    403: "Who asks may not do it, or a page of another origin sent it.",
    404: "Something that it names is not there, or a filter matches nothing.",
    405: "Deletion is off.",
    409: "It does not fit what there is now; the message says how.",
    413: "The body is too large.",
    415: "The Content-Type is not application/json.",
    429: "Too many requests, or too many wrong passwords; Retry-After says how long to wait.",
    503: "The registry cannot do it now, but may in a moment.",
}
READING = (400, 401, 403, 429, 503)
WRITING = (400, 401, 403, 413, 415, 429, 503)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path; ``answers`` by status, with what their bodies are.

    What has a ``secret`` in it, a password or a new token, is not taken where somebody on the way could read it.
    """

    method: str
    path: str
    handler: Handler
    needs: Action
    answers: Mapping[int, Any]
    refusals: tuple[int, ...]
    secret: bool = False

    @property
    def name(self) -> str:
        """What the description calls it: `deletions_post_restore`."""
        return f"{self.handler.__module__.rpartition('.')[2]}_{self.handler.__name__}"


ROUTES = (
    Route(
        "GET",
        repositories.PATH,
        repositories.get_all,
        Action.CATALOG,
        {200: repositories.Repositories},
        READING,
    ),
    *(
        Route("GET", f"{path}/{{repository:path}}", handler, Action.PULL, {200: answer}, (*READING, 404))
        for path, handler, answer in (
            (repositories.PATH, repositories.get, repositories.Repository),
            (versions.PATH, versions.get_all, versions.Versions),
            (version.PATH, version.get, version.Version),
        )
    ),
    Route("GET", disk.PATH, disk.get, Action.ADMIN, {200: disk.Disk}, READING),
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
    Route("GET", audit.PATH, audit.get_all, Action.ADMIN, {200: audit.Log}, READING),
    Route("GET", f"{why.PATH}/{{digest}}", why.get, Action.ADMIN, {200: why.Why}, READING),
    Route("GET", me.PATH, me.get, Action.NOTHING, {200: me.Me}, (*READING, 404)),
    Route(
        "POST",
        f"{me.PATH}/password",
        me.post_password,
        Action.NOTHING,
        {200: me.Changed},
        (*WRITING, 404),
        secret=True,
    ),
    Route("POST", setup.PATH, setup.post, Action.NOTHING, {201: users.User}, (*WRITING, 409), secret=True),
    Route("GET", users.PATH, users.get_all, Action.ADMIN, {200: users.Users}, READING),
    Route("POST", users.PATH, users.post, Action.ADMIN, {201: users.User}, (*WRITING, 409), secret=True),
    Route("GET", f"{users.PATH}/{{name}}", users.get, Action.ADMIN, {200: users.User}, (*READING, 404)),
    *(
        Route(
            "POST",
            f"{users.PATH}/{{name}}/{verb}",
            handler,
            Action.ADMIN,
            {200: answer},
            (*WRITING, 404, 409),
            secret=verb == "password",
        )
        for verb, handler, answer in (
            ("password", users.post_password, users.User),
            ("disable", users.post_disable, users.User),
            ("enable", users.post_enable, users.User),
            ("remove", users.post_remove, users.Removed),
        )
    ),
    Route("GET", robots.PATH, robots.get_all, Action.ADMIN, {200: robots.Robots}, READING),
    Route("POST", robots.PATH, robots.post, Action.ADMIN, {201: robots.MadeRobot}, (*WRITING, 409), secret=True),
    Route("GET", f"{robots.PATH}/{{name}}", robots.get, Action.ADMIN, {200: robots.Robot}, (*READING, 404)),
    Route(
        "POST",
        f"{robots.PATH}/{{name}}/revoke",
        robots.post_revoke,
        Action.ADMIN,
        {200: users.Removed},
        (*WRITING, 404),
    ),
    Route("GET", groups.PATH, groups.get_all, Action.ADMIN, {200: groups.Groups}, READING),
    Route("POST", groups.PATH, groups.post, Action.ADMIN, {201: groups.Group}, (*WRITING, 404, 409)),
    *(
        Route("POST", f"{groups.PATH}/{{name}}/{verb}", handler, Action.ADMIN, {200: answer}, (*WRITING, 404, 409))
        for verb, handler, answer in (
            ("join", groups.post_join, groups.Group),
            ("leave", groups.post_leave, groups.Group),
            ("remove", groups.post_remove, users.Removed),
        )
    ),
    Route("GET", grants.PATH, grants.get_all, Action.ADMIN, {200: grants.Grants}, (*READING, 404)),
    Route("POST", grants.PATH, grants.post, Action.ADMIN, {201: grants.Granted}, (*WRITING, 404)),
    Route(
        "POST",
        f"{grants.PATH}/revoke",
        grants.post_revoke,
        Action.ADMIN,
        {200: grants.Left},
        (*WRITING, 404, 409),
    ),
)
