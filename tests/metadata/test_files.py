from __future__ import annotations

import fcntl
import time
from pathlib import Path

import pytest

from jettison.metadata.files import FileLock, OpenedFile
from jettison.oci.errors import Unavailable


def test_a_lock_is_held_by_one_and_waited_for_no_longer_than_was_said(tmp_path: Path) -> None:
    """Another process that holds it, and hangs, makes nobody hang with it; once it lets go, the lock is had."""
    lock = FileLock(tmp_path / "lock")
    with (tmp_path / "lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        started = time.monotonic()
        with pytest.raises(Unavailable, match="locked by another process"), lock.held(0.1):
            pass
        assert 0.1 <= time.monotonic() - started < 5
        fcntl.flock(other, fcntl.LOCK_UN)
        with lock.held(0.1), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.close()


def test_a_file_that_went_away_or_was_replaced_is_noticed(tmp_path: Path) -> None:
    """Its name leads to it, or it is not written to; the same file under its name again is as good as before."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    opened = OpenedFile(path)
    opened.check()
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="is gone"):
        opened.check()
    path.write_bytes(b"another")
    with pytest.raises(Unavailable, match="was replaced"):
        opened.check()
    (tmp_path / "elsewhere").replace(path)
    opened.check()
