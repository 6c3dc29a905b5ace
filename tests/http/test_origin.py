from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from jettison.http.edge import Edge
from jettison.http.proxies import NONE, Proxies
from jettison.http.request import Request
from jettison.registry.origin import Origin

BELIEVING = Proxies.named(["192.0.2.1"])


async def nothing() -> dict[str, Any]:
    """A body that nobody reads."""
    raise AssertionError("read")


def origin(
    headers: Mapping[str, str] | None = None,
    *,
    base: str = "",
    prefix: str = "",
    proxies: Proxies = BELIEVING,
    **scope: Any,
) -> Origin:
    """What a GET with these headers tells of itself."""
    pairs = [(name.encode(), value.encode()) for name, value in ({"host": "here:5000"} | dict(headers or {})).items()]
    asked = {"method": "GET", "headers": pairs, "client": ("192.0.2.1", 4711), "scheme": "http", "http_version": "1.1"}
    return Request(Edge(cast("Any", None), base, prefix=prefix, proxies=proxies), asked | scope, nothing).origin


def test_a_request_tells_who_asks_and_how() -> None:
    """With the port that the client has, as distribution does."""
    found = origin({"user-agent": "docker/1", "x-request-id": "42"})
    assert found == Origin("42", "192.0.2.1", "192.0.2.1:4711", "here:5000", "GET", "docker/1", "http://here:5000")


def test_a_request_without_an_id_gets_one() -> None:
    """The same that the log has."""
    assert origin().id != ""
    assert origin().id != origin().id


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"x-forwarded-for": "198.51.100.7"}, "198.51.100.7"),
        ({"x-forwarded-for": " 10.0.0.1 , 198.51.100.7"}, "198.51.100.7"),
        ({"x-forwarded-for": "2001:db8::1", "x-real-ip": "198.51.100.8"}, "2001:db8::1"),
        ({"x-real-ip": "198.51.100.8"}, "198.51.100.8"),
        ({"x-forwarded-for": "nonsense"}, "192.0.2.1:4711"),
    ],
)
def test_a_proxy_that_is_named_says_whose_request_it_is(headers: Mapping[str, str], address: str) -> None:
    """As distribution writes it: without a port, which only the connection's own end is known to have."""
    assert origin(headers).addr == address
    assert origin(headers, proxies=NONE).addr == "192.0.2.1:4711"
    assert origin(headers).address == address.removesuffix(":4711")


def test_addresses_without_a_port_and_of_ipv6_are_written_as_distribution_writes_them() -> None:
    """A client on a unix socket has none."""
    assert origin(client=None).addr == ""
    assert origin(client=("2001:db8::1", 80)).addr == "[2001:db8::1]:80"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({}, "http://here:5000"),
        ({"host": "a.example"}, "http://a.example"),
        ({"x-forwarded-proto": "https"}, "https://here:5000"),
        ({"x-forwarded-proto": "https", "x-forwarded-host": "a.example:8443, b"}, "https://a.example:8443"),
        ({"forwarded": 'for=1.2.3.4;proto=https;host="a.example", for=5;host=b'}, "https://a.example"),
        ({"forwarded": "Host=a.example"}, "http://a.example"),
        ({"forwarded": "for=1.2.3.4", "x-forwarded-host": "b.example"}, "http://here:5000"),
        ({"host": ""}, ""),
    ],
)
def test_a_url_begins_with_what_the_client_asked_for(headers: Mapping[str, str], base: str) -> None:
    """As a proxy says it, in whichever way."""
    assert origin(headers).base == base


def test_no_client_says_what_a_url_begins_with() -> None:
    """Only a proxy that is named does."""
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    assert origin(headers, proxies=NONE).base == "http://here:5000"


def test_over_tls_a_url_is_one_of_https() -> None:
    """The connection's own scheme."""
    assert origin(scheme="https").base == "https://here:5000"


def test_a_prefix_is_part_of_a_url() -> None:
    """Of what the client asked for; `http.host` has its own."""
    assert origin(prefix="/some/registry").base == "http://here:5000/some/registry"
    assert origin(prefix="/some", base="https://a.example/other").base == "https://a.example/other"


def test_the_configured_url_wins() -> None:
    """`http.host` is what the operator says; no header does then."""
    headers = {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example"}
    assert origin(headers, base="https://registry.example").base == "https://registry.example"


def test_what_is_not_utf8_is_told_all_the_same() -> None:
    """With a sign in place of what cannot be read."""
    found = Request(
        Edge(cast("Any", None)),
        {"method": "GET", "headers": [(b"user-agent", b"caf\xe9 \xc3\xa9")], "scheme": "http", "http_version": "1.1"},
        nothing,
    ).origin
    assert found.useragent == "caf\ufffd é"
