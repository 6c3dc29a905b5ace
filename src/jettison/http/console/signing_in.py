"""Signing in and out, with a name and a password of the registry's own accounts."""

from __future__ import annotations

import re
from typing import Final

from jettison.http.console import cookies
from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.door.authorization import credentials
from jettison.http.errors import error_response
from jettison.http.response import Response
from jettison.oci.errors import Denied, RegistryError, TooManyRequests, Unauthorized
from jettison.registry import sessions
from jettison.registry.access import Caller, Kind
from jettison.registry.sessions import DAY, Purpose

IDLE: Final = 7 * DAY
MOST: Final = 30 * DAY
SECONDS: Final = MOST // 1_000_000
HOME: Final = "/"

_is_page = re.compile(r"/(console/[^\\]*)?(\?[^\\]*)?").fullmatch


async def get(visit: Visit) -> Response:
    """Needs nothing. Where to sign in; who has need not."""
    if not visit.signs_in or visit.session:
        return visit.redirect(_onward(visit.fields.one("next")))
    return page(visit, "sign_in.html", next=visit.fields.one("next"), message="", name="")


async def post(visit: Visit) -> Response:
    """Needs nothing. Sign in, then go on to the page that was asked for."""
    fields = await visit.sent()
    if not visit.signs_in or visit.door is None:
        return visit.redirect(HOME)
    name, onward = fields.one("name"), fields.one("next")
    try:
        # A password may begin or end with a space.
        caller = await visit.door.sign_in(visit.request, credentials(name, (fields.all("password") or [""])[0]))
    except (Unauthorized, Denied, TooManyRequests) as error:
        return _again(visit, error, name, onward)
    if caller.kind is not Kind.USER:
        return _again(visit, Denied("a robot's token is for programs: people sign in here"), name, onward)
    token = await new_session(visit, caller)
    return visit.redirect(_onward(onward), [cookies.setting(visit.request, cookies.SESSION, token, SECONDS)])


async def post_out(visit: Visit) -> Response:
    """Needs nothing. End the session."""
    await visit.sent()
    registry, token = visit.request.edge.registry, visit.session
    if token:
        await visit.request.edge.run(lambda: sessions.revoke(registry, token))
    return visit.redirect(HOME, [cookies.setting(visit.request, cookies.SESSION, "")])


async def new_session(visit: Visit, caller: Caller) -> str:
    """The token of a new session. One that this browser had ends."""
    edge = visit.request.edge
    before, to = visit.session, f"console: {visit.request.header(b'user-agent') or ''}"

    def work() -> str:
        if before:
            sessions.revoke(edge.registry, before)
        return sessions.issue(edge.registry, caller, Purpose.CONSOLE, to, idle=IDLE, most=MOST)

    return await edge.run(work)


def _onward(path: str) -> str:
    """The page to go on to: one of ours, whatever was sent."""
    return path if path.isascii() and path.isprintable() and _is_page(path) else HOME


def _again(visit: Visit, error: RegistryError, name: str, onward: str) -> Response:
    told = error_response(error)
    headers = [header for header in told.headers if header[0] == b"retry-after"]
    # Not 401, which would have to say how (RFC 9110, 15.5.2): the page itself is how.
    status = 403 if told.status == 401 else told.status
    return page(visit, "sign_in.html", status, headers, next=onward, message=error.message, name=name)
