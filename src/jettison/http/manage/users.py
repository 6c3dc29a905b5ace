"""Users: people with a password."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.accounts import AccountPart, AccountText, Asked, KnownCaller, PasswordText, next_page
from jettison.http.manage.form import AnEdge, AnOrigin, Form, Given, Nothing, Time, answer
from jettison.registry import users

PATH = "/api/v1/users"


class NewUser(Given):
    """A user to be."""

    name: AccountText
    password: PasswordText
    admin: bool = Field(default=False, description="Whether it may do everything here.")


class NewPassword(Given):
    """Another password."""

    password: PasswordText


class User(Form):
    """A user. `admin`: it administers the whole registry, by a grant to it or to one of its groups."""

    name: AccountText
    admin: bool
    disabled: bool
    groups: list[AccountText]
    created_by: str = Field(description="Who made it; empty: a command beside the server.")
    created_at: Time
    last_used: Time | None = Field(description="When it last signed in, to a minute.")


class Users(Form):
    """A page of the users, by name, and the path of the next page."""

    users: list[User]
    next: str | None


class Removed(Form):
    """What is gone."""

    removed: AccountText


async def get_all(edge: AnEdge, caller: KnownCaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs admin. The users, by name."""
    page = await edge.run(lambda: users.page(edge.registry, caller, asked.limit, asked.after))
    following = next_page(edge, PATH, asked, page.entries[-1].name) if page.more else None
    return answer({"users": [user.to_json() for user in page.entries], "next": following})


async def post(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: NewUser) -> JSONResponse:
    """Needs admin. Add a user, to whom nothing is granted yet, unless it is to administer the registry."""
    add = partial(users.add, edge.registry, caller, origin, wanted.name, wanted.password, admin=wanted.admin)
    user = await edge.run(add)
    return answer(user.to_json(), 201, {"Location": edge.url(f"{PATH}/{user.name}").decode()})


async def get(edge: AnEdge, caller: KnownCaller, name: AccountPart) -> JSONResponse:
    """Needs admin. One user."""
    return answer((await edge.run(lambda: users.find(edge.registry, caller, name))).to_json())


async def post_password(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, wanted: NewPassword
) -> JSONResponse:
    """Needs admin. Give a user another password, and sign it out everywhere."""
    await edge.run(lambda: users.set_password(edge.registry, caller, origin, name, wanted.password))
    return answer((await edge.run(lambda: users.find(edge.registry, caller, name))).to_json())


async def post_disable(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, nothing: Nothing
) -> JSONResponse:
    """Needs admin. Keep a user out at once, whose grants stay."""
    disable = partial(users.set_disabled, edge.registry, caller, origin, name, disabled=True)
    return answer((await edge.run(disable)).to_json())


async def post_enable(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, nothing: Nothing
) -> JSONResponse:
    """Needs admin. Let a disabled user in again."""
    enable = partial(users.set_disabled, edge.registry, caller, origin, name, disabled=False)
    return answer((await edge.run(enable)).to_json())


async def post_remove(
    edge: AnEdge, origin: AnOrigin, caller: KnownCaller, name: AccountPart, nothing: Nothing
) -> JSONResponse:
    """Needs admin. Remove a user with all that is granted to it."""
    await edge.run(lambda: users.remove(edge.registry, caller, origin, name))
    return answer({"removed": name})
