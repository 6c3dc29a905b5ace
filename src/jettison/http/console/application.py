"""The console's pages: finds the one that is asked for, says who may see it, and has a page for what goes wrong."""

from __future__ import annotations

from urllib.parse import quote

from jettison.http import readonly
from jettison.http.console import assets
from jettison.http.console.assets import ASSETS
from jettison.http.console.page import page
from jettison.http.console.routes import find
from jettison.http.console.visit import Visit
from jettison.http.door import gate
from jettison.http.errors import error_response
from jettison.http.request import PathUnknown, Request
from jettison.http.response import Response
from jettison.oci.errors import RegistryError, Unauthorized, Unsupported
from jettison.registry.access import Kind

SIGN_IN = "/console/sign-in"
NO_TOKENS = (
    "This registry asks for the tokens of another server (auth.token), and no browser has one: what is open to"
    " everyone is shown here, the rest is for `jettison` and other programs. With accounts of its own (auth.jettison)"
    " people sign in here."
)


class Application:
    """Answers the requests for pages."""

    async def __call__(self, request: Request) -> Response:
        """The response. Raises only what is no refusal, but an error of our own; or what makes a browser ask itself."""
        if request.path.startswith(assets.PATH):
            return _asset(request)
        visit = Visit.of(request)
        try:
            await visit.enter()
            response = await _answer(visit)
        except RegistryError as error:
            response = _refused(visit, error)
        if request.method == "HEAD":
            response.length, response.body = len(response.body), b""
        return response


async def _answer(visit: Visit) -> Response:
    request = visit.request
    found = find(request.path)
    if found is None:
        raise PathUnknown("there is no such page here")
    methods, parts = found
    request.route, request.parts = next(iter(methods.values())).path, parts
    request.allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
    route = methods.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        raise Unsupported(f"{request.method} is not what this page takes")
    if route.writes:
        readonly.check(request)
    request.needs = route.needs
    await gate.check(request, parts.get("name"))
    return await route.handler(visit)


def _asset(request: Request) -> Response:
    request.route = assets.PATH
    response = ASSETS.find(request.path.removeprefix(assets.PATH))
    if response is None or request.method not in ("GET", "HEAD"):
        raise PathUnknown("there is no such file here")
    if request.method == "HEAD":
        response.length, response.body = len(response.body), b""
    return response


def _refused(visit: Visit, error: RegistryError) -> Response:
    """The page that says why; or the one where to sign in, for who has not and would have to."""
    request = visit.request
    if isinstance(error, Unauthorized):
        if not visit.signs_in and visit.door is not None and visit.door.takes_passwords:
            # The answer of the edge makes the browser ask for a name and a password.
            raise error
        if not visit.signs_in:
            return page(visit, "refused.html", 403, message=NO_TOKENS, reading=True)
        if request.caller.kind is Kind.ANONYMOUS and request.method in ("GET", "HEAD"):
            query = request.scope["query_string"].decode("latin-1")
            onward = request.path + (f"?{query}" if query else "")
            return visit.redirect(f"{SIGN_IN}?next={quote(onward, safe='')}")
    response = error_response(error)
    headers = [header for header in response.headers if header[0] != b"content-type"]
    if response.status == 405:
        headers.append((b"allow", ", ".join(request.allowed).encode()))
    # Not 401, which would have to say how (RFC 9110, 15.5.2): pages have a link for it.
    status = 403 if response.status == 401 else response.status
    reading = request.method in ("GET", "HEAD")
    return page(visit, "refused.html", status, headers, message=error.message, reading=reading)
