from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.http.repository import Repository
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb, verb_on_a_terminal

pytestmark = pytest.mark.slow  # every test starts servers and commands

AT_ONCE = {"jettison": {"sweep": {"interval": "0", "grace": "0"}}}
"""The server does not sweep by itself, and nobody's reading is waited for: all is in the hands of the command."""


@pytest.fixture
def server(database_url: str | None) -> Iterator[JettisonServer]:
    """A registry that is being served, on SQLite and on PostgreSQL."""
    with JettisonServer(database_url=database_url, config=AT_ONCE) as running:
        yield running


@pytest.fixture
def repository(server: JettisonServer) -> Iterator[Repository]:
    """A repository with an image that is tagged, and one that is not."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        repository = Repository(client, "team/app")
        repository.push_image("the layer", "latest")
        yield repository


def collect(server: JettisonServer, *arguments: str) -> list[str]:
    """The lines that `jettison garbage-collect` prints beside the server; nothing else is said."""
    done = verb("garbage-collect", server.config_file, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def stored(server: JettisonServer) -> int:
    """The bytes of all files of blobs and uploads."""
    return sum(file.stat().st_size for kind in ("blobs", "uploads") for file in _files(server.data / kind))


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def freed(lines: list[str]) -> int:
    """What it says that it freed, in bytes."""
    [line] = [line for line in lines if "freed: " in line]
    found = re.search(r"(\d+) bytes", line)
    assert found is not None, line
    return int(found[1])


def delete(repository: Repository, digest: str, **parameters: str) -> None:
    """Delete a version."""
    answer = repository.client.delete(f"{repository.path}/manifests/{digest}", params=parameters)
    assert answer.status_code == 202, answer.text


def test_a_dry_run_is_exact(server: JettisonServer, repository: Repository) -> None:
    """Beside a running server it says what would be freed and frees nothing; the real one then frees just that."""
    delete(repository, repository.push_image("x" * 1000), purge="true")
    delete(repository, repository.push_image("y" * 500))
    before = stored(server)
    said = collect(server, "--dry-run")
    assert stored(server) == before
    assert freed(said) == 1000
    done = collect(server)
    assert [line.removeprefix("would be ") for line in said] == done
    assert before - stored(server) == 1000
    assert repository.has("latest")
    assert freed(collect(server)) == 0


def test_it_says_what_comes_back_later_and_how_it_would_now(server: JettisonServer, repository: Repository) -> None:
    """What deletions and leases hold is counted with the time at which they let go."""
    delete(repository, repository.push_image("y" * 500))
    repository.push_blob(b"z" * 70)
    lease, undo = [line for line in collect(server) if line.startswith("later: ")]
    at = r"at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(rf"later: 70 bytes, 1 blob, {at}: uploaded or asked for, .* a manifest that needs it", lease)
    assert re.fullmatch(rf"later: 500 bytes, 1 blob, {at}: .*; --purge-deleted gives it back now", undo)
    assert freed(collect(server, "--purge-deleted")) == 500
    answer = repository.client.delete(f"{repository.path}")
    assert answer.status_code == 202


def test_untagged_versions_go_first_if_that_is_asked_for(server: JettisonServer, repository: Repository) -> None:
    """Each is named; they can be undone, unless deletions are purged too. Arguments come in any order."""
    lone = repository.push_image("x" * 1000)
    assert collect(server, "--dry-run")[0].startswith("would be freed: 0 bytes")
    said = verb("garbage-collect", "-m", "-d", server.config_file).stdout.splitlines()
    assert said[0] == f"team/app@{lone}"
    assert re.fullmatch(r"would be deleted: 1 version of 1 repository, can be undone until \S+Z", said[1])
    assert repository.has(lone)
    done = collect(server, "--delete-untagged")
    assert re.fullmatch(r"deleted: 1 version of 1 repository by deletion \d+, can be undone until \S+Z", done[1])
    assert freed(done) == 0
    assert not repository.has(lone)
    done = verb("garbage-collect", "--purge-deleted", server.config_file, "--delete-untagged").stdout.splitlines()
    assert done[0] == "purged: 1 deletion"
    assert freed(done) == 1000
    assert repository.has("latest")


def test_quiet_prints_nothing(server: JettisonServer, repository: Repository) -> None:
    """The work is done without a word."""
    delete(repository, repository.push_image("x" * 1000), purge="true")
    before = stored(server)
    assert collect(server, "--quiet") == []
    assert before - stored(server) == 1000


def test_a_terminal_sees_the_result(server: JettisonServer, repository: Repository) -> None:
    """With progress beside it."""
    repository.push_image("x" * 1000)
    done = verb_on_a_terminal("garbage-collect", "-m", server.config_file)
    assert done.returncode == 0
    assert "deleted: 1 version of" in done.stdout


def test_the_server_need_not_run(server: JettisonServer, repository: Repository) -> None:
    """Its database and its folder are enough."""
    delete(repository, repository.push_image("x" * 1000), purge="true")
    server.stop()
    assert freed(collect(server)) == 1000


def refused(done: Done, *said: str) -> None:
    """It ended with 1 and one line that says these."""
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert all(each in line for each in said), line


@pytest.mark.parametrize("name", ["garbage-collect", "usage", "why"])
def test_where_there_is_no_registry_none_is_made(tmp_path: Path, name: str) -> None:
    """Without a configuration, in a folder without data, it is an error that says how to name one."""
    arguments = [f"sha256:{'0' * 64}"] if name == "why" else []
    refused(verb(name, *arguments, cwd=tmp_path), "there is no registry in", "no configuration file was named")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_folder_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there, is empty, or holds something else is named, with the file that names it."""
    config = tmp_path / "config.yml"
    storage = f"{{filesystem: {{rootdirectory: {tmp_path}/data}}, delete: {{enabled: true}}}}"
    config.write_text(f"version: 0.1\nhttp: {{addr: ':1'}}\nstorage: {storage}\n")
    refused(verb("garbage-collect", config), "there is no registry in", str(config))
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    refused(verb("garbage-collect", config), "there is no registry in")
    (tmp_path / "data" / "jettison.db").write_bytes(b"")
    refused(verb("garbage-collect", config), "is not an SQLite database")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["jettison.db"]


