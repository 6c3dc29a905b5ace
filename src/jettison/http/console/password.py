"""One's own password."""

from __future__ import annotations

from jettison.http.console import cookies
from jettison.http.console.page import page
from jettison.http.console.signing_in import SECONDS, new_session
from jettison.http.console.visit import Visit
from jettison.http.errors import error_response
from jettison.http.response import Response
from jettison.oci.errors import AccountInvalid, Denied, TooManyRequests
from jettison.registry import users
from jettison.registry.access import Kind

DONE = (
    "The password is changed. Whoever was signed in with the old one, in other browsers and programs, is not any more."
)


async def get(visit: Visit) -> Response:
    """Needs nothing. Where a user changes it; who has not signed in does that first."""
    if visit.request.caller.kind is not Kind.USER:
        return visit.redirect("/console/sign-in?next=/console/password" if visit.signs_in else "/")
    return page(visit, "password.html", message="")


async def post(visit: Visit) -> Response:
    """Needs nothing. Change it, and go on with a new session; all others of the user end."""
    fields = await visit.sent()
    request = visit.request
    if request.caller.kind is not Kind.USER or visit.door is None:
        raise Denied("only a user has a password of one's own here: sign in as one")
    # A password may begin or end with a space.
    current, password, again = ((fields.all(name) or [""])[0] for name in ("current", "password", "again"))
    if password != again:
        return page(
            visit, "password.html", 400, message="The new password is not the same both times: nothing was changed."
        )
    visit.door.require_safe(request)
    registry, caller, origin = request.edge.registry, request.caller, request.origin
    try:
        await request.edge.run(lambda: users.change_own_password(registry, caller, origin, current, password))
    except (Denied, AccountInvalid, TooManyRequests) as error:
        told = error_response(error)
        headers = [header for header in told.headers if header[0] == b"retry-after"]
        return page(visit, "password.html", told.status, headers, message=error.message)
    token = await new_session(visit, caller)
    # The page is sealed for the session that it goes on with.
    visit.session = token
    return page(visit, "password.html", 200, [cookies.setting(request, cookies.SESSION, token, SECONDS)], message=DONE)
