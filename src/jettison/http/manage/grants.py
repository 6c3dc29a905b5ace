"""Grants: who may do what with which repositories."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage import accounts
from jettison.http.manage.accounts import TO, GivenScope, HolderText, KnownCaller, ScopeShown, SomeActions
from jettison.http.manage.form import AnEdge, AnOrigin, Form, Given, PatternText, Time, answer
from jettison.registry import grants
from jettison.registry.scope import Scope

PATH = "/api/v1/grants"


class Asked(accounts.Asked):
    """Which page of which grants."""

    to: HolderText | None = Field(default=None, description=f"Only those to it. {TO}")


class NewGrant(GivenScope):
    """A grant to be; what is granted to them by the same pattern stays."""

    to: HolderText = Field(description=TO)


class Taken(Given):
    """What to take away: these actions, or all, of what is granted by exactly this pattern."""

    to: HolderText = Field(description=TO)
    pattern: PatternText
    actions: SomeActions | None = None


class Granted(ScopeShown):
    """A grant."""

    to: HolderText = Field(description=TO)
    created_at: Time


class Grants(Form):
    """A page of everybody's grants, then those of groups, then those of accounts, each by name and pattern."""

    grants: list[Granted]
    next: str | None


class Left(Form):
    """What is still granted to them by that pattern."""

    left: Granted | None


async def get_all(edge: AnEdge, caller: KnownCaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs admin. The grants, or those to somebody."""
    page = await edge.run(lambda: grants.page(edge.registry, caller, asked.limit, asked.after, asked.to))
    following = accounts.next_page(edge, PATH, asked, page.entries[-1].place) if page.more else None
    return answer({"grants": [granted.to_json() for granted in page.entries], "next": following})


async def post(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: NewGrant) -> JSONResponse:
    """Needs admin. Grant something, beside what is granted; the answer has all that is by that pattern."""
    scope = wanted.scope()
    return answer((await edge.run(lambda: grants.give(edge.registry, caller, origin, wanted.to, scope))).to_json(), 201)


async def post_revoke(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: Taken) -> JSONResponse:
    """Needs admin. Take away what is granted by exactly that pattern, or some of its actions."""
    actions = Scope.of(wanted.pattern, wanted.actions).actions if wanted.actions is not None else None
    left = await edge.run(lambda: grants.take(edge.registry, caller, origin, wanted.to, wanted.pattern, actions))
    return answer({"left": left.to_json() if left is not None else None})
