from __future__ import annotations

from typing import Any

import pytest

from jettison.http.console import cookies
from jettison.http.edge import Edge
from jettison.http.proxies import Proxies
from jettison.http.request import Request

VALUE = "a" * 43


def _request(scheme: str, *headers: tuple[bytes, bytes], proxies: Proxies | None = None) -> Request:
    async def receive() -> Any:
        raise AssertionError("nothing is read")

    edge = Edge(None, proxies=proxies or Proxies())  # type: ignore[arg-type]
    scope = {
        "method": "GET",
        "headers": list(headers),
        "scheme": scheme,
        "client": ("127.0.0.1", 1),
        "query_string": b"",
        "http_version": "1.1",
    }
    return Request(edge, scope, receive)


def test_over_https_a_cookie_is_of_this_host_alone() -> None:
    """Its name says so, which browsers hold it to, and it is never sent without TLS."""
    name, header = cookies.setting(_request("https"), cookies.SESSION, VALUE)
    assert name == b"set-cookie"
    assert header == f"__Host-jettison={VALUE}; Path=/; HttpOnly; SameSite=Strict; Secure".encode()


def test_behind_a_proxy_that_is_believed_https_is_https() -> None:
    """Where a proxy ends TLS."""
    said = (b"x-forwarded-proto", b"https")
    assert cookies.is_https(_request("http", said, proxies=Proxies.named(["127.0.0.1"])))
    assert not cookies.is_https(_request("http", said))


@pytest.mark.parametrize("sent", [f"jettison={VALUE}; jettison={'b' * 43}", "jettison=short", "jettison=a b<c>", ""])
def test_what_we_never_set_is_none(sent: str) -> None:
    """A cookie that is there twice, or that we cannot have set, is as none."""
    assert cookies.read(_request("http", (b"cookie", sent.encode())), cookies.SESSION) == ""


def test_over_https_a_cookie_without_the_prefix_is_none() -> None:
    """It may have been set by another host of the domain, or without TLS."""
    assert cookies.read(_request("https", (b"cookie", f"jettison={VALUE}".encode())), cookies.SESSION) == ""
    assert cookies.read(_request("https", (b"cookie", f"__Host-jettison={VALUE}".encode())), cookies.SESSION) == VALUE
