"""`jettison move` beside a running server, as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import yaml

from tests.http.repository import Repository
from tests.support.daemon import DaemonDied
from tests.support.server import JettisonServer
from tests.support.verb import verb

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JettisonServer]:
    """A registry that is being served, with two images."""
    with JettisonServer(tmp_path / "old") as running:
        with client(running) as asking:
            repository = Repository(asking, "team/app")
            repository.push_image("one", "one")
            repository.push_image("two", "two")
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The configuration of what it becomes."""
    return configuration(tmp_path / "to.yml", tmp_path / "new")


@pytest.fixture
def served(server: JettisonServer, tmp_path: Path) -> Path:
    """The configuration of what it is, which stays when the server is gone."""
    file = tmp_path / "from.yml"
    file.write_text(server.config_file.read_text())
    return file


def configuration(file: Path, data: Path, url: str | None = None) -> Path:
    """A configuration file of a registry that lies there."""
    described: dict[str, object] = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(data)}}}
    if url is not None:
        described["jettison"] = {"database": {"url": url}}
    file.write_text(yaml.safe_dump(described))
    return file


def client(server: JettisonServer) -> httpx2.Client:
    """Somebody who asks it."""
    return httpx2.Client(base_url=server.url, timeout=20, trust_env=False)


def test_a_registry_moves_beside_its_server(server: JettisonServer, served: Path, target: Path, tmp_path: Path) -> None:
    """Pulls go on at the old one, pushes are refused with the reason, and the new one has everything."""
    done = verb("move", "--from", served, "--to", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert "carried" in done.stdout
    assert "rows copied and compared. Serve" in done.stdout
    with client(server) as old:
        answer = old.post("/v2/team/app/blobs/uploads/")
        assert answer.status_code == 503
        assert "moved" in answer.text
        deleted = old.delete("/v2/team/app/manifests/one")
        assert deleted.status_code == 503
        assert old.get("/v2/team/app/manifests/one").status_code == 200
    server.restart()
    server.stop()  # which writes the log to its end
    assert "this registry has moved, and is read only here" in server.log
    with JettisonServer(tmp_path / "new") as new, client(new) as asking:
        assert asking.get("/v2/team/app/tags/list").json()["tags"] == ["one", "two"]
        Repository(asking, "team/app").push_image("three", "three")
        assert asking.delete("/v2/team/app/manifests/one").status_code == 202
    again = verb("move", "--from", served, "--to", target)
    assert (again.returncode, again.stderr) == (0, "")
    assert "it has moved already" in again.stdout


def test_a_prepared_move_is_neither_served_nor_in_the_way(
    server: JettisonServer, served: Path, target: Path, tmp_path: Path
) -> None:
    """The old one takes pushes; the new one says what to do, to its server and to every verb."""
    done = verb("move", "--from", served, "--to", target, "--prepare", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ended"] is False
    with client(server) as asking:
        Repository(asking, "team/app").push_image("three", "three")
    with pytest.raises(DaemonDied, match="has not ended: run `jettison move` again"):
        JettisonServer(tmp_path / "new").start()
    for name in ("check", "usage", "garbage-collect"):
        refused = verb(name, *(("--config", target) if name == "usage" else (target,)))
        assert refused.returncode != 0
        assert "has not ended" in refused.stderr
    done = verb("move", "--from", served, "--to", target)
    assert done.returncode == 0
    with JettisonServer(tmp_path / "new") as new, client(new) as asking:
        assert asking.get("/v2/team/app/tags/list").json()["tags"] == ["one", "three", "two"]


def test_it_moves_there_and_back(server: JettisonServer, served: Path, target: Path, tmp_path: Path) -> None:
    """With what was pushed there; the old one can be written again, and says nothing of having gone."""
    assert verb("move", "--from", served, "--to", target).returncode == 0
    server.stop()
    with JettisonServer(tmp_path / "new") as new, client(new) as asking:
        Repository(asking, "team/app").push_image("three", "three")
    done = verb("move", "--from", target, "--to", served)
    assert (done.returncode, done.stderr) == (0, "")
    with JettisonServer(tmp_path / "old") as old, client(old) as asking:
        assert asking.get("/v2/team/app/tags/list").json()["tags"] == ["one", "three", "two"]
        Repository(asking, "team/app").push_image("four", "four")
        assert "moved" not in old.log


@pytest.mark.needs("postgresql")
def test_only_the_database_may_change(server: JettisonServer, served: Path, postgres_url: str, tmp_path: Path) -> None:
    """Bytes stay where they are; the old server is stopped before the new one serves the same folder."""
    target = configuration(tmp_path / "to.yml", tmp_path / "old", postgres_url)
    done = verb("move", "--from", served, "--to", target, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert (made["blobs"], made["ended"]) == (0, True)
    server.stop()
    with JettisonServer(tmp_path / "old", database_url=postgres_url) as new, client(new) as asking:
        assert asking.get("/v2/team/app/tags/list").json()["tags"] == ["one", "two"]
        Repository(asking, "team/app").push_image("three", "three")


def test_a_move_is_cancelled(server: JettisonServer, served: Path, target: Path) -> None:
    """One that has ended only by force; one that never began is said."""
    done = verb("move", "--from", served, "--cancel")
    assert (done.returncode, done.stdout) == (0, "it is not being moved\n")
    assert verb("move", "--from", served, "--to", target).returncode == 0
    refused = verb("move", "--from", served, "--cancel")
    assert refused.returncode == 1
    assert "--cancel --force" in refused.stderr
    assert verb("move", "--from", served, "--cancel", "--force").stdout == "it can be written again\n"
    with client(server) as asking:
        Repository(asking, "team/app").push_image("three", "three")


def test_what_cannot_be_moved_is_refused(server: JettisonServer, served: Path, target: Path, tmp_path: Path) -> None:
    """The same registry twice, a target that is served, no registry, options that contradict each other."""
    same = verb("move", "--from", served, "--to", served)
    assert (same.returncode, same.stderr.count("name one database")) == (1, 1)
    with JettisonServer(tmp_path / "new"):
        busy = verb("move", "--from", served, "--to", target)
        assert busy.returncode == 1
        assert "is already served by process" in busy.stderr
    nothing = verb("move", "--from", configuration(tmp_path / "none.yml", tmp_path / "none"), "--to", target)
    assert nothing.returncode == 1
    assert "there is no registry in" in nothing.stderr
    assert verb("move", "--from", served).returncode == 2
    assert verb("move", "--from", served, "--to", target, "--cancel").returncode == 2
