"""kill -9 leaves the page cache as it is, and proves nothing about power loss. The order of system calls does.

For each kind of write: what it wrote is on the disk (fsync of the file, of its folder, of the database's log) before
the answer that acknowledges it leaves.
"""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jettison.oci.digest import Digest
from tests.crashes.client import ask
from tests.support.content import image
from tests.support.server import JettisonServer

pytestmark = pytest.mark.needs("strace")

TRACED = "fsync,fdatasync,link,linkat,write,pwrite64,writev,sendto,sendmsg"
FILE_SYNC = r"f(data)?sync\(\d+<[^>]*/uploads/[0-9a-f-]{36}>"
LINK = r"link(at)?\(.*/uploads/.*/blobs/"
FOLDER_SYNC = r"f(data)?sync\(\d+<[^>]*/blobs/[0-9a-f]{2}>"
LOG_WRITE = r"pwrite64\(\d+<[^>]*jettison\.db-wal>"
LOG_SYNC = r"f(data)?sync\(\d+<[^>]*jettison\.db-wal>"
DRAFT = image(b"a layer", b"another layer")


@contextmanager
def traced(server: JettisonServer, trace: Path) -> Iterator[None]:
    """Have strace write the server's system calls to ``trace``, with the paths of files, in order."""
    command = ["strace", "-f", "-y", "-s", "24", "-e", f"trace={TRACED}", "-o", str(trace), "-p", str(server.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    try:
        assert "attached" in tracer.stderr.readline()
        yield
        time.sleep(0.2)  # what left last is in the file once strace has seen it
    finally:
        tracer.terminate()
        tracer.wait(10)


def calls(trace: Path, answer: bytes) -> list[str]:
    """The completed calls up to the one that sends ``answer``, which is the last of them."""
    lines = joined(trace)
    sending = [number for number, line in enumerate(lines) if answer.decode() in line]
    assert sending, f"no {answer!r} among {len(lines)} calls"
    return lines[: sending[0] + 1]


def joined(trace: Path) -> list[str]:
    """Calls that another thread's interrupted, put together again where they ended: only then had they happened."""
    begun: dict[str, str] = {}
    whole = []
    for line in trace.read_text().splitlines():
        thread, _, call = line.partition(" ")
        if call.rstrip().endswith("<unfinished ...>"):
            begun[thread] = call.split("<unfinished")[0]
        elif "resumed>" in call:
            whole.append(begun.pop(thread, "") + call.split("resumed>")[1])
        else:
            whole.append(call)
    return whole


def last(lines: list[str], pattern: str) -> int:
    """The place of the last call that matches; every one asked for must be there."""
    places = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    assert places, f"no {pattern} before the answer:\n" + "\n".join(lines[-40:])
    return places[-1]


def request(
    server: JettisonServer, trace: Path, method: str, path: str, body: bytes = b"", media_type: str = ""
) -> int:
    """One request under strace; its status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with traced(server, trace):
        status, _, _ = ask(connection, method, path, body, {"Content-Type": media_type} if media_type else {})
    connection.close()
    return status


def push_blobs(server: JettisonServer) -> None:
    """What DRAFT needs, without anybody watching."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for blob in DRAFT.blobs:
        status, _, _ = ask(connection, "POST", f"/v2/app/blobs/uploads/?digest={Digest.of(blob)}", blob)
        assert status == 201
    connection.close()


def test_a_blob_is_on_the_disk_before_its_201(server: JettisonServer, tmp_path: Path) -> None:
    """Its file, its name in the folder, and its row, in this order."""
    blob = b"a blob that nobody has"
    trace = tmp_path / "trace"
    assert request(server, trace, "POST", f"/v2/app/blobs/uploads/?digest={Digest.of(blob)}", blob) == 201
    lines = calls(trace, b"HTTP/1.1 201")
    order = [last(lines, pattern) for pattern in (FILE_SYNC, LINK, FOLDER_SYNC, LOG_WRITE, LOG_SYNC)]
    assert order == sorted(order)


def test_a_patch_is_on_the_disk_before_its_offset(server: JettisonServer, tmp_path: Path) -> None:
    """The file is synced before the row that says how much of it there is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    _, headers, _ = ask(connection, "POST", "/v2/app/blobs/uploads/")
    connection.close()
    trace = tmp_path / "trace"
    assert request(server, trace, "PATCH", headers["location"], b"half of it") == 202
    lines = calls(trace, b"HTTP/1.1 202")
    assert last(lines, FILE_SYNC) < last(lines, LOG_WRITE)


def test_a_manifest_is_on_the_disk_before_its_201(server: JettisonServer, tmp_path: Path) -> None:
    """The database's log is synced after its last write and before the answer."""
    push_blobs(server)
    trace = tmp_path / "trace"
    assert request(server, trace, "PUT", "/v2/app/manifests/latest", DRAFT.content, DRAFT.media_type) == 201
    lines = calls(trace, b"HTTP/1.1 201")
    assert last(lines, LOG_WRITE) < last(lines, LOG_SYNC)


@pytest.mark.parametrize("path", ["/v2/app/manifests/latest", f"/v2/app/manifests/{DRAFT.digest}", "/v2/app"])
def test_a_deletion_is_on_the_disk_before_its_202(server: JettisonServer, tmp_path: Path, path: str) -> None:
    """What was acknowledged as deleted does not come back with the power."""
    push_blobs(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    ask(connection, "PUT", "/v2/app/manifests/latest", DRAFT.content, {"Content-Type": DRAFT.media_type})
    connection.close()
    trace = tmp_path / "trace"
    assert request(server, trace, "DELETE", path) == 202
    lines = calls(trace, b"HTTP/1.1 202")
    assert last(lines, LOG_WRITE) < last(lines, LOG_SYNC)
