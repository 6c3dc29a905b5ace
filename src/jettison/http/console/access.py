"""Access: users, robots, groups and what is granted to whom, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from jettison.http.console.form import Fields
from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.errors import error_response
from jettison.http.request import BadRequest
from jettison.http.response import Response
from jettison.oci.errors import Denied, RegistryError
from jettison.registry import grants, groups, robots, users
from jettison.registry.access import Caller, Kind
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.robots import LONGEST_DAYS
from jettison.registry.scope import Scope

A_PAGE: Final = 50

Deed: TypeAlias = Callable[[Registry, Caller, Origin, Fields], str]
"""Does what a form asks for; a token that is shown this once, or nothing."""


async def get(visit: Visit) -> Response:
    """Needs admin. Who may do what."""
    _require_somebody(visit)
    return await _shown(visit)


async def post(visit: Visit) -> Response:
    """Needs admin. Do what one of the forms asks for."""
    _require_somebody(visit)
    fields = await visit.sent()
    request = visit.request
    registry, caller, origin = request.edge.registry, request.caller, request.origin
    deed = DEEDS.get(fields.one("do"))
    if deed is None:
        raise BadRequest("the form does not say what to do")
    try:
        token = await request.edge.run(lambda: deed(registry, caller, origin, fields))
    except RegistryError as error:
        return await _shown(visit, message=error.message, status=error_response(error).status)
    if token:
        return await _shown(visit, token=token, name=fields.one("name"))
    return visit.redirect("/console/access")


def _require_somebody(visit: Visit) -> None:
    """Raise Denied where nobody signs in: whoever comes by must not make accounts for the day when one does."""
    if visit.request.caller.kind is Kind.EVERYONE:
        raise Denied(
            "nobody has to sign in here (auth), so there is nothing to administer: `jettison user` beside the server"
            " makes accounts, for when auth.jettison is on"
        )


async def _shown(visit: Visit, *, message: str = "", token: str = "", name: str = "", status: int = 200) -> Response:
    edge, caller = visit.request.edge, visit.request.caller
    registry, fields = edge.registry, visit.fields
    after = {each: fields.one(each) for each in ("users", "robots", "groups", "grants")}
    people, programs, teams, given = await edge.run(
        lambda: (
            users.page(registry, caller, A_PAGE, after["users"]),
            robots.page(registry, caller, A_PAGE, after["robots"]),
            groups.page(registry, caller, A_PAGE, after["groups"]),
            grants.page(registry, caller, A_PAGE, after["grants"]),
        )
    )
    return page(
        visit,
        "access.html",
        status,
        users=people.entries,
        robots=programs.entries,
        groups=teams.entries,
        grants=given.entries,
        after=after,
        following={
            "users": people.entries[-1].name if people.more else "",
            "robots": programs.entries[-1].name if programs.more else "",
            "groups": teams.entries[-1].name if teams.more else "",
            "grants": given.entries[-1].place if given.more else "",
        },
        message=message,
        token=token,
        name=name,
    )


def _add_user(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    password = (fields.all("password") or [""])[0]
    users.add(registry, caller, origin, fields.one("name"), password, admin=bool(fields.one("admin")))
    return ""


def _user_password(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    password = (fields.all("password") or [""])[0]
    users.set_password(registry, caller, origin, fields.one("name"), password)
    return ""


def _disable_user(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    users.set_disabled(registry, caller, origin, fields.one("name"), disabled=True)
    return ""


def _enable_user(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    users.set_disabled(registry, caller, origin, fields.one("name"), disabled=False)
    return ""


def _remove_user(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    users.remove(registry, caller, origin, fields.one("name"))
    return ""


def _add_robot(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    scopes = [Scope.parse(text) for text in fields.one("scope").split()]
    days = fields.number("days", 0, LONGEST_DAYS) or None
    _, token = robots.create(registry, caller, origin, fields.one("name"), scopes, days)
    return token


def _revoke_robot(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    robots.revoke(registry, caller, origin, fields.one("name"))
    return ""


def _add_group(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    groups.add(registry, caller, origin, fields.one("name"), *fields.one("members").replace(",", " ").split())
    return ""


def _remove_group(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    groups.remove(registry, caller, origin, fields.one("name"))
    return ""


def _join(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    groups.join(registry, caller, origin, fields.one("name"), fields.one("user"))
    return ""


def _leave(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    groups.leave(registry, caller, origin, fields.one("name"), fields.one("user"))
    return ""


def _grant(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    grants.give(registry, caller, origin, fields.one("to"), Scope.parse(fields.one("scope")))
    return ""


def _take(registry: Registry, caller: Caller, origin: Origin, fields: Fields) -> str:
    grants.take(registry, caller, origin, fields.one("to"), fields.one("pattern"))
    return ""


DEEDS: Final[dict[str, Deed]] = {
    "add-user": _add_user,
    "user-password": _user_password,
    "disable-user": _disable_user,
    "enable-user": _enable_user,
    "remove-user": _remove_user,
    "add-robot": _add_robot,
    "revoke-robot": _revoke_robot,
    "add-group": _add_group,
    "remove-group": _remove_group,
    "join": _join,
    "leave": _leave,
    "grant": _grant,
    "take": _take,
}
