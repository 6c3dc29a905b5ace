from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import apsw
import httpx2
import pytest

from jettison.metadata.sqlite import SQLiteDatabase
from jettison.oci.digest import Digest
from jettison.server.adopting import carry_out
from jettison.server.errors import ServeError
from tests.migrate.dirty import APP, MULTI, plant_dirty
from tests.migrate.plant import Plant
from tests.support.parts import ROOT
from tests.support.place import Place, clock, database, place, registry
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow

__all__ = ["clock", "database", "place", "registry"]

slow = pytest.mark.slow  # starts servers and commands


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """An empty tree of distribution."""
    return Plant(tmp_path / "root")


def jettison(plant: Plant, *arguments: object, **more: str) -> Done:
    """A verb for the registry in the tree's folder."""
    return verb(*arguments, environ={"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(plant.root), **more})


def tags(server: JettisonServer, name: str) -> list[str] | None:
    """The tags that a server lists."""
    answer = httpx2.get(f"{server.url}/v2/{name}/tags/list", timeout=20, trust_env=False)
    found: list[str] | None = answer.json().get("tags") if answer.status_code == 200 else None
    return found


@slow
def test_it_says_what_it_took_over_and_what_it_found(plant: Plant, tmp_path: Path) -> None:
    """In a few lines on stdout, and in full in the report; broken things are no failure."""
    plant_dirty(plant)
    report = tmp_path / "report.json"

    done = jettison(plant, "adopt", "--report", report)

    assert (done.returncode, done.stderr) == (0, "")
    adopted, left, found = done.stdout.splitlines()
    assert re.match(r"adopted: .*25 manifests, 18 tags, 9 repositories", adopted)
    assert left.startswith("left: 9 blobs that no repository has, ")
    assert "9 manifest-unserved" in found
    assert len(json.loads(report.read_text())["findings"]) > 40


@slow
def test_a_second_run_is_for_the_report_only(plant: Plant, tmp_path: Path) -> None:
    """Nothing is adopted again, not even what distribution has pushed since."""
    plant.push("app", APP, "1")
    jettison(plant, "adopt")
    plant.push("app", MULTI, "2")
    report = tmp_path / "report.json"

    done = jettison(plant, "adopt", "--report", report)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("adopted before: ")
    assert json.loads(report.read_text())["adopted"]["tags"] == 1


@slow
def test_a_server_adopts_by_itself_on_either_database(plant: Plant, database_url: str | None) -> None:
    """What was pushed to distribution can be pulled, pushed to and deleted; the next start looks for nothing new."""
    plant.push("app", APP, "1", "2")
    with JettisonServer(plant.root, database_url=database_url) as server:
        assert tags(server, "app") == ["1", "2"]
        answer = httpx2.delete(f"{server.url}/v2/app/manifests/2", timeout=20, trust_env=False)
        assert answer.status_code == 202
        plant.push("app", MULTI, "3")
        server.restart()
        assert tags(server, "app") == ["1"]
        assert "the adopted tree looks written to" in server.log


@slow
def test_it_is_refused_beside_a_server(plant: Plant) -> None:
    """Whoever serves the folder adopts by itself, at its start."""
    plant.push("app", APP, "1")
    with JettisonServer(plant.root):
        done = jettison(plant, "adopt")

    assert done.returncode == 1
    assert "already served" in done.stderr


@slow
def test_without_a_tree_it_says_where_one_would_be(tmp_path: Path) -> None:
    """Nothing is made in a folder that has no tree, nor where there is no folder."""
    for folder in (tmp_path / "empty", tmp_path / "none"):
        if folder.name == "empty":
            folder.mkdir()
        done = verb("adopt", environ={"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(folder)})
        assert done.returncode == 1
        assert "storage.filesystem.rootdirectory" in done.stderr
        assert not (folder / "jettison.db").exists()


@slow
def test_a_registry_in_use_is_not_given_a_tree_unasked(plant: Plant) -> None:
    """A server that has content of its own says that there is a tree; the command takes it over."""
    (plant.root / "docker").rename(plant.root / "elsewhere")
    with JettisonServer(plant.root) as server:
        upload = httpx2.post(
            f"{server.url}/v2/own/blobs/uploads/", params={"digest": str(Digest.of(b"own"))}, content=b"own", timeout=20
        )
        assert upload.status_code == 201
        server.stop()
        (plant.root / "elsewhere").rename(plant.root / "docker")
        plant.push("app", APP, "1")
        server.start()
        assert tags(server, "app") is None
        assert "is not served" in server.log
        server.stop()
        assert jettison(plant, "adopt").returncode == 0
        server.start()
        assert tags(server, "app") == ["1"]


@slow
def test_an_interrupted_adoption_is_gone_on_with_before_anything_else(plant: Plant) -> None:
    """Commands that look after a registry refuse one that is adopted half, and the server adopts the rest."""
    plant.push("app", APP, "1")
    plant.push("other", MULTI, "1")
    jettison(plant, "adopt")
    _forget_the_end(plant, last="app")

    for command in ("garbage-collect", "check", "usage"):
        done = jettison(plant, command)
        assert done.returncode != 0
        assert "was interrupted" in done.stderr
    with JettisonServer(plant.root) as server:
        assert (tags(server, "app"), tags(server, "other")) == (["1"], ["1"])
    assert jettison(plant, "check", "--older-than", "0s").returncode == 0


@slow
def test_a_killed_adoption_goes_on(plant: Plant) -> None:
    """Killed somewhere in the middle, it has adopted some, and the next run adopts the others."""
    for number in range(300):
        plant.push(f"many/r{number}", APP, "1", "2")
    settings = {"STORAGE_FILESYSTEM_ROOTDIRECTORY": str(plant.root), "CONFIGURATION_PATH": ""}
    environ = {**os.environ, **{f"REGISTRY_{name}": value for name, value in settings.items()}}
    environ["PYTHONPATH"] = str(ROOT / "src")
    process = subprocess.Popen([sys.executable, "-m", "jettison", "adopt"], env=environ, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _adopted_so_far(plant) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert 0 < _adopted_so_far(plant) < 300

    done = jettison(plant, "adopt")

    assert re.match(r"adopted: .*300 manifests, 600 tags, 300 repositories", done.stdout)
    assert _adopted_so_far(plant) == 300
    assert jettison(plant, "check", "--older-than", "0s").returncode == 0


def _adopted_so_far(plant: Plant) -> int:
    """How many repositories the database lists."""
    if not (plant.root / "jettison.db").exists():
        return 0
    with contextlib.closing(apsw.Connection(f"file:{plant.root}/jettison.db?mode=ro", flags=_READ_ONLY)) as connection:
        try:
            rows = connection.execute("select id from repository where listed = 1").fetchall()
        except apsw.Error:  # it is being made
            return 0
        return len(rows)


_READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def _forget_the_end(plant: Plant, last: str) -> None:
    """Make it as it was after that repository."""
    database = SQLiteDatabase(plant.root / "jettison.db")
    try:
        database.write(lambda tx: tx.run("update adoption set finished_at = null, last = :last", last=last))
    finally:
        database.close()


def test_what_this_user_may_not_read_stops_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for broken, a whole tree could be passed over for ever; the next attempt goes on."""
    plant = Plant(place.folder)
    plant.push("app", APP, "1")
    opened, hidden = os.open, str(plant.folder / "repositories" / "app" / "_manifests")

    def refuse(path: str, *args: int) -> int:
        if str(path).startswith(hidden):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *args)

    registry = place.open_registry()
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        with pytest.raises(ServeError, match=r"_manifests/.*cannot be read \(Permission denied\): let this user read"):
            carry_out(registry, plant.root, lambda _: None)

    assert carry_out(registry, plant.root, lambda _: None).counts["manifests"] == 1


def test_a_half_adopted_tree_that_is_gone_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk may not be mounted: to call it done would lose the rest."""
    plant = Plant(place.folder)
    plant.push("app", APP, "1")
    registry = place.open_registry()
    carry_out(registry, plant.root, lambda _: None)
    registry.database.write(lambda tx: tx.run("update adoption set finished_at = null"))
    (plant.root / "docker").rename(plant.root / "gone")

    with pytest.raises(ServeError, match="bring it back"):
        carry_out(registry, plant.root, lambda _: None)
