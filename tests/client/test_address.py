from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.client.address import Address, Host
from jettison.client.errors import Invalid
from jettison.oci.digest import Digest

DIGEST = Digest.of(b"content")


@pytest.mark.parametrize(
    ("text", "host", "repository", "reference"),
    [
        ("localhost:5000/repo1", "localhost:5000", "repo1", None),
        ("localhost:5000/repo1:v1", "localhost:5000", "repo1", "v1"),
        (f"ghcr.io/org/app@{DIGEST}", "ghcr.io", "org/app", str(DIGEST)),
        (f"ghcr.io/org/app:v1@{DIGEST}", "ghcr.io", "org/app", str(DIGEST)),
        ("alpine", "docker.io", "library/alpine", None),
        ("alpine:3", "docker.io", "library/alpine", "3"),
        ("org/app:3", "docker.io", "org/app", "3"),
        ("docker.io/alpine", "docker.io", "library/alpine", None),
        ("index.docker.io/org/app", "docker.io", "org/app", None),
        ("registry-1.docker.io/library/alpine", "docker.io", "library/alpine", None),
        ("Registry/app", "registry", "app", None),
        ("[::1]:5000/app:v1", "[::1]:5000", "app", "v1"),
        ("registry:5000/app", "registry:5000", "app", None),
        ("localhost/app", "localhost", "app", None),
        ("localhost:5000", "localhost:5000", None, None),
        ("ghcr.io", "ghcr.io", None, None),
        ("registry:5000/", "registry:5000", None, None),
    ],
)
def test_an_address_is_read_as_docker_reads_it(
    text: str, host: str, repository: str | None, reference: str | None
) -> None:
    """Host, repository and reference, with the short forms of Docker Hub."""
    address = Address.parse(text)
    assert str(address.host) == host
    assert (address.repository and str(address.repository)) == repository
    assert (address.reference and str(address.reference)) == reference


def test_a_tag_beside_a_digest_is_kept() -> None:
    """The digest is what is meant, and the tag is still known."""
    address = Address.parse(f"ghcr.io/org/app:v1@{DIGEST}")
    assert (str(address.tag), address.digest) == ("v1", DIGEST)
    assert str(address) == f"ghcr.io/org/app:v1@{DIGEST}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("https://ghcr.io/app", "leave out https://"),
        ("http://localhost:5000/app", "--plain-http"),
        ("ghcr.io/App", "lower-case"),
        ("ghcr.io/app:", "tag"),
        ("ghcr.io/app:-v", "tag"),
        ("ghcr.io/app@sha256:12", "digest"),
        ("localhost:99999/app", "port"),
        ("localhost:0/app", "port"),
        ("user@ghcr.io/app", "not the address"),
        ("[::x]:5000/app", "not the address"),
        ("[1:2]:5000/app", "IPv6"),
        ("ghcr.io//app", "repository name"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, why: str) -> None:
    """Invalid, and the message names what is wrong."""
    with pytest.raises(Invalid, match=why):
        Address.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_invalid(text: str) -> None:
    """Nothing else is raised, and what was read is written and read again as the same."""
    try:
        address = Address.parse(text)
    except Invalid:
        return
    written = f"{address}/" if address.repository is None else str(address)
    assert Address.parse(written) == address


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("registry.localhost:80", True),
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("[::1]:5000", True),
        ("ghcr.io", False),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("10.0.0.1:5000", False),
    ],
)
def test_loopback_addresses_are_told_apart(text: str, loopback: bool) -> None:
    """Only the machine itself may be asked over plain http without saying so."""
    assert Host.parse(text).is_loopback is loopback


def test_docker_hub_is_asked_at_its_api() -> None:
    """docker.io is a name; the API is at another host."""
    assert Host.parse("docker.io").authority == "registry-1.docker.io"
    assert Host.parse("GHCR.io").authority == "ghcr.io"
    assert Host.parse("[0:0::1]:5000").authority == "[::1]:5000"
