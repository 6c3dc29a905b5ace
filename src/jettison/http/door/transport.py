"""Whether somebody on the way could read a password."""

from __future__ import annotations

from jettison.http.proxies import address_of, believed, is_loopback, scheme_of
from jettison.http.request import Request
from jettison.oci.errors import Denied

REASON = (
    "passwords and tokens are not taken over plain HTTP from another machine, since whoever is on the way could read"
    " them: serve HTTPS (http.tls), or name the proxy in front that does (jettison.proxies); jettison.signin.insecure"
    " allows it"
)


def is_safe(request: Request) -> bool:
    """Whether the request came by TLS, to us or to a proxy that we know, or never left the machine."""
    scope, proxies = request.scope, request.edge.proxies
    if scheme_of(scope, proxies) == "https":
        return True
    if believed(scope, proxies) and request.edge.base.startswith("https:"):
        return True
    address = address_of(scope, proxies)
    return not address or is_loopback(address)


def refusal() -> Denied:
    """What is said where it is not. Nobody is asked for a password then: it would be sent."""
    return Denied(REASON)
