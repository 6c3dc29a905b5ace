from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.content import image, index
from tests.support.verb import verb, verb_on_a_terminal

pytestmark = pytest.mark.slow

SHARED = b"s" * 10_000


@pytest.fixture(scope="module")
def host(any_registry: httpx2.Client) -> str:
    """Two repositories that share a layer; the first has an index whose platforms are counted once each."""
    one = Shelf(any_registry, "du/one")
    one.push(index(image(SHARED), image(b"a" * 5000)), "multi")
    one.push(image(b"b" * 3000), "v1", "v2")
    Shelf(any_registry, "du/two").push(image(SHARED, b"c" * 100), "v1")
    return any_registry.base_url.netloc.decode()


def test_each_byte_is_counted_once(host: str, home: dict[str, str]) -> None:
    """Of repositories: what only one has, what both have, and the sum."""
    found = json.loads(verb("du", host, "--json", environ=home).stdout)
    one, two = (
        next(each for each in found["repositories"] if each["repository"] == name) for name in ("du/one", "du/two")
    )
    assert one["bytes"]["shared"] == two["bytes"]["shared"] == found["bytes"]["shared"] == len(SHARED)
    assert one["bytes"]["exclusive"] > 8000
    assert (one["tags"], one["versions"], two["tags"], two["versions"]) == (3, 4, 1, 1)
    assert found["bytes"]["total"] == one["bytes"]["exclusive"] + two["bytes"]["exclusive"] + len(SHARED)


def test_a_repository_is_shown_by_its_versions(host: str, home: dict[str, str]) -> None:
    """Each version with its tags, its platforms counted with it, the largest first."""
    found = json.loads(verb("du", f"{host}/du/one", "--json", environ=home).stdout)
    assert [each["tags"] for each in found["versions"]] == [["multi"], ["v1", "v2"]]
    assert found["versions"][0]["bytes"]["exclusive"] > 15_000


def test_a_person_sees_a_table(host: str, home: dict[str, str]) -> None:
    """The largest first, and the sums below."""
    lines = verb("du", f"{host}/du/*", environ=home).stdout.splitlines()
    assert lines[0].split() == ["EXCLUSIVE", "SHARED", "VERSIONS", "TAGS", "REPOSITORY"]
    assert [line.split()[-1] for line in lines[1:3]] == ["du/one", "du/two"]
    assert lines[-2].startswith("total ")


def test_a_picture_in_a_file_is_an_svg(host: str, home: dict[str, str]) -> None:
    """Each repository is a rectangle that says its name and size."""
    done = verb("du", host, "--treemap", environ=home)
    titles = [each.text for each in ET.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}title")]  # noqa: S314
    assert any((title or "").startswith("du/one: ") for title in titles)
    assert any((title or "").startswith("du/two: ") for title in titles)


def test_a_picture_on_a_terminal_has_the_names(host: str, home: dict[str, str]) -> None:
    """In colours, or with NO_COLOR in borders alone."""
    environ = {**home, "COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
    coloured = verb_on_a_terminal("du", host, "--treemap", environ=environ).stdout
    assert "du/one" in coloured
    assert "\x1b[" in coloured
    plain = verb_on_a_terminal("du", host, "--treemap", environ={**environ, "NO_COLOR": "1"}).stdout
    picture = plain[plain.index("du/one") :]
    assert "│" in picture
    assert "\x1b[3" not in picture
    assert "\x1b[4" not in picture


def test_a_repository_without_tags_is_not_found(host: str, home: dict[str, str]) -> None:
    """Status 3, and which command lists what there is."""
    done = verb("du", f"{host}/du/none", environ=home)
    assert done.returncode == 3
    assert f"jettison ls {host}" in done.stderr
