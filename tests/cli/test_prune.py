from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.cli.conftest import KINDS, serving
from tests.cli.shelf import Shelf
from tests.support.content import image, index
from tests.support.verb import verb

pytestmark = pytest.mark.slow


@pytest.fixture
def shelf(others_registry: httpx2.Client, request: pytest.FixtureRequest) -> Shelf:
    """A repository in a registry that does not tell when something was pushed."""
    return Shelf(others_registry, f"cli/{request.node.originalname.removeprefix('test_')[:60]}")


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=pytest.mark.needs(*parts)) for kind, parts in KINDS.items() if kind != "jettison"],
)
def others_registry(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """CNCF distribution of each version."""
    with serving(request.param) as client:
        yield client


def dated(shelf: Shelf) -> None:
    """Tags that were made on different days, and one that says no date."""
    for tag, created in (
        ("v1", "2020-01-01T00:00:00Z"),
        ("v2", "2020-02-01T00:00:00Z"),
        ("pr-1", "2020-03-01T00:00:00Z"),
        ("pr-2", "2020-04-01T00:00:00Z"),
        ("pr-3", "2020-05-01T00:00:00Z"),
    ):
        shelf.push_image(tag, created=created)
    shelf.push_image("undated")


def test_the_newest_stay_and_each_line_says_its_reason(shelf: Shelf, home: dict[str, str]) -> None:
    """A dry run shows every tag, what goes first, and changes nothing; then just that goes."""
    dated(shelf)
    rules = ("--keep", "1", "--keep-tag", "v1", "--older-than", "30d")
    lines = verb("prune", shelf.address, *rules, "--dry-run", environ=home).stdout.splitlines()
    shown = {(line.split()[0], line.split()[1].rpartition(":")[2]): line.split(maxsplit=3)[3] for line in lines[1:]}
    assert shown == {
        ("goes", "pr-1"): "older than 30d, not the newest of all tags",
        ("goes", "pr-2"): "older than 30d, not the newest of all tags",
        ("goes", "v2"): "older than 30d, not the newest of all tags",
        ("stays", "pr-3"): "the newest of all tags",
        ("stays", "undated"): "its date is not known",
        ("stays", "v1"): "v1 stays",
    }
    assert [line.split()[0] for line in lines[1:]] == ["goes"] * 3 + ["stays"] * 3
    assert len(shelf.tags()) == 6
    done = verb("prune", shelf.address, *rules, "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert shelf.tags() == ["pr-3", "undated", "v1"]


def test_a_pattern_says_which_tags_and_which_repositories(shelf: Shelf, home: dict[str, str]) -> None:
    """Only tags that match go, of all repositories that match."""
    other = Shelf(shelf.client, f"{shelf.name}/below")
    for each in (shelf, other):
        each.push_image("pr-1", created="2020-03-01T00:00:00Z")
        each.push_image("main", created="2020-03-01T00:00:00Z")
    done = verb("prune", f"{shelf.address}/**", "--tag", "pr-*", "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert (shelf.tags(), other.tags()) == (["main", "pr-1"], ["main"])


def test_untagged_versions_go_and_platforms_of_what_stays_do_not(own_shelf: Shelf, home: dict[str, str]) -> None:
    """A Jettison server tells which versions nothing needs; a version goes with its last tag."""
    kept, lost, platform = image(b"kept"), image(b"lost"), image(b"platform")
    own_shelf.push(index(platform), "v1")
    own_shelf.push(kept, "keep")
    own_shelf.push(lost)
    shared = own_shelf.push(image(b"shared"), "old", "older")
    done = verb("prune", own_shelf.address, "--tag", "old*", "--untagged", "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert own_shelf.tags() == ["keep", "v1"]
    assert [own_shelf.has(str(each)) for each in (kept.digest, platform.digest, lost.digest, shared)] == [
        True,
        True,
        False,
        False,
    ]


def test_the_dates_of_a_jettison_server_are_those_of_the_push(own_shelf: Shelf, home: dict[str, str]) -> None:
    """Whatever the images say: the last that was pushed is the newest, and none of them is an hour old."""
    for tag, created in (("new", "2024-01-01T00:00:00Z"), ("none", None), ("old", "2020-01-01T00:00:00Z")):
        time.sleep(1.1)  # times are told in whole seconds
        own_shelf.push_image(tag, created=created)
    own_shelf.push(image(b"untagged"))
    own_shelf.push(image(b"moved"), "again")
    time.sleep(1.1)
    own_shelf.push_image("again", created="2019-01-01T00:00:00Z")
    rules = ("--keep", "2", "--untagged")
    lines = verb("prune", own_shelf.address, *rules, "-n", environ=home).stdout.splitlines()[1:]
    assert sorted(line.split()[1].rpartition(":")[2] for line in lines if line.startswith("stays")) == ["again", "old"]
    assert sum(line.startswith("goes") for line in lines) == 2 + 2 + 2  # tags, their versions, and untagged ones
    assert not any(" ? " in line for line in lines)
    young = verb("prune", own_shelf.address, "--older-than", "1h", "--untagged", "-n", environ=home)
    assert "nothing is to go by these rules" in young.stderr
    done = verb("prune", own_shelf.address, *rules, "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert own_shelf.tags() == ["again", "old"]
    assert verb("prune", own_shelf.address, "--untagged", "-n", environ=home).stderr.count("nothing is to go") == 1


def test_more_versions_than_a_page_has_are_all_seen(own_shelf: Shelf, home: dict[str, str]) -> None:
    """The list of a Jettison server is read to its end."""
    for number in range(105):
        own_shelf.push(image(b"%d" % number))
    own_shelf.push(image(b"tagged"), "v1")
    done = verb("prune", own_shelf.address, "--untagged", "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert own_shelf.tags() == ["v1"]
    listed = own_shelf.client.get(f"/api/v1/versions/{own_shelf.name}").json()["versions"]
    assert [[tag["name"] for tag in each["tags"]] for each in listed] == [["v1"]]


def test_more_than_was_allowed_is_nothing(shelf: Shelf, home: dict[str, str]) -> None:
    """--max-delete refuses as a whole: status 1, the decisions, and all tags."""
    dated(shelf)
    done = verb("prune", shelf.address, "--keep", "1", "--max-delete", "3", "--yes", environ=home)
    assert done.returncode == 1
    assert "4 would be deleted" in done.stderr
    assert "goes" in done.stdout
    assert len(shelf.tags()) == 6
    assert verb("prune", shelf.address, "--keep", "1", "--max-delete", "4", "--yes", environ=home).returncode == 0
    assert shelf.tags() == ["pr-3", "undated"]


def test_what_was_pruned_comes_back(shelf: Shelf, home: dict[str, str]) -> None:
    """Undo takes a whole prune back."""
    dated(shelf)
    before = {tag: shelf.digest(tag) for tag in shelf.tags()}
    assert verb("prune", shelf.address, "--keep", "2", "--untagged", "--yes", environ=home).returncode == 0
    assert shelf.tags() == ["pr-2", "pr-3", "undated"]
    done = verb("undo", environ=home)
    assert done.returncode == 0, done.stderr
    assert {tag: shelf.digest(tag) for tag in shelf.tags()} == before


def test_json_has_the_reasons(shelf: Shelf, home: dict[str, str]) -> None:
    """Each item of the plan says why it goes."""
    dated(shelf)
    found = json.loads(
        verb("prune", shelf.address, "--tag", "pr-*", "--keep", "2", "-n", "--json", environ=home).stdout
    )
    (registry,) = found["registries"]
    assert [(each["tag"], each["reason"]) for each in registry["plan"]["items"]] == [
        ("pr-1", "not among the 2 newest of pr-*")
    ]


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["HOST/app"], "--keep, --older-than, --tag or --untagged"),
        (["HOST/app", "--keep-tag", "v*"], "no rule lets anything go"),
        (["HOST", "--keep", "1"], "/**"),
        (["HOST/app:v1", "--keep", "1"], "jettison rm"),
        (["HOST/app", "--older-than", "30"], "30d, 12h"),
        (["HOST/app", "--keep", "-1"], "0"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(
    own_shelf: Shelf, home: dict[str, str], arguments: list[str], advice: str
) -> None:
    """Status 2; nothing is guessed where something would be deleted."""
    host = own_shelf.address.partition("/")[0]
    done = verb("prune", *(each.replace("HOST", host) for each in arguments), "--yes", environ=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert advice in done.stderr
