"""TLS through the verbs: who is trusted, and that nothing falls back to plain http."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.certificates import Authority
from tests.support.server import JettisonServer
from tests.support.verb import verb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates are: `Registry.pem` of its authority, `Other.pem` of one that knows nothing of it."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[Shelf]:
    """A repository with the tag v1 of a registry with TLS, whose authority nobody knows."""
    authority = Authority("Registry")
    authority.write(folder)
    Authority("Other").write(folder)
    certificate, key = authority.issue("127.0.0.1").write(folder, "registry")
    config = {"http": {"tls": {"certificate": str(certificate), "key": str(key)}}}
    with (
        JettisonServer(config=config) as server,
        httpx2.Client(base_url=server.url, verify=False, trust_env=False) as client,
    ):
        shelf = Shelf(client, "app")
        shelf.push_image("v1")
        yield shelf


def test_an_unknown_authority_is_refused_with_the_way_out(secure: Shelf, home: dict[str, str]) -> None:
    """Status 1; both options are named."""
    done = verb("tags", secure.address, environ=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--ca-cert" in done.stderr
    assert "--insecure-skip-verify" in done.stderr


def test_the_authority_that_is_named_is_trusted(secure: Shelf, home: dict[str, str], folder: Path) -> None:
    """--ca-cert lets its certificates in, and those of no other."""
    done = verb("tags", secure.address, "--ca-cert", folder / "Registry.pem", environ=home)
    assert (done.returncode, done.stdout) == (0, "v1\n"), done.stderr
    assert verb("tags", secure.address, "--ca-cert", folder / "Other.pem", environ=home).returncode == 1


@pytest.mark.parametrize("name", ["nothing.pem", "text.pem"])
def test_a_file_that_has_no_certificates_is_refused(
    secure: Shelf, home: dict[str, str], folder: Path, name: str
) -> None:
    """Status 2, and which file."""
    (folder / "text.pem").write_text("no certificate")
    done = verb("tags", secure.address, "--ca-cert", folder / name, environ=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert name in done.stderr


def test_anybody_is_trusted_where_that_is_said(secure: Shelf, home: dict[str, str]) -> None:
    """--insecure-skip-verify reads and deletes; without it, nothing was sent."""
    assert verb("rm", f"{secure.address}:v1", "--yes", "--dry-run", environ=home).returncode == 1
    done = verb("tags", secure.address, "--insecure-skip-verify", environ=home)
    assert (done.returncode, done.stdout) == (0, "v1\n"), done.stderr


def test_plain_http_finds_no_registry_behind_tls(secure: Shelf, home: dict[str, str]) -> None:
    """--plain-http is never https: status 1, and no list."""
    done = verb("tags", secure.address, "--plain-http", environ=home)
    assert done.returncode in {1, 3}
    assert done.stdout == ""


def test_plain_http_reads_a_registry_without_tls(own_shelf: Shelf, home: dict[str, str]) -> None:
    """A loopback address is found without the option too."""
    own_shelf.push_image("v1")
    for options in ((), ("--plain-http",)):
        assert verb("tags", own_shelf.address, *options, environ=home).stdout == "v1\n"


def test_a_host_elsewhere_is_never_asked_over_plain_http(home: dict[str, str]) -> None:
    """A name that is no loopback address is asked over https only, and a URL is no address."""
    refused = verb("tags", "http://registry.invalid/app", environ=home)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--plain-http" in refused.stderr
    done = verb("tags", "registry.invalid/app", environ=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "https://registry.invalid" in done.stderr
