"""A disk without room: nothing is promised that cannot be kept, and whoever filled it can delete."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.oci.digest import Digest
from tests.crashes.asking import Answer, pull_blob, push, push_blob, put, request, sweep, whole
from tests.support.content import image
from tests.support.server import JettisonServer

pytestmark = pytest.mark.needs("mount")

SIZE = 40 * 1024 * 1024
PIECE = 1024 * 1024
CONFIG = {"jettison": {"sweep": {"interval": 0, "grace": 0}}}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "jettison-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def server(disk: Path) -> Iterator[JettisonServer]:
    """A registry whose data lies on the small disk. It sweeps when it is told to."""
    with JettisonServer(disk / "data", config=CONFIG) as running:
        yield running


def fill_by_uploading(server: JettisonServer) -> tuple[str, bytes, Answer]:
    """Upload until no more is taken: where the session is, its bytes that were acknowledged, and the refusal."""
    location = request(server, "POST", "/v2/fill/blobs/uploads/").headers["location"]
    sent = b""
    while True:
        piece = os.urandom(PIECE)
        answer = request(server, "PATCH", location, piece)
        if answer.status != 202:
            return location, sent, answer
        sent += piece


def fill_by_others(disk: Path) -> Path:
    """Another program takes every last byte; the file that has them."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        fill(file)
    return ballast


def fill(file: io.FileIO) -> None:
    """Write until there is no room."""
    while True:
        file.write(b"\1" * 4096)


def test_an_upload_that_a_full_disk_stopped_goes_on_when_there_is_room(server: JettisonServer) -> None:
    """507 with the reason, nothing of the refused piece counted; after a deletion the session goes on to its 201."""
    big, small = os.urandom(8 * PIECE), push(server, "small", b"a layer")
    push(server, "big", big)
    location, sent, refused = fill_by_uploading(server)
    assert (refused.status, refused.code) == (507, "UNAVAILABLE")
    assert b"full" in refused.body
    assert str(server.data).encode() not in refused.body
    assert request(server, "GET", location).headers["range"] == f"0-{len(sent) - 1}"
    assert push_blob(server, "other", os.urandom(2 * PIECE)).status == 507
    assert whole(server, "small", small)
    assert request(server, "DELETE", "/v2/big?purge=true").status == 202
    assert sweep(server)["bytes"] >= len(big)
    last = os.urandom(PIECE)
    digest = Digest.of(sent + last)
    answer = request(server, "PUT", f"{location}?digest={digest}", last)
    assert answer.status == 201
    assert pull_blob(server, "fill", sent + last).body == sent + last


def test_a_cancelled_upload_gives_its_room_back(server: JettisonServer) -> None:
    """Whoever filled the disk by an upload can end it, and push again at once."""
    location, _, _ = fill_by_uploading(server)
    assert request(server, "DELETE", location).status == 204
    assert whole(server, "app", push(server, "app", os.urandom(PIECE)))


def test_deleting_works_on_a_disk_that_others_filled(server: JettisonServer, disk: Path) -> None:
    """Not a byte is free: a push is refused with 507, a deletion and the sweep give space back, a push then works."""
    big, kept = os.urandom(4 * PIECE), push(server, "kept", b"a layer")
    push(server, "big", big)
    fill_by_others(disk)
    assert os.statvfs(disk).f_bavail == 0
    draft = image(b"a new layer")
    assert push_blob(server, "new", draft.blobs[0]).status == 507
    assert request(server, "POST", "/v2/new/blobs/uploads/").status == 507
    assert put(server, "kept", draft).status == 507
    assert request(server, "GET", "/healthz").status == 200
    assert request(server, "DELETE", "/v2/big?purge=true").status == 202
    assert sweep(server)["bytes"] >= len(big)
    assert whole(server, "kept", kept)
    assert request(server, "GET", "/v2/_catalog").json == {"repositories": ["kept"]}
    assert whole(server, "new", push(server, "new", b"a new layer"))


@pytest.mark.parametrize("killed", [False, True])
def test_a_server_starts_on_a_full_disk(server: JettisonServer, disk: Path, killed: bool) -> None:
    """It serves what it has, and lets people delete; killed or not before."""
    kept = push(server, "kept", b"a layer")
    push(server, "big", os.urandom(4 * PIECE))
    if killed:
        server.kill()
    else:
        server.stop()
    fill_by_others(disk)
    server.start()
    assert whole(server, "kept", kept)
    assert request(server, "DELETE", "/v2/big?purge=true").status == 202
    assert sweep(server)["files"] >= 1


def test_space_is_kept_again_once_there_is_room(server: JettisonServer, disk: Path) -> None:
    """The disk may fill up a second time."""
    for name in ("one", "two"):
        push(server, name, os.urandom(4 * PIECE))
        ballast = fill_by_others(disk)
        assert request(server, "DELETE", f"/v2/{name}?purge=true").status == 202
        ballast.unlink()
        server.restart()
        push(server, "kept", b"a layer")
    assert (server.data / "jettison.db-reserve").stat().st_size > 0
