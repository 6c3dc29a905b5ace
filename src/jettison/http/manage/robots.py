"""Robots: programs with a token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.accounts import (
    AccountPart,
    AccountText,
    Asked,
    GivenScope,
    KnownCaller,
    ScopeShown,
    next_page,
)
from jettison.http.manage.form import AnEdge, AnOrigin, Form, Given, Nothing, Number, Time, answer
from jettison.registry import robots
from jettison.registry.robots import LONGEST_DAYS, USUAL_DAYS

PATH = "/api/v1/robots"
MOST_SCOPES = 100


class NewRobot(Given):
    """A robot to be, with what it may do."""

    name: AccountText
    scopes: Annotated[list[GivenScope], Field(min_length=1, max_length=MOST_SCOPES)]
    days: Number = Field(
        default=USUAL_DAYS,
        ge=1,
        le=LONGEST_DAYS,
        description="How long its token is good.",
        json_schema_extra={"minimum": 1, "maximum": LONGEST_DAYS},
    )
    expires: bool = Field(default=True, description="If false, it is good until it is revoked, whatever `days` is.")


class Robot(Form):
    """A robot; `expires_at` is null for one that works until it is revoked."""

    name: AccountText
    scopes: list[ScopeShown]
    expires_at: Time | None
    expired: bool
    created_by: str = Field(description="Who made it; empty: a command beside the server.")
    created_at: Time
    last_used: Time | None = Field(description="When it last signed in, to a minute.")


class MadeRobot(Robot):
    """The same with its token, which is told this once."""

    token: str


class Robots(Form):
    """A page of the robots, by name, and the path of the next page."""

    robots: list[Robot]
    next: str | None


async def get_all(edge: AnEdge, caller: KnownCaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs admin. The robots, by name, without their tokens."""
    page = await edge.run(lambda: robots.page(edge.registry, caller, asked.limit, asked.after))
    following = next_page(edge, PATH, asked, page.entries[-1].name) if page.more else None
    return answer({"robots": [robot.to_json() for robot in page.entries], "next": following})


async def post(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: NewRobot) -> JSONResponse:
    """Needs admin. Make a robot; the answer has its token, which is never told again."""
    scopes = [each.scope() for each in wanted.scopes]
    days = wanted.days if wanted.expires else None
    robot, token = await edge.run(lambda: robots.create(edge.registry, caller, origin, wanted.name, scopes, days))
    headers = {"Location": edge.url(f"{PATH}/{robot.name}").decode(), "Cache-Control": "no-store"}
    return answer({**robot.to_json(), "token": token}, 201, headers)


async def get(edge: AnEdge, caller: KnownCaller, name: AccountPart) -> JSONResponse:
    """Needs admin. One robot, without its token."""
    return answer((await edge.run(lambda: robots.find(edge.registry, caller, name))).to_json())


async def post_revoke(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, nothing: Nothing
) -> JSONResponse:
    """Needs admin. Remove a robot: its token is good for nothing any more."""
    await edge.run(lambda: robots.revoke(edge.registry, caller, origin, name))
    return answer({"removed": name})
