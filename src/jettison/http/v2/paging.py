"""Pages of a list: ``n``, ``last`` and the Link to the next (OCI 1.1, "Listing Tags")."""

from __future__ import annotations

from urllib.parse import urlencode

from jettison.http.request import Request
from jettison.http.response import Headers
from jettison.oci.errors import PaginationInvalid


def page_size(request: Request, default: int, most: int) -> int:
    """How many entries ``n`` asks for, at most ``most``. Raises PaginationInvalid for what is no number or negative."""
    value = request.argument("n")
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise PaginationInvalid(f"n={value[:20]!r} is not a number of entries: it is 0 or more", {"n": value[:100]})
    return most if len(value) > len(str(most)) + 20 else min(int(value), most)


def link(request: Request, path: str, last: str, limit: int, **more: str) -> Headers:
    """The header that names the next page (RFC 5988)."""
    query = urlencode({"last": last, "n": limit, **more})
    return [(b"link", b'<%s>; rel="next"' % request.edge.url(f"{path}?{query}"))]