def test_bad_settings_are_an_error(tmp_path: Path) -> None:
    """As at the server's start, with status 2."""
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage: {filesystem: }\nauth: silly\n")
    done = verb("garbage-collect", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "auth.silly: is known to distribution" in done.stderr


@pytest.mark.needs("postgresql")
def test_a_database_and_a_folder_that_do_not_belong_together_are_an_error(postgres_url: str, tmp_path: Path) -> None:
    """An empty database, and a folder of another registry, are named; nothing is forgotten."""
    with (
        JettisonServer(database_url=postgres_url, config=AT_ONCE) as server,
        httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client,
        JettisonServer() as other,
    ):
        repository = Repository(client, "team/app")
        delete(repository, repository.push_image("x" * 1000, "latest"), purge="true")
        elsewhere = {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(other.data)}
        done = verb("garbage-collect", server.config_file, environ=elsewhere)
        refused(done, "has none of the bytes that the database names", str(server.config_file))
        assert freed(collect(server, "--dry-run")) == 1002


@pytest.mark.needs("postgresql")
def test_an_empty_postgres_database_stays_empty(postgres_url: str, server_folder: Path) -> None:
    """It holds no registry, and no table is made in it."""
    environ = {
        "REGISTRY_JETTISON_DATABASE_URL": postgres_url,
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(server_folder),
    }
    refused(verb("garbage-collect", environ=environ), "the database holds no registry")
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall() == []


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """The data folder of a registry that is no longer served."""
    with JettisonServer() as server:
        server.stop()
        yield server.data
