"""kill -9 of `jettison move`, again and again: it goes on, carries no blob twice, and what comes out is whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
import yaml

from jettison.registry import failpoint
from tests.http.repository import Repository
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

IMAGES = 40
KILLS = 6
POINTS = ["move.noted:7", "move.kept:5", "move.frozen", "move.rows:2", "move.rows:9", "move.late", "move.ended"]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgresql"))])
def test_a_killed_move_goes_on(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Killed at a random moment and at every named one, between SQLite and the other database, beside the server."""
    url = request.getfixturevalue("postgres_url") if database == "postgres" else None
    target = configuration(tmp_path / "to.yml", tmp_path / "new", url)
    with JettisonServer(tmp_path / "old") as server:
        expected = fill(server)
        source = tmp_path / "from.yml"
        source.write_text(server.config_file.read_text())
        inodes: dict[Path, int] = {}
        for _ in range(KILLS):
            kill_soon(source, target)
            inodes = grown(inodes, tmp_path / "new")
        for point in POINTS:
            done = move(source, target, {failpoint.VARIABLE: point})
            assert done.returncode in (-9, 0), done.stderr
            inodes = grown(inodes, tmp_path / "new")
            if point != "move.ended" and done.returncode == -9:
                assert "has not ended" in verb("usage", "--config", target).stderr
        done = move(source, target, {})
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert tags(server) == expected
    grown(inodes, tmp_path / "new")
    with JettisonServer(tmp_path / "new", database_url=url) as server:
        assert tags(server) == expected
    checked = verb("check", target)
    assert checked.returncode == 0, checked.stdout


def move(source: Path, target: Path, environ: dict[str, str]) -> Done:
    """One attempt."""
    return verb("move", "--from", source, "--to", target, environ=environ)


def kill_soon(source: Path, target: Path) -> None:
    """An attempt that is killed at some moment, most likely while it carries bytes."""
    command = [sys.executable, "-m", "jettison", "move", "--from", str(source), "--to", str(target)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0.4, 1.5))
    process.kill()
    process.wait(30)


def configuration(file: Path, data: Path, url: str | None) -> Path:
    """A configuration file of a registry that lies there."""
    described: dict[str, object] = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(data)}}}
    if url is not None:
        described["jettison"] = {"database": {"url": url}}
    file.write_text(yaml.safe_dump(described))
    return file


def fill(server: JettisonServer) -> dict[str, str]:
    """Push so many images; the digests of their tags."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        repository = Repository(client, "team/app")
        for number in range(IMAGES):
            repository.push_image(str(number), f"v{number}")
    return tags(server)


def tags(server: JettisonServer) -> dict[str, str]:
    """All tags with their digests, each pulled with its blobs."""
    found = {}
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        for tag in client.get("/v2/team/app/tags/list").json()["tags"]:
            answer = client.get(f"/v2/team/app/manifests/{tag}").raise_for_status()
            found[tag] = answer.headers["docker-content-digest"]
            body = answer.json()
            for blob in (body["config"], *body["layers"]):
                assert (
                    len(client.get(f"/v2/team/app/blobs/{blob['digest']}").raise_for_status().content) == blob["size"]
                )
    return found


def grown(before: dict[Path, int], folder: Path) -> dict[Path, int]:
    """The blobs that lie there now: all that lay there before, being the same files."""
    now = {file: file.stat().st_ino for file in (folder / "blobs").rglob("*") if file.is_file()}
    assert {file: now.get(file) for file in before} == before
    return now
