from __future__ import annotations

import os
from pathlib import Path

import pytest

from jettison.server import ServeError, mounts
from jettison.server.folder import LOCK, locked, refuse_network_filesystem


def test_a_folder_is_made_and_held(tmp_path: Path) -> None:
    """A missing folder is made; while one holds it, another is refused, and afterwards it is free."""
    root = tmp_path / "a" / "b"
    with locked(root):
        with pytest.raises(ServeError, match=f"is already served by process {os.getpid()}:"), locked(root):
            pass
        # The one that was refused took nothing from the one that holds it.
        with pytest.raises(ServeError), locked(root):
            pass
    with locked(root):
        pass


def test_a_lock_file_that_was_left_is_no_lock(tmp_path: Path) -> None:
    """The file of a server that ended in any way holds nobody up."""
    (tmp_path / LOCK).write_text("1 elsewhere\nand a long rest of something else\n")
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text().startswith(f"{os.getpid()} ")
        assert "rest" not in (tmp_path / LOCK).read_text()


def test_a_holder_on_another_host_is_named_with_it(tmp_path: Path) -> None:
    """A process id alone would mislead where a container or another machine shares the folder."""
    with locked(tmp_path):
        (tmp_path / LOCK).write_text("1 elsewhere\n")
        with pytest.raises(ServeError, match="process 1 on elsewhere"), locked(tmp_path):
            pass


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """What cannot be used as a folder is named, with the setting that chooses another."""
    file = tmp_path / "file"
    file.touch()
    for root in (file, file / "below"):
        with pytest.raises(ServeError, match=f"{root} cannot be used.*REGISTRY_STORAGE_FILESYSTEM_ROOT"), locked(root):
            pass


def test_a_folder_on_a_network_filesystem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the folder, the kind of filesystem, and both ways out."""
    table = tmp_path / "mountinfo"
    table.write_text("1 1 8:1 / / rw - nfs4 nas:/export rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
    with pytest.raises(ServeError, match=rf"{tmp_path} .*\(nfs4\).*local folder.*PostgreSQL"):
        refuse_network_filesystem(tmp_path)


def test_a_local_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said about a local filesystem."""
    table = tmp_path / "mountinfo"
    table.write_text("1 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
    refuse_network_filesystem(tmp_path)
