from __future__ import annotations

import json

import pytest

from tests.cli.shelf import Shelf
from tests.support.content import image, index
from tests.support.verb import verb

pytestmark = pytest.mark.slow


def test_what_was_deleted_comes_back(shelf: Shelf, home: dict[str, str]) -> None:
    """Tags and versions, an index with its platforms too: on stdout, each that is back."""
    whole = index(image(b"1"), image(b"2"))
    shelf.push(whole, "m", "latest")
    assert verb("rm", f"{shelf.address}@{whole.digest}", "--yes", environ=home).returncode == 0
    assert shelf.tags() == []
    done = verb("undo", environ=home)
    assert done.returncode == 0, done.stderr
    assert str(whole.digest) in done.stdout
    assert shelf.tags() == ["latest", "m"]
    assert all(shelf.has(str(each.digest)) for each in whole.closure())


def test_a_tag_that_was_pushed_since_is_left(shelf: Shelf, home: dict[str, str]) -> None:
    """It says so, and brings back the others."""
    shelf.push_image("a")
    shelf.push_image("b")
    verb("rm", f"{shelf.address}:a", f"{shelf.address}:b", "--yes", environ=home)
    new = shelf.push_image("a")
    done = verb("undo", environ=home)
    assert done.returncode == 0, done.stderr
    assert f"{shelf.address}:a" in done.stderr
    assert shelf.digest("a") == new
    assert shelf.tags() == ["a", "b"]


def test_deletions_are_listed_and_taken_back_by_name(own_shelf: Shelf, home: dict[str, str]) -> None:
    """The newest first; an older one is named."""
    own_shelf.push_image("a")
    own_shelf.push_image("b")
    for tag in "ab":
        verb("rm", f"{own_shelf.address}:{tag}", "--yes", environ=home)
    listed = json.loads(verb("undo", "--list", "--json", environ=home).stdout)
    assert [each["items"] for each in listed] == [[f"{own_shelf.name}:b"], [f"{own_shelf.name}:a"]]
    assert verb("undo", listed[1]["deletion"], environ=home).returncode == 0
    assert own_shelf.tags() == ["a"]


def test_where_nothing_was_deleted_there_is_nothing_to_undo(home: dict[str, str]) -> None:
    """Status 3; the list is empty and no error."""
    assert verb("undo", environ=home).returncode == 3
    assert verb("undo", "nothing", environ=home).returncode == 3
    done = verb("undo", "--list", environ=home)
    assert (done.returncode, done.stdout) == (0, "")
