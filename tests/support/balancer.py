"""nginx before several registries, with the configuration that is given to users."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from .daemon import Daemon, DaemonDied
from .parts import ROOT, program
from .ports import free_port

CONFIG = ROOT / "deploy" / "nginx.conf"

PORT_ATTEMPTS = 5

_UPSTREAMS = re.compile(r"( +)server jettison-1:5000 (.*);\n(?: +server jettison-\d:5000 .*;\n)+")


class Balancer:
    """nginx on a free port of loopback, as `deploy/nginx.conf` says, before what listens on ``ports``.

    A context manager: entering starts it, leaving stops it.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        # Not below pytest's folder, which only its owner may enter, as nginx's workers are not, run as root.
        self._scratch = tempfile.TemporaryDirectory(prefix="jettison-nginx-", ignore_cleanup_errors=True)
        self.folder = Path(self._scratch.name)
        self.port = 0
        self._ports = ports
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._scratch.cleanup()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            if self._daemon is not None:
                self._daemon.stop()
        finally:
            self._scratch.cleanup()

    @property
    def address(self) -> str:
        """127.0.0.1:PORT."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT."""
        return f"http://{self.address}"

    @property
    def log(self) -> str:
        """A line for each request, with the replicas that were asked."""
        return (self.folder / "access.log").read_text(errors="replace")

    def _start(self) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = free_port()
            file = self.folder / "nginx.conf"
            file.write_text(configuration(self.folder, f"127.0.0.1:{self.port}", self._ports))
            self._daemon = Daemon(command(self.folder, file), self.folder / "log")
            try:
                self._daemon.wait_until(self._listens, "listening")
            except (DaemonDied, TimeoutError) as error:
                self._daemon.kill()
                if "in use" not in str(error) or attempt == PORT_ATTEMPTS:
                    raise
            else:
                return

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return False
        return True


def configuration(folder: Path, address: str, ports: Sequence[int]) -> str:
    """`deploy/nginx.conf`, but listening on ``address``, before these ports, with what it writes in ``folder``."""
    text = CONFIG.read_text()
    text, replaced = _UPSTREAMS.subn(
        lambda found: "".join(f"{found[1]}server 127.0.0.1:{port} {found[2]};\n" for port in ports), text
    )
    assert replaced == 1, f"{CONFIG} names its replicas in another way"
    folders = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for old, new in {
        "listen 5000;": f"listen {address};",
        "/dev/stdout": f"{folder}/access.log",
        "worker_processes auto;": "worker_processes 2;",
        "http {\n": f"http {{\n{folders}",
    }.items():
        assert old in text, f"{CONFIG} has no {old!r}"
        text = text.replace(old, new, 1)
    return text


def command(folder: Path, file: Path, *options: str) -> list[str]:
    """Runs nginx in the foreground with that configuration."""
    # Workers of a server started by root would not be allowed into the temporary folder.
    user = "user root; " if os.geteuid() == 0 else ""
    settings = f"{user}daemon off; pid {folder}/pid;"
    return [program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(file), "-g", settings, *options]
