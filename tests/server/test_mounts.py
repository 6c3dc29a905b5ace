from __future__ import annotations

from pathlib import Path

import pytest

from jettison.server import mounts

TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:27 / /srv rw,relatime - nfs4 nas:/export rw,vers=4.2
31 30 8:2 / /srv/local rw - xfs /dev/sdb1 rw
32 22 0:29 / /mnt/with\040space rw - cifs //nas/share rw
33 22 0:30 / /mnt/over rw - nfs nas:/a rw
34 33 8:3 / /mnt/over rw shared:7 master:1 - ext4 /dev/sdc1 rw
35 22 0:31 / /home/me/away rw - fuse.sshfs me@host: rw
a line of no sense
""".splitlines()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/var/lib/registry", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/registry", "nfs4"),
        ("/srvother", "ext4"),
        ("/srv/local/registry", "xfs"),
        ("/mnt/with space/x", "cifs"),
        ("/mnt/over/x", "ext4"),
        ("/home/me/away/data", "fuse.sshfs"),
    ],
)
def test_a_folder_lies_on_the_nearest_and_latest_mount(folder: str, kind: str) -> None:
    """Of the mounts above a folder the deepest counts, of two at one place the later."""
    assert mounts.filesystem(Path(folder), TABLE) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_network_filesystems_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Each kind of network filesystem is named."""
    _mount(tmp_path, monkeypatch, kind)
    assert mounts.network_filesystem(tmp_path) == kind


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "zfs", "fuse.mergerfs", "nfsd", "virtiofs"]
)
def test_local_filesystems_are_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """What a machine has of its own is no network filesystem."""
    _mount(tmp_path, monkeypatch, kind)
    assert mounts.network_filesystem(tmp_path) is None


def test_a_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is a link lies where the link leads."""
    away = tmp_path / "away"
    away.mkdir()
    link = tmp_path / "link"
    link.symlink_to(away)
    table = tmp_path / "mountinfo"
    table.write_text(f"1 1 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / {away} rw - nfs nas:/ rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
    assert mounts.network_filesystem(link / "data") == "nfs"


def test_this_machine_has_a_table_that_is_understood(tmp_path: Path) -> None:
    """The kernel's own table names a filesystem for every folder."""
    assert mounts.filesystem(tmp_path.resolve(), mounts.MOUNTINFO.read_text().splitlines())


def test_a_system_without_a_table_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not tell, nothing is refused."""
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "missing")
    assert mounts.network_filesystem(tmp_path) is None


def _mount(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    table = folder / "mountinfo"
    table.write_text(f"1 1 8:1 / / rw - {kind} device rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
