"""Groups of users."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.accounts import AccountPart, AccountText, KnownCaller
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
    """All groups, by name."""

    groups: list[Group]


async def get_all(edge: AnEdge, caller: KnownCaller) -> JSONResponse:
    """Needs admin. All groups."""
    found = await edge.run(lambda: groups.everyone(edge.registry, caller))
    return answer({"groups": [group.to_json() for group in found]})


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
