"""Groups of users."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.accounts import AccountPart, AccountText, Asked, KnownCaller, next_page
from jettison.http.manage.form import AnEdge, AnOrigin, Form, Given, Nothing, Time, answer
from jettison.registry import groups

PATH = "/api/v1/groups"
MOST_MEMBERS = 1000


class NewGroup(Given):
    """A group to be, with its first members."""

    name: AccountText
    members: Annotated[list[AccountText], Field(max_length=MOST_MEMBERS)] = Field(default_factory=list)


class Member(Given):
    """Whom it is about."""

    user: AccountText


class Group(Form):
    """A group with its members."""

    name: AccountText
    members: list[AccountText]
    created_at: Time


class Groups(Form):
    """A page of the groups, by name, and the path of the next page."""

    groups: list[Group]
    next: str | None


async def get_all(edge: AnEdge, caller: KnownCaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs admin. The groups, by name."""
    page = await edge.run(lambda: groups.page(edge.registry, caller, asked.limit, asked.after))
    following = next_page(edge, PATH, asked, page.entries[-1].name) if page.more else None
    return answer({"groups": [group.to_json() for group in page.entries], "next": following})


async def post(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: NewGroup) -> JSONResponse:
    """Needs admin. Add a group; all its first members have to be users."""
    group = await edge.run(lambda: groups.add(edge.registry, caller, origin, wanted.name, *wanted.members))
    return answer(group.to_json(), 201)


async def post_join(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, wanted: Member
) -> JSONResponse:
    """Needs admin. Make a user a member of a group, which it may be already."""
    group = await edge.run(lambda: groups.join(edge.registry, caller, origin, name, wanted.user))
    return answer(group.to_json())


async def post_leave(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, wanted: Member
) -> JSONResponse:
    """Needs admin. End a user's membership."""
    group = await edge.run(lambda: groups.leave(edge.registry, caller, origin, name, wanted.user))
    return answer(group.to_json())


async def post_remove(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, nothing: Nothing
) -> JSONResponse:
    """Needs admin. Remove a group with all that is granted to it."""
    await edge.run(lambda: groups.remove(edge.registry, caller, origin, name))
    return answer({"removed": name})
