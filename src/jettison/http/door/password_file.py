"""A file of names and passwords, as `htpasswd -B` writes it: bcrypt only, read again when it changes."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

import bcrypt
import structlog

from jettison.oci.errors import Unauthorized, Unavailable

LONGEST: Final = 72
"""Bytes of a password that bcrypt looks at."""

REMEMBERED: Final = 1000
REMEMBERED_SECONDS: Final = 300.0

# Of a cost that bcrypt knows; what costs more than 19 takes minutes.
_is_bcrypt = re.compile(rb"\$2[aby]\$(0[4-9]|1\d)\$[./A-Za-z0-9]{53}").fullmatch
_log = structlog.get_logger("jettison.http")

_Stamp = tuple[int, int, int]


class PasswordFile:
    """The names and passwords of a file. For any number of threads.

    What was right is remembered for a while, as a hash under a key that only this process has, of the password together
    with the line that it was checked against: another line is another password.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._entries: Mapping[str, bytes] = {}
        self._nobodys = b""
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, float] = OrderedDict()

    def read(self) -> None:
        """Read the file if it has changed. Raises Unavailable where it cannot be read: then nobody signs in."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            with self._lock:
                if stamp == self._stamp:
                    return
                self._entries = _read(self._path)
                self._nobodys = _like(self._entries)
                self._stamp = stamp
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            _log.error("password file cannot be read", path=str(self._path), reason=reason)
            raise Unavailable("the password file of this registry cannot be read: its log says why") from error

    def has(self, name: str) -> bool:
        """Whether there is such a name."""
        return name in self._entries

    def matches(self, name: str, password: str) -> bool:
        """Whether that is the password of that name. A name that there is not takes as long as a wrong password.

        Raises Unauthorized for a password of which bcrypt would not look at all, and Unavailable as :meth:`read`.
        """
        given = password.encode("utf-8", "surrogatepass")
        if len(given) > LONGEST:
            raise Unauthorized(
                f"the password has {len(given)} bytes, and bcrypt, which the password file is made with, looks at the"
                f" first {LONGEST} only: take a shorter one"
            )
        self.read()
        kept = self._entries.get(name)
        seen = blake2b(name.encode() + b"\0" + (kept or b"") + b"\0" + given, key=self._key, digest_size=32).digest()
        if kept is not None and self._recall(seen):
            return True
        right = bcrypt.checkpw(given, kept if kept is not None else self._nobodys)
        if kept is None or not right:
            return False
        self._remember(seen)
        return True

    def _recall(self, seen: bytes) -> bool:
        with self._lock:
            return self._right.get(seen, 0.0) > time.monotonic()

    def _remember(self, seen: bytes) -> None:
        with self._lock:
            self._right.pop(seen, None)
            self._right[seen] = time.monotonic() + REMEMBERED_SECONDS
            if len(self._right) > REMEMBERED:
                self._right.popitem(last=False)


def _read(path: Path) -> dict[str, bytes]:
    """The entries that can be used; of the others the log has the number of their line, and nothing that is in them."""
    entries: dict[str, bytes] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(b"#"):
            continue
        name, colon, kept = stripped.partition(b":")
        if not colon or not name or _is_bcrypt(kept) is None:
            _log.warning("line of the password file is not used: it is no bcrypt", path=str(path), line=number)
            continue
        entries[name.decode("utf-8", "surrogateescape")] = kept
    return entries


def _like(entries: Mapping[str, bytes]) -> bytes:
    """What takes as long to check as the slowest of the entries, and is nobody's."""
    costs = [int(match[1]) for kept in entries.values() if (match := _is_bcrypt(kept)) is not None]
    return bcrypt.gensalt(max(costs, default=10)) + b"." * 31
