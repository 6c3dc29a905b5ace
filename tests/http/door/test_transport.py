from __future__ import annotations

from typing import Any, cast

import pytest

from jettison.http.door.transport import is_safe
from jettison.http.edge import Edge
from jettison.http.limits import Limits
from jettison.http.proxies import NONE, Proxies
from jettison.http.request import Request

PROXY = Proxies.named(["10.0.0.1"])


class _Edge:
    """What of an edge is looked at."""

    def __init__(self, base: str, proxies: Proxies) -> None:
        self.base = base
        self.proxies = proxies
        self.limits = Limits()


def request(
    client: str | None, scheme: str = "http", base: str = "", proxies: Proxies = NONE, **headers: str
) -> Request:
    """One from that address."""
    scope: dict[str, Any] = {
        "method": "GET",
        "scheme": scheme,
        "http_version": "1.1",
        "client": (client, 5) if client else None,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is read")

    return Request(cast(Edge, _Edge(base, proxies)), scope, receive)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", None])
def test_what_does_not_leave_the_machine_is_safe(client: str | None) -> None:
    """Loopback, and a unix socket."""
    assert is_safe(request(client))


@pytest.mark.parametrize("client", ["10.0.0.1", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])
def test_plain_http_from_elsewhere_is_not(client: str) -> None:
    """Whatever its sender, or a URL that was configured, says."""
    assert not is_safe(request(client))
    assert not is_safe(request(client, base="https://registry.example.com"))
    assert not is_safe(request(client, x_forwarded_proto="https", x_forwarded_for="127.0.0.1", forwarded="proto=https"))
    assert is_safe(request(client, scheme="https"))


def test_a_proxy_that_we_know_is_believed() -> None:
    """About how its client came, and from where."""
    assert is_safe(request("10.0.0.1", proxies=PROXY, x_forwarded_proto="https", x_forwarded_for="192.0.2.7"))
    assert is_safe(request("10.0.0.1", proxies=PROXY, base="https://registry.example.com"))
    assert not is_safe(request("10.0.0.1", proxies=PROXY))
    assert not is_safe(request("10.0.0.1", proxies=PROXY, x_forwarded_proto="http", x_forwarded_for="192.0.2.7"))
    assert not is_safe(request("10.0.0.2", proxies=PROXY, x_forwarded_proto="https"))


def test_a_proxy_on_this_machine_tells_of_others() -> None:
    """Where it is known, its client's address counts and not its own."""
    local = Proxies.named(["127.0.0.1"])
    assert not is_safe(request("127.0.0.1", proxies=local, x_forwarded_for="192.0.2.7"))
    assert is_safe(request("127.0.0.1", proxies=local, x_forwarded_for="127.0.0.1"))
