from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import KINDS, serving
from tests.cli.shelf import Shelf
from tests.support.content import image, index, referrer
from tests.support.parts import ROOT
from tests.support.verb import verb, verb_on_a_terminal

pytestmark = pytest.mark.slow


def test_a_tag_goes_alone(shelf: Shelf, home: dict[str, str]) -> None:
    """Other tags of the same version stay, on each registry; what went is on stdout, how to undo it on stderr."""
    digest = shelf.push_image("v1", "v2", "v3")
    done = verb("rm", f"{shelf.address}:v2", "--yes", environ=home)
    assert (done.returncode, done.stdout) == (0, f"deleted {shelf.address}:v2\n")
    assert "jettison undo " in done.stderr
    assert shelf.tags() == ["v1", "v3"]
    assert shelf.digest("v1") == digest


def test_several_go_at_once_and_standard_input_names_more(shelf: Shelf, home: dict[str, str]) -> None:
    """`-` stands for the lines of standard input; blank ones and remarks are passed over, and each counts once."""
    for tag in "abcd":
        shelf.push_image(tag)
    lines = f"{shelf.address}:b\n\n# a remark\n{shelf.address}:c\n{shelf.address}:a\n"
    environ = {**os.environ, **home, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "jettison", "rm", "--yes", f"{shelf.address}:a", "-"]
    done = subprocess.run(command, input=lines, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert shelf.tags() == ["d"]
    assert sorted(done.stdout.split()) == sorted(
        ["deleted", *(f"{shelf.address}:{tag}" for tag in "abc")] + ["deleted"] * 2
    )


def test_a_version_goes_with_what_only_it_holds(own_shelf: Shelf, home: dict[str, str]) -> None:
    """Its tags, its platforms, and what refers to it; the dry run says the same and changes nothing."""
    listed = [image(b"1"), image(b"2")]
    whole = index(*listed)
    said = referrer(whole)
    own_shelf.push(whole, "v1", "latest")
    own_shelf.push(said)
    plan = verb("rm", f"{own_shelf.address}@{whole.digest}", "--dry-run", environ=home)
    gone = [str(each.digest) for each in (whole, *listed, said)]
    for digest in gone:
        assert digest in plan.stdout
    assert "latest, v1" in plan.stdout
    assert own_shelf.tags() == ["latest", "v1"]
    assert verb("rm", f"{own_shelf.address}@{whole.digest}", "-y", environ=home).returncode == 0
    assert own_shelf.tags() == []
    assert [digest for digest in gone if own_shelf.has(digest)] == []


def test_a_platform_of_an_index_that_stays_is_not_deleted(shelf: Shelf, home: dict[str, str]) -> None:
    """Status 1, with the index that lists it; nothing is asked, nothing is done."""
    platform = image(b"only")
    whole = shelf.push(index(platform), "v1")
    done = verb("rm", f"{shelf.address}@{platform.digest}", "--yes", environ=home)
    assert done.returncode == 1
    assert whole in done.stderr
    assert shelf.has(str(platform.digest))


def test_a_whole_repository_needs_its_own_word(shelf: Shelf, home: dict[str, str]) -> None:
    """`rm HOST/REPO` is refused and says what -r is for; `rm -r HOST/REPO:TAG` is refused too."""
    shelf.push_image("latest")
    done = verb("rm", shelf.address, "--yes", environ=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"`jettison rm -r {shelf.address}`" in done.stderr
    assert verb("rm", "-r", f"{shelf.address}:latest", "--yes", environ=home).returncode == 2
    assert shelf.tags() == ["latest"]


def test_a_whole_repository_goes(shelf: Shelf, home: dict[str, str]) -> None:
    """All its tags; where the registry goes on listing the name, that is said."""
    shelf.push_image("a", "b")
    shelf.push_image("c")
    done = verb("rm", "-r", shelf.address, "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert shelf.tags() == []
    listed = shelf.name in shelf.client.get("/v2/_catalog").json()["repositories"]
    assert listed == ("will go on listing the name" in done.stderr)


def test_nothing_is_deleted_where_one_is_missing(shelf: Shelf, home: dict[str, str]) -> None:
    """Status 3, and the missing one's name; --ignore-missing deletes the rest."""
    shelf.push_image("a")
    both = (f"{shelf.address}:a", f"{shelf.address}:none")
    done = verb("rm", *both, "--yes", environ=home)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{shelf.address}:none is not there" in done.stderr
    assert shelf.tags() == ["a"]
    done = verb("rm", *both, "--yes", "--ignore-missing", environ=home)
    assert (done.returncode, done.stdout) == (0, f"deleted {shelf.address}:a\n")


def test_off_a_terminal_it_needs_yes(own_shelf: Shelf, home: dict[str, str]) -> None:
    """The plan is on stderr, stdout is empty, the status is 2."""
    own_shelf.push_image("a")
    done = verb("rm", f"{own_shelf.address}:a", environ=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tag a" in done.stderr
    assert "--yes" in done.stderr
    assert own_shelf.tags() == ["a"]


@pytest.mark.parametrize(("typed", "status", "left"), [("y\n", 0, []), ("n\n", 1, ["a"]), ("\n", 1, ["a"])])
def test_on_a_terminal_it_shows_a_tree_and_asks(
    own_shelf: Shelf, home: dict[str, str], typed: str, status: int, left: list[str]
) -> None:
    """Only yes is yes."""
    own_shelf.push_image("a")
    done = verb_on_a_terminal("rm", f"{own_shelf.address}:a", typed=typed, environ=home)
    assert done.returncode == status
    assert "Delete? [y/N]" in done.stdout
    assert own_shelf.tags() == left


def test_json_has_plan_and_result(shelf: Shelf, home: dict[str, str]) -> None:
    """One document on stdout, of the same shape in a dry run, where there is no result."""
    digest = shelf.push_image("a")
    rehearsed = json.loads(verb("rm", f"{shelf.address}:a", "-n", "--json", environ=home).stdout)
    done = json.loads(verb("rm", f"{shelf.address}:a", "-y", "--json", environ=home).stdout)
    assert (rehearsed["dry_run"], done["dry_run"]) == (True, False)
    (before,), (after,) = rehearsed["registries"], done["registries"]
    assert before["result"] is None
    assert before["plan"]["items"] == after["plan"]["items"]
    assert (
        before["plan"]["items"][0] | {"reason": "asked for", "tag": "a", "digest": digest} == before["plan"]["items"][0]
    )
    assert [each["status"] for each in after["result"]["outcomes"]] == ["done"]


def test_json_lines_tell_each_as_it_is_known(shelf: Shelf, home: dict[str, str]) -> None:
    """One line for each item, with the registry."""
    shelf.push_image("a")
    shelf.push_image("b")
    done = verb("rm", f"{shelf.address}:a", f"{shelf.address}:b", "-y", "--jsonl", environ=home)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["item"]["tag"] for line in lines) == ["a", "b"]
    assert {(line["host"], line["status"]) for line in lines} == {(shelf.address.partition("/")[0], "done")}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.needs(*parts)) for kind, parts in KINDS.items()])
