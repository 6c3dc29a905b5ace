from __future__ import annotations

import json

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.content import image, index, referrer
from tests.support.verb import verb

pytestmark = pytest.mark.slow


def test_all_platforms_and_what_refers_to_it_are_copied(
    shelf: Shelf, own_registry: httpx2.Client, home: dict[str, str]
) -> None:
    """From one registry to another: the same digests, and the digest on stdout."""
    whole = index(image(b"1"), image(b"2"))
    said = referrer(whole)
    source = Shelf(own_registry, shelf.name)
    source.push(whole, "v1")
    source.push(said)
    target = Shelf(shelf.client, f"{shelf.name}/copy")
    done = verb("cp", f"{source.address}:v1", f"{target.address}:new", environ=home)
    assert (done.returncode, done.stdout) == (0, f"{target.address}:new@{whole.digest}\n"), done.stderr
    assert target.digest("new") == str(whole.digest)
    assert all(target.has(str(each.digest)) for each in (*whole.closure(), said))


def test_within_a_registry_nothing_is_sent(shelf: Shelf, home: dict[str, str]) -> None:
    """Blobs are taken over; without a tag, the copy has that of the source."""
    shelf.push_image("v1")
    target = Shelf(shelf.client, f"{shelf.name}/copy")
    done = json.loads(verb("cp", f"{shelf.address}:v1", target.address, "--json", environ=home).stdout)
    assert done["blobs"] == {"sent": 0, "mounted": 2, "there": 0}
    assert done["bytes_sent"] == 0
    assert target.tags() == ["v1"]


def test_what_is_not_there_is_not_found(shelf: Shelf, home: dict[str, str]) -> None:
    """Status 3, and nothing is made."""
    shelf.push_image("v1")
    assert verb("cp", f"{shelf.address}:none", f"{shelf.address}/copy:x", environ=home).returncode == 3
    assert Shelf(shelf.client, f"{shelf.name}/copy").tags() == []


def test_source_and_target_are_checked_first(own_shelf: Shelf, home: dict[str, str]) -> None:
    """A source without a tag, or a target with a digest, is status 2."""
    assert verb("cp", own_shelf.address, f"{own_shelf.address}/copy:x", environ=home).returncode == 2
    digest = f"sha256:{'0' * 64}"
    assert verb("cp", f"{own_shelf.address}:v1", f"{own_shelf.address}@{digest}", environ=home).returncode == 2
