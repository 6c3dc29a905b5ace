from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from jettison.metadata.reserve import LARGEST, Reserve

GIB = 1024**3


def disk(size: int, free: int) -> Callable[[Path], SimpleNamespace]:
    """What a disk of that size, with so many bytes free, says of itself."""
    return lambda _: SimpleNamespace(f_blocks=size, f_bavail=free, f_frsize=1)


def test_space_is_kept_and_given_up(tmp_path: Path) -> None:
    """The file takes what it says on the disk; given up, it is gone, and there is nothing more to give."""
    kept = Reserve(tmp_path / "reserve")
    kept.hold()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= LARGEST
    assert kept.release()
    assert not (tmp_path / "reserve").exists()
    assert not kept.release()


def test_space_that_another_process_kept_is_given_up(tmp_path: Path) -> None:
    """A command beside the server may need it as well."""
    Reserve(tmp_path / "reserve").hold()
    assert Reserve(tmp_path / "reserve").release()


@pytest.mark.parametrize(("size", "free", "kept"), [(GIB, GIB // 2, LARGEST), (10**8, 10**8, 2 * 10**6)])
def test_of_a_small_disk_less_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, free: int, kept: int
) -> None:
    """A fiftieth of it at most."""
    monkeypatch.setattr(os, "statvfs", disk(size, free))
    Reserve(tmp_path / "reserve").hold()
    assert (tmp_path / "reserve").stat().st_size == kept


def test_nothing_is_kept_where_little_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would only make the disk full; it is tried again later, not at each write."""
    monkeypatch.setattr(os, "statvfs", disk(GIB, 3 * LARGEST))
    kept = Reserve(tmp_path / "reserve")
    kept.hold()
    monkeypatch.setattr(os, "statvfs", disk(GIB, GIB // 2))
    kept.hold()
    assert not (tmp_path / "reserve").exists()
    monkeypatch.setattr(kept, "_tried_at", float("-inf"))
    kept.hold()
    assert (tmp_path / "reserve").exists()


def test_a_disk_that_cannot_keep_it_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half made is left behind."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    Reserve(tmp_path / "reserve").hold()
    assert list(tmp_path.iterdir()) == []
