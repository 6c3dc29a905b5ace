"""In which order the filesystem backend asks the kernel for things. Only strace sees it: no crash of a test does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blobs.session import new_upload
from tests.support.parts import ROOT, program

pytestmark = pytest.mark.needs("strace")

UPLOAD = new_upload()
KEY = "c0" + "1" * 30
UPLOAD_FILE = f"uploads/{UPLOAD}"
BLOB_FOLDER = f"blobs/{KEY[:2]}"
BLOB_FILE = f"{BLOB_FOLDER}/{KEY}"

PREPARED = """
import os, sys
from pathlib import Path
from jettison.blobs.filesystem import FilesystemBlobs

def say(word):
    os.access("/said/" + word, os.F_OK)

root, upload, key = sys.argv[1:]
blobs = FilesystemBlobs(Path(root))
say("ready")
"""


def trace(folder: Path, steps: str) -> list[str]:
    """What `steps` ask of the kernel, such as `fsync uploads`; what `say` says stands between as `said word`.

    The steps have `blobs`, `upload`, `key` and `say`. Paths are shown from the storage's folder.
    """
    root, log = folder / "data", folder / "trace"
    calls = "trace=fsync,fdatasync,link,linkat,unlink,unlinkat,ftruncate,pwrite64,access,faccessat,faccessat2"
    strace = [program("strace"), "-f", "-y", "-s", "0", "-e", calls, "-e", "signal=none", "-o", str(log)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    python = [sys.executable, "-c", PREPARED + steps, str(root), UPLOAD, KEY]
    subprocess.run([*strace, *python], check=True, env=environment, timeout=60)
    calls_seen = [seen for line in log.read_text().splitlines() if (seen := _read_line(line, f"{root}/"))]
    return calls_seen[calls_seen.index("said ready") + 1 :]


def _read_line(line: str, root: str) -> str | None:
    call = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
    if call is None:
        return None
    name, arguments, result = call.groups()
    if "access" in name:
        said = re.search(r'"/said/(\w+)"', arguments)
        return f"said {said[1]}" if said else None
    if result.startswith("-"):
        return None
    paths = re.findall(rf'[<"]{re.escape(root)}([^>"]*)[>"]', arguments)
    return " ".join([name.removesuffix("at"), *paths]) if paths else None


def test_a_sync_has_file_and_name_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    """An offset is recorded only after the file's fsync and its folder's, and the folder's is needed once."""
    seen = trace(
        tmp_path,
        "writer = blobs.writer(upload, key, None, 0)\n"
        "writer.write(b'one'); writer.sync(); say('first')\n"
        "writer.write(b'two'); writer.sync(); say('second')\n"
        "writer.sync(); say('third')\n",
    )
    assert seen == [
        f"pwrite64 {UPLOAD_FILE}",
        f"fsync {UPLOAD_FILE}",
        "fsync uploads",
        "said first",
        f"pwrite64 {UPLOAD_FILE}",
        f"fsync {UPLOAD_FILE}",
        "said second",
        "said third",
    ]


def test_keep_syncs_the_file_then_links_then_syncs_the_folder(tmp_path: Path) -> None:
    """No blob's name before its bytes are on the disk, and no return before the name is."""
    seen = trace(
        tmp_path,
        "blobs.writer(upload, key, None, 0).write(b'one')\nblobs.keep(upload, key, None, 3)\nsay('kept')\n",
    )
    assert seen == [
        f"pwrite64 {UPLOAD_FILE}",
        f"fsync {UPLOAD_FILE}",
        "fsync uploads",
        f"link {UPLOAD_FILE} {BLOB_FILE}",
        f"fsync {BLOB_FOLDER}",
        "said kept",
    ]


def test_keep_syncs_nothing_twice(tmp_path: Path) -> None:
    """After a sync of the same bytes, keeping costs the link and its folder's fsync."""
    seen = trace(
        tmp_path,
        "writer = blobs.writer(upload, key, None, 0)\n"
        "writer.write(b'one'); writer.sync(); writer.close(); say('synced')\n"
        "blobs.keep(upload, key, None, 3); say('kept')\nblobs.finish(upload)\n",
    )
    assert seen[seen.index("said synced") :] == [
        "said synced",
        f"link {UPLOAD_FILE} {BLOB_FILE}",
        f"fsync {BLOB_FOLDER}",
        "said kept",
        f"unlink {UPLOAD_FILE}",
    ]


def test_keep_syncs_what_another_process_may_not_have_synced(tmp_path: Path) -> None:
    """After a restart nothing is taken for durable, not even a link that is there already."""
    seen = trace(
        tmp_path,
        "blobs.writer(upload, key, None, 0).write(b'one')\nblobs.keep(upload, key, None, 3); say('restart')\n"
        "blobs = FilesystemBlobs(Path(root)); say('ready')\nblobs.keep(upload, key, None, 3); say('kept')\n",
    )
    again = seen[seen.index("said restart") :]
    assert again[again.index("said ready") :] == [
        "said ready",
        f"fsync {UPLOAD_FILE}",
        "fsync uploads",
        f"fsync {BLOB_FOLDER}",
        "said kept",
    ]


def test_bytes_dropped_and_written_anew_are_synced_again(tmp_path: Path) -> None:
    """A size that was durable once says nothing of other bytes of the same length."""
    seen = trace(
        tmp_path,
        "writer = blobs.writer(upload, key, None, 0)\nwriter.write(b'one'); writer.sync()\n"
        "writer = blobs.writer(upload, key, None, 0)\nwriter.write(b'two'); say('written')\n"
        "blobs.keep(upload, key, None, 3)\n",
    )
    assert seen[seen.index("said written") + 1] == f"fsync {UPLOAD_FILE}"


def test_abandon_removes_the_blob_for_good_before_the_upload(tmp_path: Path) -> None:
    """While the upload's name stands it tells that the blob was never committed, so it goes last."""
    seen = trace(
        tmp_path,
        "blobs.writer(upload, key, None, 0).write(b'one')\nblobs.keep(upload, key, None, 3); say('kept')\n"
        "blobs.abandon(upload, key, None); say('abandoned')\n",
    )
    assert seen[seen.index("said kept") :] == [
        "said kept",
        f"unlink {BLOB_FILE}",
        f"fsync {BLOB_FOLDER}",
        f"unlink {UPLOAD_FILE}",
        "fsync uploads",
        "said abandoned",
    ]


def test_the_folders_are_durable_before_the_first_blob(tmp_path: Path) -> None:
    """Blobs' folders are all made and synced at the start, so that keeping a blob syncs one folder alone."""
    log = tmp_path / "start"
    script = PREPARED + "os.listdir(root)\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    root = tmp_path / "new" / "data"
    strace = [program("strace"), "-f", "-y", "-e", "trace=fsync,mkdir,mkdirat", "-o", str(log)]
    subprocess.run(
        [*strace, sys.executable, "-c", script, str(root), UPLOAD, KEY], check=True, env=environment, timeout=60
    )
    lines = log.read_text().splitlines()
    last_made = max(number for number, line in enumerate(lines) if "mkdir" in line and f"{root}/blobs/" in line)
    synced = [line for line in lines[last_made:] if "fsync" in line]
    assert any(f"<{root}/blobs>" in line for line in synced)
    assert any(f"<{root}>" in line for line in synced)
    assert any("fsync" in line and f"<{tmp_path}/new>" in line for line in lines)
    assert any("fsync" in line and f"<{tmp_path}>" in line for line in lines)
