"""What a page elsewhere must not have a browser do here, whoever is signed in, and if nobody has to be."""

from __future__ import annotations

from urllib.parse import urlsplit

from jettison.http.request import Request, TypeUnsupported
from jettison.http.response import JSON_TYPE
from jettison.oci.errors import Denied, quoted

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

ALLOWED = b"access-control-allow-origin"


def check(request: Request) -> None:
    """Raise unless the request is one that no page of another origin can have sent.

    Its Content-Type has to be JSON, which a browser sends elsewhere only after asking: TypeUnsupported. Its Origin,
    which a browser always tells, has to be ours: Denied.
    """
    if request.method in SAFE:
        return
    media_type = (request.header(b"content-type") or "").split(";")[0].strip().lower()
    if media_type != JSON_TYPE:
        raise TypeUnsupported(f"the Content-Type of a {request.method} has to be {JSON_TYPE}, as its body is")
    check_origin(request)


def check_origin(request: Request) -> None:
    """Raise Denied if the request says that a page of another origin has sent it.

    That a page of ours is none by a name that was made to lead here, :mod:`jettison.http.host` sees to.
    """
    origin = request.header(b"origin")
    if origin is not None and not _is_ours(request, origin):
        raise Denied(f"a page of the origin {quoted(origin)} may change nothing here: it is not this registry's own")


def check_post(request: Request) -> None:
    """The same for what is no JSON: a browser sends a POST anywhere without asking, as it does a form.

    Pages of origins that http.headers let in, as they are for pages of other hosts, may.
    """
    origin = (request.header(b"origin") or "").encode("latin-1")
    if not any(name == ALLOWED and value in (b"*", origin) for name, value in request.edge.headers):
        check_origin(request)


def _is_ours(request: Request, origin: str) -> bool:
    """Whether the origin is that of `http.host`, or the host that was asked: a proxy may have ended TLS in between."""
    base = request.edge.base
    if base and origin == _origin(base):
        return True
    asked = (request.header(b"host") or "").lower()
    return bool(asked) and origin.lower() in (f"http://{asked}", f"https://{asked}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
