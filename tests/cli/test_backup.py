from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.http.repository import Repository, digest_of
from tests.support.parts import program
from tests.support.postgres import PostgresCluster
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow  # every test starts servers and commands

ON_BOTH = pytest.mark.parametrize(
    "server", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgresql"))], indirect=True
)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[JettisonServer]:
    """A registry that is being served, on SQLite unless the test asks for both databases."""
    postgres = getattr(request, "param", "sqlite") == "postgres"
    with JettisonServer(database_url=request.getfixturevalue("postgres_url") if postgres else None) as running:
        yield running


@contextmanager
def repository_of(server: JettisonServer) -> Iterator[Repository]:
    """The repository that the tests use, in any registry."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield Repository(client, "team/app")


@pytest.fixture
def repository(server: JettisonServer) -> Iterator[Repository]:
    """A repository with two images."""
    with repository_of(server) as repository:
        repository.push_image("one", "one")
        repository.push_image("two", "two")
        yield repository


Serve = Callable[[Path], JettisonServer]


@pytest.fixture
def serve(server: JettisonServer, request: pytest.FixtureRequest) -> Serve:
    """Serves a backup: as it is, and after pg_restore into an empty database where the server's is PostgreSQL."""

    def make(folder: Path) -> JettisonServer:
        dump = folder / "jettison.dump"
        if not dump.exists():
            return JettisonServer(folder)
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.create_database()
        request.addfinalizer(lambda: cluster.drop_database(url))
        subprocess.run([program("pg_restore"), "--exit-on-error", f"--dbname={url}", str(dump)], check=True)
        return JettisonServer(folder, database_url=url)

    return make


def backup(server: JettisonServer, folder: Path, *arguments: str) -> Done:
    """`jettison backup FOLDER` beside the server."""
    return verb("backup", folder, "--config", server.config_file, *arguments)


@ON_BOTH
def test_a_backup_beside_a_running_server_is_served_as_it_is(
    server: JettisonServer, repository: Repository, tmp_path: Path, serve: Serve
) -> None:
    """All that stood in it at that moment, and nothing of what came after; the server goes on."""
    done = backup(server, tmp_path / "backup")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 blobs, 8 bytes, in ")
    repository.push_image("three", "three")
    repository.client.delete(repository.path).raise_for_status()

    with serve(tmp_path / "backup") as restored, repository_of(restored) as back:
        assert back.tags() == ["one", "two"]
        assert back.has("one")
        assert back.client.get(f"{back.path}/blobs/{digest_of(b'one')}").content == b"one"
        assert not back.has_blob(digest_of(b"three"))
        back.push_image("four", "four")
        assert back.has("four")
        done = verb("check", restored.config_file, "--read-data", "--older-than", "0")
        assert (done.returncode, done.stdout.splitlines()[-1][:11]) == (0, "no problems"), done.stdout


@ON_BOTH
def test_an_old_database_over_newer_files_pulls_and_loses_nothing(
    server: JettisonServer, repository: Repository, tmp_path: Path, serve: Serve
) -> None:
    """The backup's rows, with the bytes of both: as a person restores them who has lost the database alone."""
    assert backup(server, tmp_path / "backup").returncode == 0
    repository.push_image("newer", "newer")
    server.stop()
    for path in (server.data / "blobs").rglob("*"):
        both = tmp_path / "backup" / path.relative_to(server.data)
        if path.is_file() and not both.exists():
            os.link(path, both)

    with serve(tmp_path / "backup") as restored, repository_of(restored) as back:
        assert back.tags() == ["one", "two"]
        assert all(back.has_blob(digest_of(content)) for content in (b"one", b"two", b"{}"))
        client = back.client
        done = verb("check", restored.config_file, "--json", "--repair", "--older-than", "0")
        findings = json.loads(done.stdout)["findings"]
        assert [finding["kind"] for finding in findings] == ["unknown-file"]
        assert verb("garbage-collect", restored.config_file, "--purge-deleted").returncode == 0
        assert (restored.data / "blobs" / findings[0]["key"][:2] / findings[0]["key"]).read_bytes() == b"newer"
        back.push_image("newer", "newer")
        assert client.get(f"{back.path}/blobs/{digest_of(b'newer')}").content == b"newer"


def test_a_second_backup_into_the_same_folder_brings_what_is_new(
    server: JettisonServer, repository: Repository, tmp_path: Path
) -> None:
    """It says what it did, on request as JSON."""
    folder = tmp_path / "backup"
    assert "3 linked, 0 copied, 0 there before; 0 dropped" in backup(server, folder).stdout
    repository.push_image("three", "three")
    made = json.loads(backup(server, folder, "--json").stdout)
    assert (made["blobs"], made["linked"], made["there"], made["dropped"], made["missing"]) == (4, 1, 3, 0, [])
    assert made["at"].endswith("Z")


def test_on_another_filesystem_blobs_are_copied(server: JettisonServer, repository: Repository) -> None:
    """Where a link cannot be made."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        elsewhere = Path(folder).stat().st_dev != server.data.stat().st_dev
        made = json.loads(backup(server, Path(folder) / "backup", "--json").stdout)
        assert (made["linked"], made["copied"]) == ((0, 3) if elsewhere else (3, 0))
        with JettisonServer(Path(folder) / "backup") as restored, repository_of(restored) as back:
            assert back.has_blob(digest_of(b"one"))


def test_deleting_in_a_served_backup_leaves_the_registry(
    server: JettisonServer, repository: Repository, tmp_path: Path
) -> None:
    """Two names of one file: each registry drops its own."""
    backup(server, tmp_path / "backup")
    with JettisonServer(tmp_path / "backup") as restored, repository_of(restored) as back:
        assert back.client.delete(back.path, params={"purge": "true"}).status_code == 202
    assert repository.has("one")
    assert repository.has_blob(digest_of(b"one"))


def test_bytes_that_are_missing_end_with_1(server: JettisonServer, repository: Repository, tmp_path: Path) -> None:
    """The rest is backed up."""
    [file] = [path for path in (server.data / "blobs").rglob("*") if path.is_file() and path.read_bytes() == b"one"]
    file.unlink()
    done = backup(server, tmp_path / "backup")
    assert done.returncode == 1
    assert done.stdout.startswith("3 blobs, ")
    assert file.name in done.stderr
    assert "jettison check" in done.stderr


def test_a_folder_that_is_no_backup_ends_with_2(server: JettisonServer, tmp_path: Path) -> None:
    """One with something else in it, the registry's own, and one that cannot be made."""
    (tmp_path / "thesis.tex").write_text("my thesis")
    for folder in (tmp_path, server.data, tmp_path / "thesis.tex", tmp_path / "thesis.tex" / "backup"):
        done = backup(server, folder)
        assert (done.returncode, done.stdout) == (2, ""), folder
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_registry_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    """Nothing is made, neither the registry nor its backup."""
    root = {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "typo")}
    done = verb("backup", tmp_path / "backup", environ=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
