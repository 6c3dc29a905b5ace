"""A real PostgreSQL, started by the tests: its own data folder, its own port, a fresh database whenever asked."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from .daemon import Daemon, DaemonDied
from .parts import program
from .ports import free_port

PORT_ATTEMPTS = 5

USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; then it runs as the first of these that exists, who owns its folder."""


class PostgresCluster:
    """A cluster in a temporary folder, listening on 127.0.0.1. A context manager: leaving it stops and removes it.

    It writes as safely as in production (fsync) unless ``fsync`` is False.
    """

    def __init__(self, *, fsync: bool = True) -> None:
        # Not below pytest's folder, which only its owner may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="jettison-postgres-"))
        self.port = 0
        self._fsync = fsync
        self._daemon: Daemon | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        try:
            self._create()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            self.stop()
        finally:
            self._remove()

    @property
    def log(self) -> str:
        """All the server has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises DaemonDied with its log, or TimeoutError."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = self.port or free_port()
            try:
                self._start(port)
            except DaemonDied as error:
                if self.port or "could not bind" not in str(error) or attempt == PORT_ATTEMPTS:
                    raise
            else:
                self.port = port
                return

    def stop(self) -> None:
        """End every session and the server, as an administrator would."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.stop()

    def kill(self) -> None:
        """End the server and all its processes with SIGKILL; :meth:`start` then recovers what was committed."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.kill()

    def url(self, database: str = "postgres") -> str:
        """What ``jettison.database.url`` takes to reach ``database``."""
        return f"postgresql://jettison@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"jettison_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop what :meth:`create_database` returned, ending the sessions that use it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _create(self) -> None:
        if os.geteuid() == 0:
            user = _user()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        command = [program("initdb"), "--pgdata", str(self.folder / "data"), "--username=jettison", "--auth=trust"]
        # A cluster that orders text as people do ("a" < "B" < "c"): pages must come in the order of bytes all the same.
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        command += ["--no-sync", "--no-instructions"]
        done = subprocess.run(_as_user(command), capture_output=True, text=True, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _start(self, port: int) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "fsync": "on" if self._fsync else "off",
            "log_lock_waits": "on",
        }
        command = [program("postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, not waited for.
        self._daemon = Daemon(_as_user(command), self.folder / "log", cwd=self.folder, stop_signal=signal.SIGINT)
        try:
            self._daemon.wait_until(lambda: self._connects(port), "taking connections", 30)
        except BaseException:
            self.kill()
            raise

    @staticmethod
    def _connects(port: int) -> bool:
        try:
            psycopg.connect(f"postgresql://jettison@127.0.0.1:{port}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _user() -> pwd.struct_passwd:
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError(f"PostgreSQL does not run as root, and none of these users exists: {', '.join(USERS)}")


def _as_user(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    user = _user()
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    # A change of user takes back the wish to die with the tests, so it is said again.
    return [program("setpriv"), *ids, "--pdeathsig=KILL", *command]
