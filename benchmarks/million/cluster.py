"""A PostgreSQL for one run: its own folder and port, gone with the run."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from benchmarks.process import NotStarted, free_port

PLACES = "/usr/lib/postgresql"
START_SECONDS = 120.0
STOP_SECONDS = 300.0


class Cluster:
    """A cluster in ``folder``, which is made, on 127.0.0.1. Started with settings, as often as one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._user = _user()
        self._running: subprocess.Popen[bytes] | None = None
        self._port = 0
        folder.mkdir()
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        command = [_program("initdb"), "--pgdata", str(self._data), "--username=jettison", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        subprocess.run(self._as_user(command), cwd=folder, check=True, stdout=subprocess.DEVNULL)

    @property
    def version(self) -> str:
        """Such as 15.18."""
        said = subprocess.run([_program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        return said.split()[2]

    def url(self, database: str = "postgres") -> str:
        """What ``jettison.database.url`` takes to reach ``database``."""
        return f"postgresql://jettison@127.0.0.1:{self._port}/{database}"

    def start(self, settings: Mapping[str, str]) -> None:
        """Start it with these settings, and wait until it takes connections. Raises NotStarted."""
        self.stop()
        self._port = free_port()
        fixed = {"listen_addresses": "127.0.0.1", "port": str(self._port), "unix_socket_directories": ""}
        command = [_program("postgres"), "-D", str(self._data)]
        for name, value in {**fixed, **settings}.items():
            command += ["-c", f"{name}={value}"]
        log = self.folder / "log"
        with log.open("ab") as output:
            self._running = subprocess.Popen(
                self._as_user(command), cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        ends = time.monotonic() + START_SECONDS
        while not self._connects():
            if self._running.poll() is not None or time.monotonic() > ends:
                self.stop()
                raise NotStarted(f"PostgreSQL does not answer. Its log ends with:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as an administrator would, or if that takes too long, at once."""
        running, self._running = self._running, None
        if running is None:
            return
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait(STOP_SECONDS)

    def remove(self) -> None:
        """Stop it, and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connects(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_user(self, command: list[str]) -> list[str]:
        """It dies with this process, and is not run as root, which it refuses."""
        ids = []
        if self._user is not None:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, "--pdeathsig=KILL", *command]


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LookupError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _program(name: str) -> str:
    """Where Debian keeps it, the newest version first."""
    folders = sorted(Path(PLACES).glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: `make parts` as root, or apt-get install postgresql")
    return found