def test_where_deletion_is_off_nothing_is_changed(kind: str, home: dict[str, str]) -> None:
    """Status 5: the tag and its sibling are what they were."""
    with serving(kind, deletion=False) as client:
        shelf = Shelf(client, "app")
        digest = shelf.push_image("a", "b")
        done = verb("rm", f"{shelf.address}:a", "--yes", environ=home)
        assert (done.returncode, done.stdout) == (5, "")
        assert "set storage.delete.enabled to true" in done.stderr
        assert shelf.digest("a") == shelf.digest("b") == digest


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("HOST", "write HOST/REPO:TAG"),
        ("HOST/app:v*", "jettison prune"),
        (f"HOST/app:v1@sha256:{'0' * 64}", "says both"),
        ("http://HOST/app:v1", "--plain-http"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_asked(home: dict[str, str], given: str, advice: str) -> None:
    """Status 2, and the message says what to write."""
    done = verb("rm", given.replace("HOST", "127.0.0.1:1"), "--yes", environ=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert advice in done.stderr


@pytest.mark.needs("distribution")
def test_an_interruption_in_the_middle_says_what_was_done_and_what_was_not(
    home: dict[str, str], tmp_path: Path
) -> None:
    """Status 130; each tag is on the one list or the other, and the registry agrees.

    (On a Jettison server all go in one transaction: there is no middle.)
    """
    with serving("distribution-3") as client:
        shelf = Shelf(client, "cli/interrupted")
        tags = [f"t{number:03}" for number in range(200)]
        shelf.push_image(*tags)
        environ = {**os.environ, **home, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "jettison", "rm", "--yes", *(f"{shelf.address}:{tag}" for tag in tags)]
        with (
            (tmp_path / "said").open("w") as errors,
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        ):
            assert process.stdout is not None
            first = "".join(process.stdout.readline() for _ in range(16))  # by then all are handed out
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
        said = (tmp_path / "said").read_text()
        done = {line.rpartition(":")[2] for line in (first + rest).splitlines()}
        assert process.returncode == 130, said
        assert "interrupted: " in said
        assert "not deleted: " in said
        assert "the same command again goes on" in said
        assert "note: `jettison undo " in said
        assert sorted(set(tags) - done) == shelf.tags()
        assert 0 < len(done) < len(tags)


def test_another_registry_never_gets_the_given_password(own_shelf: Shelf, home: dict[str, str]) -> None:
    """--username is for one registry; with references of two, nothing is deleted."""
    own_shelf.push_image("a")
    environ = {**os.environ, **home, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "jettison", "rm", "-y", f"{own_shelf.address}:a", "127.0.0.1:1/app:v1"]
    done = subprocess.run(
        [*command, "-u", "me", "--password-stdin"],
        input="secret",
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert own_shelf.tags() == ["a"]
