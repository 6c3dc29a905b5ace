from __future__ import annotations

import json

import pytest

from tests.cli.shelf import Shelf
from tests.support.verb import verb

pytestmark = pytest.mark.slow


def test_tags_are_listed_one_a_line(shelf: Shelf, home: dict[str, str]) -> None:
    """Names on stdout, and nothing on stderr; a pattern chooses."""
    shelf.push_image("v1", "v2", "latest")
    done = verb("tags", shelf.address, environ=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "latest\nv1\nv2\n", "")
    assert verb("tags", shelf.address, "v*", "--jsonl", environ=home).stdout == '{"tag": "v1"}\n{"tag": "v2"}\n'


def test_long_shows_the_newest_first(shelf: Shelf, home: dict[str, str]) -> None:
    """With digest, size and age, whatever the order of names; an image without a date is last."""
    old = shelf.push_image("b", created="2020-01-01T00:00:00Z")
    shelf.push_image("a", created="2026-01-01T00:00:00.123456789Z")
    shelf.push_image("c")
    heading, *lines = verb("tags", shelf.address, "--long", environ=home).stdout.splitlines()
    assert heading.split() == ["TAG", "DIGEST", "SIZE", "AGE"]
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    assert lines[1].split()[1] == old
    assert lines[2].split()[-1] == "?"
    listed = json.loads(verb("tags", shelf.address, "--long", "--json", environ=home).stdout)
    assert listed[1]["created"] == "2020-01-01T00:00:00+00:00"
    assert listed[1]["digest"] == old
    assert listed[2]["created"] is None


def test_a_repository_that_is_not_there_is_not_found(shelf: Shelf, home: dict[str, str]) -> None:
    """Status 3, and no tags."""
    done = verb("tags", shelf.address, environ=home)
    assert (done.returncode, done.stdout) == (3, "")
    assert "error:" in done.stderr


@pytest.mark.parametrize(
    ("given", "advice"), [("HOST", "jettison ls"), ("HOST/app:v1", "jettison inspect"), ("HOST/App", "lower-case")]
)
def test_what_is_no_repository_is_refused_with_the_next_command(
    own_shelf: Shelf, home: dict[str, str], given: str, advice: str
) -> None:
    """Status 2, and nothing is asked."""
    done = verb("tags", given.replace("HOST", own_shelf.address.partition("/")[0]), environ=home)
    assert done.returncode == 2
    assert advice in done.stderr
