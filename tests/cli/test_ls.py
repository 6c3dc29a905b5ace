from __future__ import annotations

import json

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.verb import verb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def host(any_registry: httpx2.Client) -> str:
    """A registry of three repositories."""
    for name in ("alone", "team/app", "team/deep/tool"):
        Shelf(any_registry, name).push_image("v1")
    return any_registry.base_url.netloc.decode()


def test_repositories_are_listed_one_a_line(host: str, home: dict[str, str]) -> None:
    """Names on stdout, and nothing on stderr."""
    done = verb("ls", host, environ=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "alone\nteam/app\nteam/deep/tool\n", "")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("team/*", ["team/app"]), ("team/**", ["team/app", "team/deep/tool"]), ("al*", ["alone"]), ("x", [])],
)
def test_a_pattern_chooses_among_them(host: str, home: dict[str, str], pattern: str, names: list[str]) -> None:
    """`*` stays within a component, `**` does not."""
    assert verb("ls", host, pattern, environ=home).stdout.split() == names


def test_programs_read_json_or_json_lines(host: str, home: dict[str, str]) -> None:
    """One document of all names, or one for each."""
    names = ["alone", "team/app", "team/deep/tool"]
    assert json.loads(verb("ls", host, "--json", environ=home).stdout) == names
    lines = verb("ls", host, "--jsonl", environ=home).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"repository": name} for name in names]


def test_a_repository_is_no_registry(host: str, home: dict[str, str]) -> None:
    """It says which command lists tags."""
    done = verb("ls", f"{host}/team/app", environ=home)
    assert done.returncode == 2
    assert f"jettison tags {host}/team/app" in done.stderr
    assert done.stdout == ""


def test_a_registry_that_does_not_answer_is_one_line(home: dict[str, str]) -> None:
    """No traceback: the status is 1, and the line names the registry."""
    done = verb("ls", "127.0.0.1:1", environ=home)
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
