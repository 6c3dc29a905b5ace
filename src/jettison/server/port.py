"""The port the registry listens on."""

from __future__ import annotations

import errno
import socket
from typing import TypeAlias

from jettison.server.errors import ServeError
from jettison.settings import Address

Where: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]

BACKLOG = 4096
_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 60, 15, 4


def bind(address: Address, setting: str = "http.addr") -> socket.socket:
    """A TCP socket bound to ``address``, which does not listen yet; an empty host is every interface, IPv6 too.

    It is never shared with another process. Raises ServeError with what to do if the address, which ``setting`` names,
    cannot be had.
    """
    try:
        family, where = _resolve(address)
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _refused(address, setting, error) from error
    try:
        _prepare(bound, dual=not address.host)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise _refused(address, setting, error) from error
    return bound


def _resolve(address: Address) -> tuple[socket.AddressFamily, Where]:
    host = address.host or ("::" if _has_ipv6() else "0.0.0.0")  # noqa: S104  (asked for)
    found = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # A name with addresses of both kinds (localhost) is served on its IPv4 address: every client tries that one.
    family, _, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, where


def _has_ipv6() -> bool:
    if not socket.has_dualstack_ipv6():
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _prepare(bound: socket.socket, *, dual: bool) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
    if dual and bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    # What follows is inherited by every connection.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("IDLE", _IDLE_SECONDS), ("INTVL", _PROBE_SECONDS), ("CNT", _PROBES)):
        if hasattr(socket, f"TCP_KEEP{option}"):
            bound.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_KEEP{option}"), value)


def _refused(address: Address, setting: str, error: OSError) -> ServeError:
    other = f"{setting} in the configuration, or REGISTRY_{setting.replace('.', '_').upper()}"
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            f"{address} is in use by another program: stop it (`ss -ltnp sport = :{address.port}` names it), or listen"
            f" elsewhere: {other}={Address(address.host, address.port + 1 if address.port < 65535 else 5000)}"
        )
    if error.errno == errno.EACCES:
        return ServeError(
            f"this user may not listen on {address}: ports below 1024 are the system's; choose another: {other}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return ServeError(f"{address} is no address of this machine: choose one that is, or :{address.port}: {other}")
    return ServeError(f"cannot listen on {address} ({error.strerror or error}): choose another address: {other}")
