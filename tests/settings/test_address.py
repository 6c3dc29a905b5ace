from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.settings.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5000", "127.0.0.1", 5000),
        (":5000", "", 5000),
        ("localhost:80", "localhost", 80),
        ("registry_1.example.com:443", "registry_1.example.com", 443),
        ("0.0.0.0:0", "0.0.0.0", 0),  # noqa: S104 - an address in a file, nobody listens
        ("[::1]:5000", "::1", 5000),
        ("[::]:65535", "::", 65535),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, host: str, port: int) -> None:
    """Host and port come apart, brackets come off, no host is every interface; and it is written as it was read."""
    assert Address.parse(text) == Address(host, port)
    assert str(Address(host, port)) == text


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("5000", "write host:port, or :5000 for every interface"),
        ("localhost", "write host:port"),
        ("", "write host:port"),
        ("localhost:", "no port from 0 to 65535"),
        ("localhost:http", "no port from 0 to 65535"),
        ("localhost:65536", "no port from 0 to 65535"),
        ("localhost:-1", "no port from 0 to 65535"),
        ("localhost:\u0665", "no port from 0 to 65535"),
        ("http://localhost:5000", "without a scheme"),
        ("localhost:5000/", "without a scheme or a path"),
        ("*:5000", "write :5000 for every interface"),
        ("::1:5000", "IPv6 in brackets"),
        ("[::1:5000", "IPv6 in brackets"),
        ("[localhost]:5000", "no name or address"),
        ("256.1.1.1:5000", "no name or address"),
        ("\u0661.1.1.1:5000", "no name or address"),
        ("a b:5000", "no name or address"),
        ("-a:5000", "no name or address"),
        ("a..b:5000", "no name or address"),
        ("a\n:5000", "no name or address"),
    ],
)
def test_a_bad_address_is_refused_with_the_fix(text: str, fix: str) -> None:
    """What is no address is a ValueError that says how to write one."""
    with pytest.raises(ValueError, match=fix):
        Address.parse(text)


@given(st.text(alphabet="0123456789abc.:[]%-/ ", max_size=30) | st.text(max_size=20))
def test_an_address_that_is_read_is_written_back(text: str) -> None:
    """Whatever the text, it is refused by a ValueError, or the address written out means the same again."""
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert Address.parse(str(address)) == address
    assert 0 <= address.port <= 65535
