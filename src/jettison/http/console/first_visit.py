"""The first administrator, made with the code that the server prints while there is none."""

from __future__ import annotations

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.errors import error_response
from jettison.http.response import Response
from jettison.oci.errors import AccountExists, AccountInvalid, Denied
from jettison.registry import setup


async def get(visit: Visit) -> Response:
    """Needs nothing. Where to send the code."""
    if not visit.signs_in:
        return visit.redirect("/")
    return page(visit, "first_visit.html", message="", code="", name="")


async def post(visit: Visit) -> Response:
    """Needs nothing. Make the first administrator, who then signs in."""
    fields = await visit.sent()
    if not visit.signs_in or visit.door is None:
        return visit.redirect("/")
    request, code, name = visit.request, fields.one("code"), fields.one("name")
    password = (fields.all("password") or [""])[0]
    visit.door.require_safe(request)
    registry, origin = request.edge.registry, request.origin
    try:
        await request.edge.run(lambda: setup.use(registry, origin, code, name, password))
    except (Denied, AccountInvalid, AccountExists) as error:
        status = error_response(error).status
        return page(visit, "first_visit.html", status, message=error.message, code=code, name=name)
    return visit.redirect("/console/sign-in")
