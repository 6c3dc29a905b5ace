"""The most memory that a server has resident during many large transfers at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.connection import Connection, request
from benchmarks.content import LargeFile
from benchmarks.measurement import JETTISON, Goal, Row, Series
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.push import location, start_upload
from benchmarks.scale import MIB, Scale

REPOSITORY = "library/large"
BOUND_MB = 200
SPARE_BYTES = 8 << 30
COMPARED = (JETTISON, "distribution v3")


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """MB resident at the peak, of a fresh server per direction: all transfers down, then all up; one run of each.

    Uploads are smaller than the scale says where the disk cannot hold them all; the row says so.
    """
    rows: list[Row] = []
    upload_bytes = _upload_bytes(scale, folder)
    for name, size, work in (("down", scale.blob_bytes, _download), ("up", upload_bytes, _upload)):
        file = LargeFile(folder / f"blob-{name}", size)
        series: list[Series] = []
        # One after the other: their uploads would not fit on the disk together.
        for peer in (each for each in peers if each.name in COMPARED):
            with running([peer], folder) as (server,):
                work(server, file, scale.transfers)
                series.append(Series(peer.name, (server.process.peak_resident_bytes() / 1e6,)))
        file.path.unlink()
        peak = next((each.median for each in series if each.peer == JETTISON), None)
        goal = Goal(f"under {BOUND_MB} MB", peak, BOUND_MB, at_most=True, unit=" MB")
        title = f"peak memory, {scale.transfers} transfers of {size // MIB} MiB at once, {name}"
        rows.append(Row(f"memory-{name}", title, "MB", tuple(series), (goal,)))
    return rows


def _download(server: Server, file: LargeFile, transfers: int) -> None:
    server.fill_file(REPOSITORY, file)
    path = f"/v2/{REPOSITORY}/blobs/{file.digest}"

    def download(connection: Connection) -> None:
        connection.discard(path)

    _at_once(server, transfers, download)


def _upload(server: Server, file: LargeFile, transfers: int) -> None:
    """Send all of the file in every session, then cancel the session: its commit would take no more memory."""

    def upload(connection: Connection) -> None:
        opened = start_upload(connection, REPOSITORY)
        received = connection.send_file("PATCH", opened, file.path, 202)
        connection.send(request("DELETE", location(received)), 204)

    _at_once(server, transfers, upload)


def _at_once(server: Server, transfers: int, transfer: Callable[[Connection], None]) -> None:
    def run(_: int) -> None:
        with server.connect() as connection:
            transfer(connection)

    with ThreadPoolExecutor(transfers) as pool:
        list(pool.map(run, range(transfers)))


def _upload_bytes(scale: Scale, folder: Path) -> int:
    room = (shutil.disk_usage(folder).free - SPARE_BYTES) // (scale.transfers + 1) // MIB * MIB
    return min(scale.blob_bytes, room)
