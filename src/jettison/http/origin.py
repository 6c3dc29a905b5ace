"""Who asks: what the audit log and events tell of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jettison.http.proxies import Proxies, address_of, host_of, peer, scheme_of
from jettison.registry.origin import Origin

if TYPE_CHECKING:
    from jettison.http.request import Request, Scope

_Headers = Mapping[bytes, bytes]


def origin_of(request: Request) -> Origin:
    """The request as CNCF distribution's events tell of it, except that only proxies that settings name are believed.

    What its URLs begin with is what its client asked for, unless `http.host` says it; nobody is sent there.
    """
    scope, edge = request.scope, request.edge
    headers: _Headers = dict(scope["headers"])
    address = address_of(scope, edge.proxies)
    base = edge.url("").decode()
    return Origin(
        id=request.id,
        address=address,
        addr=address if address != peer(scope) else _with_port(address, scope.get("client")),
        host=_text(headers.get(b"host")),
        method=request.method,
        actor=request.caller.name,
        useragent=_text(headers.get(b"user-agent")),
        base=base if edge.base else _asked(scope, edge.proxies) + base,
    )


def _with_port(address: str, client: Any) -> str:
    """The connection's other end, with its port; a unix socket has none."""
    if not address:
        return ""
    return f"[{address}]:{client[1]}" if ":" in address else f"{address}:{client[1]}"


def _asked(scope: Scope, proxies: Proxies) -> str:
    """Scheme and host by which the client reached us; empty where it named none."""
    host = host_of(scope, proxies)
    return f"{scheme_of(scope, proxies)}://{host}" if host else ""


def _text(value: bytes | None) -> str:
    return value.decode(errors="replace") if value else ""
