from __future__ import annotations

import hashlib
import json

import pytest

from tests.cli.shelf import Shelf
from tests.support.content import image, index, referrer
from tests.support.verb import verb, verb_on_a_terminal

pytestmark = pytest.mark.slow


def test_an_index_shows_what_it_lists(shelf: Shelf, home: dict[str, str]) -> None:
    """Its platforms and their digests, in a tree whose lines are never cut."""
    images = [image(b"one"), image(b"two")]
    digest = shelf.push(index(*images), "m")
    shown = verb("inspect", f"{shelf.address}:m", environ=home)
    assert shown.returncode == 0
    for each in (digest, *(str(each.digest) for each in images)):
        assert each in shown.stdout
    assert all(line == line.rstrip() for line in shown.stdout.splitlines())


def test_json_has_the_manifest_and_what_refers_to_it(own_shelf: Shelf, home: dict[str, str]) -> None:
    """Digest, size of all of it, layers, and referrers."""
    subject = image(b"layer", config=json.dumps({"os": "linux", "architecture": "arm64"}).encode())
    said = referrer(subject)
    own_shelf.push(subject, "v1")
    own_shelf.push(said)
    found = json.loads(verb("inspect", f"{own_shelf.address}:v1", "--json", environ=home).stdout)
    assert found["digest"] == str(subject.digest)
    assert (found["os"], found["architecture"]) == ("linux", "arm64")
    assert found["size"] == len(subject.content) + sum(map(len, subject.blobs))
    assert [each["size"] for each in found["layers"]] == [5]
    assert [each["digest"] for each in found["referrers"]] == [str(said.digest)]


def test_raw_is_the_manifests_own_bytes(shelf: Shelf, home: dict[str, str]) -> None:
    """What is printed has the digest, to the last byte."""
    digest = shelf.push_image("v1")
    printed = verb("inspect", f"{shelf.address}@{digest}", "--raw", environ=home).stdout
    assert f"sha256:{hashlib.sha256(printed.encode()).hexdigest()}" == digest


def test_what_is_not_there_is_not_found(shelf: Shelf, home: dict[str, str]) -> None:
    """Status 3; without a tag or digest it is 2, and says which command lists them."""
    assert verb("inspect", f"{shelf.address}:none", environ=home).returncode == 3
    done = verb("inspect", shelf.address, environ=home)
    assert done.returncode == 2
    assert f"jettison tags {shelf.address}" in done.stderr


def test_no_color_is_kept_on_a_terminal(own_shelf: Shelf, home: dict[str, str]) -> None:
    """With NO_COLOR a terminal gets no escape sequence for an error; without it, the word is coloured."""
    plain = verb_on_a_terminal("inspect", own_shelf.address, environ={**home, "NO_COLOR": "1"})
    assert "error:" in plain.stdout
    assert "\x1b[" not in plain.stdout
    assert "\x1b[1;31merror:" in verb_on_a_terminal("inspect", own_shelf.address, environ=home).stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_others_wrote_changes_no_terminal(
    own_shelf: Shelf, home: dict[str, str], options: tuple[str, ...]
) -> None:
    """An annotation may hold anything: what is not printable is escaped."""
    own_shelf.push(index(image(b"one"), annotations={"note": "\x1b]0;title\x07 \x9b31m \u202e"}), "m")
    shown = verb("inspect", f"{own_shelf.address}:m", *options, environ=home).stdout
    assert "title" in shown
    assert all(line.isprintable() for line in shown.splitlines())
