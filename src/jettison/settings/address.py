"""Addresses to listen on, as `host:port`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port. An empty host is every interface, port 0 any free port; IPv6 hosts have no brackets here."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse `host:port`, `:port` or `[ipv6]:port`. Raises ValueError with the fix."""
        host, colon, port = text.rpartition(":")
        if "/" in text:
            raise ValueError(f"{text!r} is not an address: write host:port, without a scheme or a path")
        if not colon:
            raise ValueError(f"{text!r} has no port: write host:port, or :5000 for every interface")
        if not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
            raise ValueError(f"{text!r} has no port from 0 to {_HIGHEST_PORT} after its last colon")
        if host and not is_host(host):
            raise ValueError(
                f"{host!r} is no name or address of a host: write :{port} for every interface, and IPv6 in brackets"
            )
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_host(text: str) -> bool:
    """Whether `text` can be a host's name, its IPv4 address, or its IPv6 address in brackets."""
    try:
        if text.startswith("[") and text.endswith("]"):
            IPv6Address(text[1:-1])
        elif text.replace(".", "").isdigit():
            IPv4Address(text)
        else:
            return _NAME.fullmatch(text) is not None
    except AddressValueError:
        return False
    return True
