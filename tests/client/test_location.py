from __future__ import annotations

import pytest

from jettison.client.errors import Untrustworthy
from jettison.client.location import checked_realm, own, redirected

HERE = "https://registry.example/v2/app/blobs/x"
PLAIN = "http://registry.example:5000/v2/"
LOOPBACK = "http://127.0.0.1:5000/v2/"


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        (HERE, "/elsewhere", "https://registry.example/elsewhere"),
        (HERE, "https://bytes.example/x?sig=1", "https://bytes.example/x?sig=1"),
        (HERE, "//bytes.example/x", "https://bytes.example/x"),
        (LOOPBACK, "http://127.0.0.1:9000/x", "http://127.0.0.1:9000/x"),
        (PLAIN, "https://registry.example/v2/", "https://registry.example/v2/"),
    ],
)
def test_a_read_may_be_redirected(url: str, location: str, target: str) -> None:
    """To another path, another host over https, and from http to https."""
    assert redirected(url, location, reads=True) == target


@pytest.mark.parametrize(
    ("url", "location", "reads", "why"),
    [
        (HERE, "http://registry.example/x", True, "plain http"),
        (HERE, "https://other.example/x", False, "changes something"),
        (HERE, "https://registry.example:8443/x", False, "changes something"),
        (HERE, "https://127.0.0.1/x", True, "this machine itself"),
        (HERE, "https://localhost/x", True, "this machine itself"),
        (HERE, "https://user:secret@other.example/x", True, "cannot be asked"),
        (HERE, "file:///etc/passwd", True, "plain http|cannot be asked"),
        (PLAIN, "ftp://other.example/", False, "cannot be asked"),
        (PLAIN, "http://[::1/", True, "no URL"),
    ],
)
def test_a_redirect_that_leads_astray_is_not_followed(url: str, location: str, reads: bool, why: str) -> None:
    """Never to plain http, to this machine, with credentials in the URL; what changes something nowhere else at all."""
    with pytest.raises(Untrustworthy, match=why):
        redirected(url, location, reads=reads)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v2/app/blobs/uploads/1?state=x", "https://registry.example/v2/app/blobs/uploads/1?state=x"),
        ("https://registry.example/v2/x", "https://registry.example/v2/x"),
        ("https://registry.example:443/v2/x", "https://registry.example/v2/x"),
        ("http://registry.example/v2/x", "https://registry.example/v2/x"),
        ("?last=b&n=2", "https://registry.example/v2/app/blobs/x?last=b&n=2"),
    ],
)
def test_a_place_of_the_registry_stays_at_its_origin(location: str, target: str) -> None:
    """A registry behind a proxy that ends TLS names itself with http: it is asked over https all the same."""
    assert own(HERE, location) == target


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example/x",
        "http://registry.example:5000/x",
        "https://registry.example:8443/x",
        "ftp://a/",
        "//o/x",
    ],
)
def test_a_place_on_another_host_is_none_of_the_registry(location: str) -> None:
    """Upload locations and next pages are of the registry itself."""
    with pytest.raises(Untrustworthy):
        own(HERE, location)


@pytest.mark.parametrize(
    ("url", "realm"),
    [
        (HERE, "https://auth.example/token"),
        (HERE, "https://registry.example/token?x=1"),
        (PLAIN, "http://auth.example/token"),
        (PLAIN, "https://auth.example/token"),
        (LOOPBACK, "http://localhost:5001/token"),
        (LOOPBACK, "https://auth.example/token"),
    ],
)
def test_a_token_server_may_be_elsewhere(url: str, realm: str) -> None:
    """Over https on any host; over http where the registry itself is asked over http."""
    assert checked_realm(url, realm) == realm


@pytest.mark.parametrize(
    ("url", "realm", "why"),
    [
        (HERE, "http://auth.example/token", "plain http"),
        (HERE, "http://registry.example/token", "plain http"),
        (LOOPBACK, "http://auth.example/token", "plain http"),
        (HERE, "https://127.0.0.1/token", "this machine itself"),
        (PLAIN, "http://localhost/token", "this machine itself"),
        (HERE, "a realm in words", "no URL"),
        (HERE, "https://user:secret@auth.example/token", "no URL"),
        (HERE, "https://auth.example:x/token", "no URL"),
    ],
)
def test_a_token_server_that_would_spill_the_credentials_is_not_asked(url: str, realm: str, why: str) -> None:
    """Never over http from https, and not at this machine for a registry that is not on it."""
    with pytest.raises(Untrustworthy, match=why):
        checked_realm(url, realm)
