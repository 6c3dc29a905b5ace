"""The Unix socket the registry listens on."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from jettison.server.errors import ServeError

_LONGEST = 107
_OTHER = "http.addr in the configuration, or REGISTRY_HTTP_ADDR"


@dataclass(frozen=True, slots=True)
class SocketFile:
    """A socket that listens, and its file."""

    socket: socket.socket
    path: Path
    identity: tuple[int, int] | None

    def remove(self) -> None:
        """Take the file away, unless it is another's by now."""
        if _identity(self.path) == self.identity:
            self.path.unlink(missing_ok=True)


def bind_unix(path: Path) -> SocketFile:
    """A Unix socket that listens at ``path``; who may connect is up to the umask and the folder.

    A file that a server left behind when it was killed is replaced. Raises ServeError with what to do where another
    server listens there, the file is no socket, or the path cannot be had.
    """
    path = path.absolute()
    if len(os.fsencode(path)) > _LONGEST:
        raise ServeError(f"{path} is too long for a socket, which may have {_LONGEST} bytes: choose another: {_OTHER}")
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _require_free(path)
        bound.bind(os.fspath(path))
        # At once: whoever finds the file and nobody listening takes it for a leftover.
        bound.listen()
        return SocketFile(bound, path, _identity(path))
    except ServeError:
        bound.close()
        raise
    except OSError as error:
        bound.close()
        raise _refused(path, error) from error


def _require_free(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ServeError(f"{path} is there already, and is no socket: move it away, or choose another: {_OTHER}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:  # more wait there than are taken
            pass
    raise ServeError(f"{path} is in use by another program: stop it (`ss -lxp` names it), or choose another: {_OTHER}")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is there: its number, which may be given again, and when it was made."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _refused(path: Path, error: OSError) -> ServeError:
    if isinstance(error, FileNotFoundError):
        return ServeError(f"the folder {path.parent} is not there: make it, or choose another socket: {_OTHER}")
    if isinstance(error, PermissionError):
        return ServeError(
            f"the user {os.geteuid()} may not make the socket {path}: let it write in {path.parent}, or choose another:"
            f" {_OTHER}"
        )
    return ServeError(f"cannot listen on {path} ({error.strerror or error}): choose another socket: {_OTHER}")
