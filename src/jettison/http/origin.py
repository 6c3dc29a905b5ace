"""Who asks: what events tell of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from jettison.registry.origin import Origin

if TYPE_CHECKING:
    from jettison.http.request import Request

_FORWARDED = re.compile(rb'(?:^|;)\s*(proto|host)="?([^";]+)"?', re.IGNORECASE)

_Headers = Mapping[bytes, bytes]


def origin_of(request: Request) -> Origin:
    """The request as CNCF distribution's events tell of it, which believes proxies.

    What its URLs begin with is what its client asked for, unless `http.host` says it; nobody is sent there.
    """
    headers: _Headers = dict(request.scope["headers"])
    edge = request.edge
    base = edge.url("").decode()
    return Origin(
        id=request.id,
        addr=_forwarded_for(headers) or _address(request.scope.get("client")),
        host=_text(headers.get(b"host")),
        method=request.method,
        useragent=_text(headers.get(b"user-agent")),
        base=base if edge.base else _asked(headers, request.scope["scheme"]) + base,
    )


def _forwarded_for(headers: _Headers) -> str:
    """The client's address, as a proxy tells it; empty where none does."""
    for said in (headers.get(b"x-forwarded-for", b"").partition(b",")[0], headers.get(b"x-real-ip", b"")):
        address = _text(said).strip()
        if address and _is_address(address):
            return address
    return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _address(client: Any) -> str:
    """The connection's other end, with its port; a unix socket has none."""
    if not client:
        return ""
    host, port = client
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _asked(headers: _Headers, scheme: str) -> str:
    """Scheme and host by which the client reached us; RFC 7239 comes before the headers that were there before it."""
    host = headers.get(b"host", b"")
    proto = scheme.encode()
    if forwarded := headers.get(b"forwarded"):
        said = {name.lower(): value for name, value in _FORWARDED.findall(forwarded.partition(b",")[0])}
        proto, host = said.get(b"proto") or proto, said.get(b"host") or host
    else:
        proto = headers.get(b"x-forwarded-proto") or proto
        host = headers.get(b"x-forwarded-host", b"").partition(b",")[0].strip() or host
    return f"{_text(proto)}://{_text(host)}" if host else ""


def _text(value: bytes | None) -> str:
    return value.decode(errors="replace") if value else ""
