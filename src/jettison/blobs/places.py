"""Where a blob lies in a data folder, by its key.

    <root>/blobs/<first two digits>/<key>                            32 hexadecimal digits: stored here
    <root>/docker/registry/v2/blobs/<algorithm>/<two>/<hex>/data     <algorithm>:<hex>: adopted, where CNCF
                                                                     distribution has put it

Keys of the second form are never given out: they name files that were there before, and nothing is written at them.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from jettison.blobs.durable import make_folder, sync_folder
from jettison.blobs.store import InvalidId, Key

TREE = Path("docker", "registry", "v2")
"""Where CNCF distribution keeps its tree in its root directory."""

_KEY = re.compile("[0-9a-f]{32}")
_ADOPTED = re.compile("(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128})")
_ADOPTED_HEX = {"sha256": re.compile("[0-9a-f]{64}"), "sha512": re.compile("[0-9a-f]{128}")}
_UPLOAD = re.compile("[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_FAN_OUT = [f"{number:02x}" for number in range(256)]


def is_adopted(key: str) -> bool:
    """Whether the key names a file that was adopted."""
    return _ADOPTED.fullmatch(key) is not None


def is_upload(id: str) -> bool:
    """Whether this has the shape of an upload's id."""
    return _UPLOAD.fullmatch(id) is not None


def require_upload(id: str) -> None:
    """Raise InvalidId where this has not the shape of an upload's id."""
    if not is_upload(id):
        raise InvalidId(f"{id[:80]!r} is not the id of an upload: ids are UUIDs in lower case")


def require_new(key: Key) -> None:
    """Raise InvalidId where this is not the key of a blob that is to be stored: an adopted key is none."""
    if not _KEY.fullmatch(key):
        raise InvalidId(f"{key[:80]!r} is not the key of a new blob: these are 32 lower-case hexadecimal digits")


def blob_path(root: Path, key: Key) -> Path:
    """Where the blob at `key` lies in the data folder `root`. Raises InvalidId."""
    if _KEY.fullmatch(key):
        return root / "blobs" / key[:2] / key
    return adopted_path(root, key)


def new_blob_path(root: Path, key: Key) -> Path:
    """The same for a blob that is to be stored. Raises InvalidId."""
    require_new(key)
    return blob_path(root, key)


def adopted_path(root: Path, key: Key) -> Path:
    """The same for an adopted key. Raises InvalidId."""
    found = _ADOPTED.fullmatch(key)
    if found is None:
        raise InvalidId(
            f"{key[:80]!r} is not the key of a blob: keys are 32 lower-case hexadecimal digits, "
            "or sha256: or sha512: and the digits of that digest"
        )
    algorithm, digits = (part for part in found.groups() if part is not None)
    return root / TREE / "blobs" / algorithm / digits[:2] / digits / "data"


def object_name(key: Key) -> str:
    """The same in a bucket, after its prefix. Raises InvalidId."""
    return blob_path(Path(), key).as_posix()


def object_key(name: str) -> Key | None:
    """The key of the blob that has this name in a bucket, after its prefix; None where it is the name of no blob."""
    parts = name.split("/")
    key = Key(f"{parts[-4]}:{parts[-2]}" if parts[-1] == "data" and len(parts) > len(TREE.parts) else parts[-1])
    if (_KEY.fullmatch(key) or _ADOPTED.fullmatch(key)) and object_name(key) == name:
        return key
    return None


def remove_blob(path: Path, key: Key) -> None:
    """Remove the file of a blob, and of an adopted one the folder that it had for itself. Nothing there is success."""
    path.unlink(missing_ok=True)
    if not is_adopted(key):
        return
    above = path.parent.parent
    with contextlib.suppress(OSError):
        before = above.stat()
        path.parent.rmdir()
        # By the times of these folders one sees whether anybody else has written to the tree.
        os.utime(above, ns=(before.st_atime_ns, before.st_mtime_ns))


def make_blob_folders(root: Path) -> None:
    """Make the folder for blobs in `root`, and in it those that they lie in, durably. Raises OSError, NotDurable."""
    blobs = root / "blobs"
    make_folder(blobs)
    there = {folder.name for folder in blobs.iterdir()}
    for name in _FAN_OUT:
        if name not in there:
            (blobs / name).mkdir(mode=0o750, exist_ok=True)
    # Whoever made them may have been killed before this: made now or earlier, they are durable from here on,
    # and keeping a blob syncs its folder alone.
    sync_folder(blobs)
    sync_folder(root)


def blob_files(root: Path) -> Iterator[tuple[Key, int]]:
    """All blobs in `root` with their sizes, a folder at a time; other files are passed over."""
    for name in _FAN_OUT:
        with os.scandir(root / "blobs" / name) as entries:
            for entry in entries:
                if not _KEY.fullmatch(entry.name) or not entry.name.startswith(name):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        yield Key(entry.name), entry.stat(follow_symlinks=False).st_size
    yield from adopted_files(root)


def adopted_files(root: Path) -> Iterator[tuple[Key, int]]:
    """All blobs in distribution's tree in `root`, whether they were adopted or not, with their sizes."""
    for algorithm, shape in _ADOPTED_HEX.items():
        for name in _FAN_OUT:
            for digits in _names(root / TREE / "blobs" / algorithm / name):
                if not shape.fullmatch(digits) or not digits.startswith(name):
                    continue
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    size = (root / TREE / "blobs" / algorithm / name / digits / "data").stat().st_size
                    yield Key(f"{algorithm}:{digits}"), size


def _names(folder: Path) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry.name
