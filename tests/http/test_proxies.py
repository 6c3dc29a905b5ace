from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jettison.http.proxies import NONE, Proxies, address_of, host_of, parse_address, scheme_of

PROXIES = Proxies.named(["10.0.0.0/8", "2001:db8:ffff::/48"])
CLIENT, STRANGER = "198.51.100.7", "203.0.113.9"


def scope(peer: str, *headers: tuple[str, str]) -> dict[str, Any]:
    """A request from that address with these headers."""
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"client": (peer, "4711"), "headers": [(b"host", b"here:5000"), *pairs], "scheme": "http"}


def forwarded_for(*values: str) -> list[tuple[str, str]]:
    """So many lines of X-Forwarded-For."""
    return [("x-forwarded-for", value) for value in values]


@pytest.mark.parametrize("proxies", [NONE, PROXIES])
@pytest.mark.parametrize(
    "header",
    [
        ("x-forwarded-for", CLIENT),
        ("x-real-ip", CLIENT),
        ("forwarded", f"for={CLIENT};proto=https;host=evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
    ],
)
def test_a_client_is_not_believed_about_itself(proxies: Proxies, header: tuple[str, str]) -> None:
    """Whoever is not named as a proxy has the address, the scheme and the host of its own connection."""
    asked = scope(STRANGER, header)
    assert address_of(asked, proxies) == STRANGER
    assert scheme_of(asked, proxies) == "http"
    assert host_of(asked, proxies) == "here:5000"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], "10.0.0.1"),
        (forwarded_for(CLIENT), CLIENT),
        (forwarded_for(f"{STRANGER}, {CLIENT}"), CLIENT),
        (forwarded_for(f"{STRANGER}, {CLIENT}, 10.9.9.9"), CLIENT),
        (forwarded_for(STRANGER, CLIENT), CLIENT),
        (forwarded_for("10.0.0.3, 10.0.0.2"), "10.0.0.3"),
        (forwarded_for(f"{CLIENT}:4711"), CLIENT),
        (forwarded_for(f"::ffff:{CLIENT}"), CLIENT),
        (forwarded_for("2001:db8::7"), "2001:db8::7"),
        (forwarded_for("[2001:db8::7]:443"), "2001:db8::7"),
        (forwarded_for("2001:DB8:FFFF::1, 2001:db8:ffff::2"), "2001:db8:ffff::1"),
        (forwarded_for("nonsense"), "10.0.0.1"),
        (forwarded_for(f"{CLIENT}, unknown, 10.0.0.2"), "10.0.0.2"),
        (forwarded_for(f"{CLIENT}, "), "10.0.0.1"),
        ([("x-real-ip", CLIENT)], CLIENT),
        ([("x-real-ip", STRANGER), ("x-real-ip", CLIENT)], CLIENT),
        ([("x-real-ip", STRANGER), *forwarded_for(CLIENT)], CLIENT),
        ([("forwarded", f"for={CLIENT}")], CLIENT),
        ([("forwarded", f'for={STRANGER}, For="[2001:db8::7]:80";proto=https')], "2001:db8::7"),
        ([("forwarded", f"for={STRANGER}, for={CLIENT}, for=10.1.1.1;by=10.0.0.1")], CLIENT),
        ([("forwarded", f"for={CLIENT}, for=_hidden")], "10.0.0.1"),
        ([("forwarded", f"for={STRANGER}"), *forwarded_for(CLIENT)], CLIENT),
    ],
)
def test_a_named_proxy_says_whose_request_it_is(headers: Sequence[tuple[str, str]], address: str) -> None:
    """The first from the right that is no proxy: what is left of it may be anything that a client has sent."""
    assert address_of(scope("10.0.0.1", *headers), PROXIES) == address


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ([], "http", "here:5000"),
        ([("x-forwarded-proto", "https")], "https", "here:5000"),
        ([("x-forwarded-proto", "HTTPS, http"), ("x-forwarded-host", "a.example:8443, b")], "https", "a.example:8443"),
        ([("forwarded", 'for=1.2.3.4;proto=https;host="a.example", for=5;host=b')], "https", "a.example"),
        ([("forwarded", "for=1.2.3.4"), ("x-forwarded-proto", "https")], "http", "here:5000"),
        ([("x-forwarded-proto", "gopher")], "http", "here:5000"),
    ],
)
def test_a_named_proxy_says_how_it_was_asked(headers: Sequence[tuple[str, str]], scheme: str, host: str) -> None:
    """Scheme and host are those of the client's own request."""
    asked = scope("10.0.0.1", *headers)
    assert (scheme_of(asked, PROXIES), host_of(asked, PROXIES)) == (scheme, host)


def test_a_socket_for_both_has_addresses_of_ipv4_as_they_are() -> None:
    """The system writes them as IPv6 there."""
    assert address_of(scope("::ffff:10.0.0.1", *forwarded_for(CLIENT)), PROXIES) == CLIENT
    assert address_of(scope(f"::ffff:{CLIENT}"), PROXIES) == CLIENT


def test_whoever_comes_by_a_unix_socket_is_a_proxy_where_that_is_named() -> None:
    """Else nothing is known of them."""
    for client in (("", "0"), None):
        asked = scope("", *forwarded_for(CLIENT)) | {"client": client}
        assert address_of(asked, Proxies.named(["unix"])) == CLIENT
        assert address_of(asked, PROXIES) == ""


def test_a_request_without_a_host_has_none() -> None:
    """It is not made up."""
    assert host_of({"client": None, "headers": [], "scheme": "http"}, NONE) == ""


@pytest.mark.parametrize(
    "text", ["", "unknown", "1.2.3", "1.2.3.4.5", "[::1", "[", "1.2.3.4:5:6", "-1", "1.2.3.4/8", "é", "::1%eth0é"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    """Nothing that a header says makes an error."""
    assert parse_address(text) is None or str(parse_address(text)) == "::1"
