"""Whose request it is: the connection's, or, where a proxy that we know has made it, of whom that says.

Any client can send headers that name another address. They are read only on connections of proxies that settings name,
and from the right: each proxy adds whom it was asked by to what was there before, so that what is left of the first
stranger may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

SOCKET = "unix"
"""What stands for whoever comes by a unix socket, which only the machine's own programs reach."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies that are believed: those of ``networks``, and with ``socket`` whoever comes by a unix socket."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    socket: bool = False

    @classmethod
    def named(cls, names: Iterable[str]) -> Proxies:
        """Those of settings: addresses, networks, SOCKET. Raises ValueError."""
        names = tuple(names)
        return cls(tuple(ip_network(name) for name in names if name != SOCKET), SOCKET in names)

    def has(self, address: str) -> bool:
        """Whether it is the address of one; an empty one is that of a unix socket."""
        if not address:
            return self.socket
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self.networks)


NONE = Proxies()


def believed(scope: Any, proxies: Proxies) -> bool:
    """Whether what the request says about for whom it is sent may be believed."""
    return proxies is not NONE and proxies.has(peer(scope))


def peer(scope: Any) -> str:
    """The address of the connection's other end; a unix socket has none."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    # On a socket for both, that is how the system writes IPv4.
    return address.removeprefix("::ffff:") if "." in address else address


def address_of(scope: Any, proxies: Proxies) -> str:
    """The address of whoever sent the request, as far as is known; empty by a unix socket of which nobody is told."""
    address = peer(scope)
    if not believed(scope, proxies):
        return address
    for said in reversed(_said(scope["headers"])):
        parsed = parse_address(said)
        if parsed is None:
            # It was asked by somebody whom it does not tell: its own is the last address that is known.
            return address
        address = str(parsed)
        if not proxies.has(address):
            return address
    return address


def scheme_of(scope: Any, proxies: Proxies) -> str:
    """`https` or `http`: how the client itself asked, as far as is known."""
    said = _first(scope["headers"], "proto") if believed(scope, proxies) else ""
    scheme: str = said.lower() if said.lower() in ("http", "https") else scope["scheme"]
    return scheme


def host_of(scope: Any, proxies: Proxies) -> str:
    """The host, perhaps with a port, that the client itself asked for, as far as is known; empty if it named none."""
    said = _first(scope["headers"], "host") if believed(scope, proxies) else ""
    return said or next((_text(value) for name, value in scope["headers"] if name == b"host"), "")


def _first(headers: Sequence[tuple[bytes, bytes]], name: str) -> str:
    """What the first proxy says of its client; RFC 7239 comes before the headers that were there before it."""
    elements = list(_listed(headers, b"forwarded"))
    if elements:
        return _pair(elements[0], name)
    return next(_listed(headers, f"x-forwarded-{name}".encode()), "")


def _said(headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
    """The addresses through which a request came, the client's first.

    X-Forwarded-For before the others: it is what most proxies write, who may let the others pass as a client sent them.
    """
    said = list(_listed(headers, b"x-forwarded-for"))
    if said:
        return said
    # Whoever sets X-Real-IP replaces it; of several the last is the proxy's.
    alone = [value for name, value in headers if name == b"x-real-ip"]
    if alone:
        return [_text(alone[-1])]
    return [_pair(element, "for") for element in _listed(headers, b"forwarded")]


def _listed(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> Iterator[str]:
    for each, value in headers:
        if each == name:
            yield from map(str.strip, _text(value).split(","))


def _pair(element: str, name: str) -> str:
    """RFC 7239, 4: what an element of Forwarded has under that name, without quotes; empty if nothing."""
    for pair in element.split(";"):
        key, _, value = pair.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"')
    return ""


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, perhaps with a port after it, IPv6 then in brackets; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text.partition("%")[0])  # RFC 4007's zone means nothing elsewhere
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def is_loopback(address: str) -> bool:
    """Whether whoever has that address is on this machine."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


def _text(value: bytes) -> str:
    return value.decode("latin-1")
