"""Oneself: who one is here, and one's own password."""

from __future__ import annotations

from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.edge import Edge
from jettison.http.manage.accounts import AccountText, KnownCaller, PasswordText, ScopeShown
from jettison.http.manage.form import ACaller, AnEdge, AnOrigin, Form, Given, Time, answer
from jettison.registry import robots, users
from jettison.registry.access import GRANTED, Action, Caller, Kind
from jettison.registry.scope import EVERYTHING
from jettison.registry.times import rfc3339

PATH = "/api/v1/me"


class ChangedPassword(Given):
    """Another password, and the one of now."""

    current: str = Field(json_schema_extra={"format": "password", "writeOnly": True})
    password: PasswordText


class Me(Form):
    """Who asks, and what they may do, by this request. `everyone`: nobody has to sign in here."""

    kind: Literal["everyone", "anonymous", "user", "robot", "outside"]
    name: str = Field(description="Empty for who has not signed in.")
    admin: bool = Field(description="Whether they administer the whole registry.")
    grants: list[ScopeShown]
    groups: list[AccountText]
    expires_at: Time | None = Field(description="Of a robot.")


class Changed(Form):
    """It is done; who was signed in as oneself is not any more."""

    changed: bool


async def get(edge: AnEdge, caller: ACaller) -> JSONResponse:
    """Needs nothing. Who one is, and what one may do here."""
    known = await edge.run(lambda: _known(edge, caller))
    return answer(
        {
            "kind": caller.kind.value,
            "name": caller.name,
            "admin": caller.may(Action.ADMIN),
            "grants": [
                {
                    "pattern": EVERYTHING if grant.pattern is None else str(grant.pattern),
                    "actions": [action.value for action in GRANTED if action in grant.actions],
                }
                for grant in caller.grants
            ],
            **known,
        }
    )


def _known(edge: Edge, caller: Caller) -> dict[str, Any]:
    known: dict[str, Any] = {"groups": [], "expires_at": None}
    if caller.kind is Kind.USER:
        known["groups"] = list(users.find(edge.registry, caller, caller.name).groups)
    elif caller.kind is Kind.ROBOT:
        known["expires_at"] = rfc3339(robots.find(edge.registry, caller, caller.name).expires_at)
    return known


async def post_password(edge: AnEdge, origin: AnOrigin, caller: KnownCaller, wanted: ChangedPassword) -> JSONResponse:
    """Needs nothing. Change one's own password, which a user does with the current one, and sign out everywhere."""
    await edge.run(lambda: users.change_own_password(edge.registry, caller, origin, wanted.current, wanted.password))
    return answer({"changed": True})
