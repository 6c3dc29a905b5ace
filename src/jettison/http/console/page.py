"""Pages: a template with what it tells, and the headers that keep everything else out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jettison import __version__
from jettison.http.console import cookies, words
from jettison.http.console.assets import ASSETS
from jettison.http.console.visit import Visit
from jettison.http.proxies import host_of
from jettison.http.response import Headers, Response
from jettison.registry.access import Action, Kind

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Headers] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    # Not `no-referrer`: with that a browser sends no Origin either, by which forms are judged.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"vary", b"Accept, Cookie"),
]
KEPT_SECONDS: Final = 365 * 24 * 3600

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.filters.update(words.FILTERS)
_environment.globals["version"] = __version__


def page(visit: Visit, template: str, status: int = 200, headers: Headers | None = None, **told: Any) -> Response:
    """The page that ``template`` makes of what is ``told``."""
    request = visit.request
    caller = request.caller
    body = _environment.get_template(template).render(
        url=visit.url,
        asset=lambda name: visit.url(ASSETS.path(name)),
        host=host_of(request.scope, request.edge.proxies) or "localhost",
        seal=visit.seal,
        caller=caller,
        signed_in=bool(visit.session),
        signs_in=visit.signs_in,
        may_admin=caller.may(Action.ADMIN),
        may_delete=caller.kind is Kind.EVERYONE
        or any(not grant.actions.isdisjoint((Action.DELETE, Action.ADMIN)) for grant in caller.grants),
        here=request.path,
        answered=status,
        **told,
    )
    own = [cookies.setting(request, cookies.FORMS, visit.key, KEPT_SECONDS)] if visit.fresh else []
    return Response(status, [*HEADERS, *own, *(headers or [])], body.encode("utf-8", "backslashreplace"))
