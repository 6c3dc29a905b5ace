"""The console's cookies: whose session it is, and what forms are sealed with.

Over https their names begin with `__Host-`, so that no other host, and no page that came without TLS, can set them.
"""

from __future__ import annotations

import re
from typing import Final

from jettison.http.proxies import believed, scheme_of
from jettison.http.request import Request

SESSION: Final = "jettison"
FORMS: Final = "jettison-forms"

_is_ours = re.compile(r"[A-Za-z0-9_-]{16,128}").fullmatch


def is_https(request: Request) -> bool:
    """Whether the browser asked by https, of us or of a proxy that we know."""
    scope, edge = request.scope, request.edge
    if scheme_of(scope, edge.proxies) == "https":
        return True
    return believed(scope, edge.proxies) and edge.base.startswith("https:")


def read(request: Request, name: str) -> str:
    """The cookie's value; empty where there is none, or one that we never set, or several: which is ours?"""
    wanted = _name(request, name)
    header = "; ".join(value.decode("latin-1") for key, value in request.scope["headers"] if key == b"cookie")
    pairs = (part.strip().partition("=") for part in header.split(";"))
    values = [value for key, _, value in pairs if key == wanted]
    return values[0] if len(values) == 1 and _is_ours(values[0]) else ""


def setting(request: Request, name: str, value: str, seconds: int | None = None) -> tuple[bytes, bytes]:
    """The header that sets it, for ``seconds``, or until the browser is closed; an empty one is taken away."""
    secure = "; Secure" if is_https(request) else ""
    age = "; Max-Age=0" if not value else "" if seconds is None else f"; Max-Age={seconds}"
    text = f"{_name(request, name)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"
    return b"set-cookie", text.encode("ascii")


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if is_https(request) else name
