"""Sweeping over HTTP."""

from __future__ import annotations

from jettison.metadata import leases
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.registry.sweep import LEASE, LEASE_NAME
from tests.http.manage.api import Api
from tests.http.repository import Repository
from tests.support.server import JettisonServer

SWEEP = "/api/v1/sweep"


def test_a_sweep_gives_back_what_was_purged(own: Api, own_server: JettisonServer) -> None:
    """The answer tells what, and the files are gone; then there is nothing more to do."""
    Repository(own.client, "app").push_image("layer", "v1")
    Repository(own.client, "other").push_image("another layer", "v1")
    before = own.get(SWEEP)
    own.delete("app", purge=True)
    assert own.client.post(SWEEP, json={}).status_code == 200

    freed = own.get(SWEEP)["freed"]

    assert freed["bytes"] - before["freed"]["bytes"] == len("layer")
    assert freed["files"] - before["freed"]["files"] == 1
    [run, *_] = own.get(SWEEP)["runs"]
    assert (run["deletions"], run["files"], run["bytes"]) == (1, 1, len("layer"))
    assert own.client.post(SWEEP, json={}).json() == dict.fromkeys(
        ("deletions", "links", "blobs", "uploads", "files", "bytes"), 0
    )
    stored = sum(file.stat().st_size for file in (own_server.data / "blobs").rglob("*") if file.is_file())
    assert stored == len("another layer") + len("{}")


def test_what_waits_for_its_time_is_told(own: Api) -> None:
    """A deletion that can be undone, an upload that no version needs yet, and when the first of them goes."""
    repository = Repository(own.client, "app")
    repository.push_image("layer", "v1")
    deleted = own.delete("app:v1")
    repository.push_blob(b"loose")

    status = own.get(SWEEP)

    assert not status["running"]
    assert status["pending"]["undo"] == {"deletions": 1, "next": deleted["undo_until"]}
    assert status["pending"]["leases"]["links"] == 1
    assert status["next"] == min(deleted["undo_until"], status["pending"]["leases"]["next"])


def test_a_sweep_beside_another_says_so(own: Api, own_server: JettisonServer) -> None:
    """202: somebody else, here in another process, is at it; nothing waits for that."""
    database = SQLiteDatabase(own_server.data / "jettison.db")
    try:
        database.write(lambda tx: leases.take(tx, LEASE_NAME, "elsewhere", LEASE))
        assert own.get(SWEEP)["running"]

        answer = own.post(SWEEP)

        assert answer.status_code == 202
        assert answer.json()["running"]
        assert "GET /api/v1/sweep" in answer.json()["message"]
        database.write(lambda tx: leases.release(tx, LEASE_NAME, "elsewhere"))
        assert own.post(SWEEP).status_code == 200
    finally:
        database.close()
