from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.http.repository import Repository, digest_of
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb, verb_on_a_terminal

pytestmark = pytest.mark.slow  # every test starts servers and commands

LAYER = "the layer"
DIGEST = digest_of(LAYER.encode())


ON_BOTH = pytest.mark.parametrize(
    "server", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgresql"))], indirect=True
)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[JettisonServer]:
    """A registry that is being served, on SQLite unless the test asks for both databases."""
    postgres = getattr(request, "param", "sqlite") == "postgres"
    with JettisonServer(database_url=request.getfixturevalue("postgres_url") if postgres else None) as running:
        yield running


@pytest.fixture
def repository(server: JettisonServer) -> Iterator[Repository]:
    """A repository with two images."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        repository = Repository(client, "team/app")
        repository.push_image(LAYER, "latest")
        repository.push_image("sibling", "sibling")
        yield repository


def check(server: JettisonServer, *arguments: str) -> Done:
    """`jettison check` beside the server."""
    return verb("check", server.config_file, *arguments)


def findings(server: JettisonServer, *arguments: str) -> list[dict[str, Any]]:
    """What it finds, as JSON."""
    done = check(server, "--json", *arguments)
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    assert done.returncode == (1 if found else 0), done.stderr
    return found


def file_of(server: JettisonServer, content: bytes) -> Path:
    """The file with that content."""
    [file] = [path for path in (server.data / "blobs").rglob("*") if path.is_file() and path.read_bytes() == content]
    return file


def stray(server: JettisonServer) -> Path:
    """A file that nothing names."""
    path = server.data / "blobs" / "ab" / f"ab{os.urandom(15).hex()}"
    path.write_bytes(b"unknown")
    return path


@ON_BOTH
def test_a_registry_in_order_ends_with_0(server: JettisonServer, repository: Repository) -> None:
    """Beside its server, which goes on; the last line says what was looked at."""
    done = check(server, "--read-data")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "no problems: looked at 2 manifests, 18 bytes of blobs, 3 files\n"
    assert json.loads(check(server, "--json").stdout) == {
        "looked_at": {"rows": 12, "manifests": 2, "blobs": 3, "files": 3},
        "findings": [],
    }
    assert repository.has("latest")


@ON_BOTH
def test_a_problem_is_told_with_what_to_do_and_ends_with_1(server: JettisonServer, repository: Repository) -> None:
    """Kind, digest, repositories, what is wrong, and the fix."""
    file = file_of(server, LAYER.encode())
    file.unlink()
    done = check(server)
    assert done.returncode == 1
    first, wrong, remedy, last = done.stdout.splitlines()
    assert first == f"missing: {DIGEST} in team/app"
    assert wrong == f"    its bytes are missing ({file})"
    assert "push it again" in remedy
    assert last == "1 problem: looked at 2 manifests, 3 blobs, 2 files"
    [finding] = findings(server)
    assert finding["kind"] == "missing"
    assert (finding["subject"], finding["key"], finding["repositories"]) == (DIGEST, file.name, ["team/app"])


@ON_BOTH
def test_a_flipped_bit_is_found_recorded_and_healed_by_a_push(server: JettisonServer, repository: Repository) -> None:
    """The whole way, with the server running: found by reading, refused to readers, asked of the next push."""
    file = file_of(server, LAYER.encode())
    content = bytearray(LAYER.encode())
    content[3] ^= 0x10
    file.write_bytes(content)
    path = f"{repository.path}/blobs/{DIGEST}"
    assert findings(server) == []

    assert [each["kind"] for each in findings(server, "--read-data")] == ["content"]
    assert repository.client.head(path).status_code == 200, "a check alone changes nothing"

    [finding] = findings(server, "--read-data", "--repair")
    assert finding["done"] == "recorded as damaged"
    assert repository.client.head(path).status_code == 404
    assert repository.client.get(path).status_code == 500
    assert repository.has("latest")

    repository.push_image(LAYER, "latest")
    assert repository.client.get(path).content == LAYER.encode()
    assert findings(server, "--read-data") == []


def test_unknown_files_are_reported_and_stay(server: JettisonServer, repository: Repository) -> None:
    """Those old enough; a repair leaves them."""
    path = stray(server)
    assert findings(server) == [], "it may be arriving"
    [finding] = findings(server, "--older-than", "0", "--repair")
    assert (finding["kind"], finding["key"], finding["size"]) == ("unknown-file", path.name, 7)
    assert path.exists()


@ON_BOTH
def test_unknown_files_are_deleted_with_yes(server: JettisonServer, repository: Repository) -> None:
    """--yes is the person's word; nothing else goes."""
    path = stray(server)
    [finding] = findings(server, "--older-than", "0", "--delete-unknown-files", "--yes")
    assert finding["done"] == "deleted"
    assert not path.exists()
    assert findings(server, "--older-than", "0", "--read-data") == []
    assert repository.has_blob(DIGEST)


@pytest.mark.parametrize(("typed", "stays"), [("yes\n", False), ("y\n", True), ("\n", True), ("no\n", True)])
def test_unknown_files_are_deleted_when_a_person_types_yes(
    server: JettisonServer, repository: Repository, typed: str, stays: bool
) -> None:
    """The whole word; anything else leaves them."""
    path = stray(server)
    done = verb_on_a_terminal("check", server.config_file, "--older-than", "0", "--delete-unknown-files", typed=typed)
    assert done.returncode == 1
    assert "Delete 1 file that nothing names (7 bytes)?" in done.stdout
    assert path.exists() == stays
    assert (f"deleted {path.name}" in done.stdout) == (not stays)
    assert repository.has_blob(DIGEST)


def test_nobody_is_asked_where_nothing_is_to_be_deleted(server: JettisonServer, repository: Repository) -> None:
    """A registry in order ends at once."""
    done = verb_on_a_terminal("check", server.config_file, "--delete-unknown-files")
    assert done.returncode == 0
    assert "Type yes" not in done.stdout
    assert repository.has("latest")


def test_without_a_terminal_yes_must_be_said_beforehand(server: JettisonServer) -> None:
    """Nothing is looked at, and nothing waits for an answer that never comes."""
    done = check(server, "--delete-unknown-files")
    assert (done.returncode, done.stdout) == (2, "")
    assert "add --yes" in done.stderr


def test_progress_has_a_rate_and_the_time_that_is_left(server: JettisonServer, repository: Repository) -> None:
    """On a terminal, while all bytes are read."""
    repository.push_blob(bytes(40 * 1024 * 1024))
    shown = verb_on_a_terminal("check", server.config_file, "--read-data").stdout
    assert re.search(r"bytes.*41\.9 MB of 41\.9 MB \S*[0-9.]+ [kMG]B/s.*\d:\d\d:\d\d", shown), shown
    assert "no problems" in shown


def test_a_registry_that_is_not_there_ends_with_2_and_is_not_made(tmp_path: Path) -> None:
    """A wrong configuration is an error, never an empty registry in order."""
    done = verb("check", environ={"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "typo")})
    assert (done.returncode, done.stdout) == (2, "")
    assert str(tmp_path / "typo") in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["nowhere.yml"], ["--older-than", "soon"], ["--no-such-option"]])
def test_what_cannot_be_understood_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    """A file that is not there, a time that is none, an unknown option."""
    done = verb("check", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
