"""Which filesystem a folder lies on (Linux)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

_NETWORK = re.compile(
    r"9p|afs|beegfs|ceph|cifs|coda|davfs|glusterfs|gpfs|lustre|ncpfs|nfs4?|orangefs|smb[23]|smbfs"
    r"|fuse\.(ceph|davfs2|gcsfuse|glusterfs|mount-s3|nfs|rclone|s3fs|smbnetfs|sshfs)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT = 4


def network_filesystem(folder: Path) -> str | None:
    """The kind of network filesystem ``folder`` lies on, as the kernel names it (``nfs4``), or None if it is local.

    None too where the system does not tell: on anything but Linux.
    """
    try:
        table = MOUNTINFO.read_text(errors="surrogateescape")
    except OSError:
        return None
    kind = filesystem(folder.resolve(), table.splitlines())
    return kind if kind and _NETWORK.fullmatch(kind) else None


def filesystem(folder: Path, table: Iterable[str]) -> str | None:
    """The kind of filesystem that ``folder``, an absolute path without links, lies on, by a mountinfo ``table``."""
    nearest, kind = -1, None
    for line in table:
        place, _, source = line.partition(" - ")
        fields = place.split(" ")
        if not source or len(fields) <= _MOUNT_POINT:
            continue
        mounted = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[_MOUNT_POINT]))
        # Of two mounts at one place the later covers the earlier.
        if folder.is_relative_to(mounted) and len(mounted.parts) >= nearest:
            nearest, kind = len(mounted.parts), source.split(" ")[0]
    return kind
