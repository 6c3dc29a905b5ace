"""Credentials that other programs have stored are found, and what is stored here is found by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jettison.client import Credentials, Host, Keychain, Registry
from tests.client.conftest import Site, start
from tests.client.pushing import push
from tests.support.command import run
from tests.support.content import image
from tests.support.parts import program
from tests.support.token_server import PASSWORD, USER

pytestmark = pytest.mark.needs("crane", "skopeo", "docker-registry")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """A registry that wants a password, with something in it."""
    with ExitStack() as stack:
        site = start(stack, tmp_path, "docker-registry", "basic")
        with Registry(site.address, credentials=site.credentials) as registry:
            push(registry.repository("app"), image(b"layer"), "v1")
        yield site


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home without credentials."""
    for folder in (".docker", "run"):
        (tmp_path / "home" / folder).mkdir(parents=True)
    return {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path / "home" / "run")}


def keychain(environ: dict[str, str]) -> Keychain:
    """The keychain of that home."""
    return Keychain(environ, Path(environ["HOME"]))


def tags(site: Site, environ: dict[str, str]) -> list[str]:
    """What the client lists with what it finds."""
    with Registry(site.address, credentials=keychain(environ)) as registry:
        return [str(tag) for tag in registry.repository("app").tags()]


def test_who_signed_in_with_crane_is_signed_in(guarded: Site, environ: dict[str, str]) -> None:
    """It writes docker's file."""
    run([program("crane"), "auth", "login", guarded.address, "-u", USER, "-p", PASSWORD], environ=environ)
    assert tags(guarded, environ) == ["v1"]


def test_who_signed_in_with_skopeo_is_signed_in(guarded: Site, environ: dict[str, str]) -> None:
    """It writes podman's file: for the registry, or for a repository only."""
    for place in (guarded.address, f"{guarded.address}/app"):
        login = [program("skopeo"), "login", "--tls-verify=false", "-u", USER, "-p", PASSWORD, place]
        run(login, environ=environ)
        assert tags(guarded, environ) == ["v1"]
        run([program("skopeo"), "logout", place], environ=environ)
        assert keychain(environ).find(Host.parse(guarded.address)).is_anonymous


@pytest.mark.parametrize("file", [".docker/config.json", ".config/containers/auth.json"])
def test_what_is_stored_here_signs_the_others_in(guarded: Site, environ: dict[str, str], file: str) -> None:
    """Skopeo reads both files, crane too; after erasing, neither is let in."""
    written = Path(environ["HOME"]) / file
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("{}")
    keychain(environ).store(Host.parse(guarded.address), Credentials(USER, PASSWORD))
    listings = [
        [program("crane"), "ls", f"{guarded.address}/app"],
        [program("skopeo"), "list-tags", "--tls-verify=false", f"docker://{guarded.address}/app"],
    ]
    for listing in listings:
        assert "v1" in run(listing, environ=environ).stdout
    keychain(environ).erase(Host.parse(guarded.address))
    for listing in listings:
        assert run(listing, environ=environ, check=False).returncode != 0
