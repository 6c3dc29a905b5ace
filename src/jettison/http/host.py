"""By which names a registry that nobody signs in to may be asked by a browser on its own machine.

Whoever owns a name says which address it has, and a browser goes by the name: a page of `evil.example`, which comes to
mean 127.0.0.1, may read and send here whatever that machine's other programs may (DNS rebinding). So a browser there is
answered only under names that nobody else can own. What is no browser asks by whatever name it likes.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from jettison.http.proxies import believed, is_loopback, parse_address, peer
from jettison.http.request import Request
from jettison.oci.errors import Denied, quoted

LOCAL: Final = (".localhost", ".local", ".internal", ".test", ".home.arpa")
"""Ends of names that are nobody's in the DNS of the world (RFC 6761, 6762, 8375)."""

MARKS: Final = (b"accept-language", b"origin", b"sec-fetch-mode")
"""Headers that browsers send, and clients of registries do not."""

_is_label = re.compile(r"[a-z0-9_-]*").fullmatch


def check(request: Request) -> None:
    """Raise Denied for a browser on this machine that asks by a name which may be anybody's, where nobody signs in."""
    if request.edge.door is not None or all(name not in MARKS for name, _ in request.scope["headers"]):
        return
    if is_loopback(peer(request.scope)) and not _is_ours(request):
        raise Denied(
            "nobody has to sign in to this registry, so on its own machine it is not open to pages of"
            f" {quoted(request.header(b'host') or '')}, which may be anybody's name: ask for localhost or an address,"
            " or set http.host to the URL that is used (or name the proxy in front in jettison.proxies)"
        )


def _is_ours(request: Request) -> bool:
    """Whether the name that was asked for is that of `http.host`, or none that somebody else can own."""
    host = request.header(b"host") or ""
    name = host.partition(":")[0].rstrip(".").lower()
    # A name without a dot is the machine's or its network's own, and so is an address.
    if _is_label(name) or parse_address(host) is not None or name.endswith(LOCAL):
        return True
    return name == urlsplit(request.edge.base).hostname or believed(request.scope, request.edge.proxies)
