"""Registries in this process, with accounts in them, that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.access.outside import Outside, open_outside
from tests.access.people import People, settle
from tests.access.site import URL, Site

ACCOUNTS = {"auth": {"jettison": {"realm": "Jettison"}}}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """One with accounts of its own and `http.host`, so that its challenge is Bearer."""
    with Site({**ACCOUNTS, "http": {"host": URL}}) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(site: Site) -> People:
    """The accounts in it."""
    return settle(site)


@pytest.fixture(scope="module")
def plain_site() -> Iterator[Site]:
    """One with accounts of its own whose address nobody has told it, so that its challenge is Basic."""
    with Site(ACCOUNTS) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain_people(plain_site: Site) -> People:
    """The accounts in it."""
    return settle(plain_site)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    """One for which an outside token server vouches."""
    with open_outside() as opened:
        yield opened


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One with a password file, in which somebody has `the right one`, and plain one that is no bcrypt."""
    with Site({"auth": {"htpasswd": {"realm": "Files", "path": str(password_file(tmp_path_factory))}}}) as opened:
        yield opened


def password_file(folders: pytest.TempPathFactory) -> Path:
    """A new one."""
    file = folders.mktemp("htpasswd") / "htpasswd"
    hashed = bcrypt.hashpw(b"the right one", bcrypt.gensalt(4)).decode()
    file.write_text(f"somebody:{hashed}\nplain:plain\n")
    return file
