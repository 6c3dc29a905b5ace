"""A registry in a process of its own, as `jettison serve` starts it."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from .daemon import Daemon, DaemonDied
from .parts import ROOT
from .ports import free_port

START_SECONDS = 15
PORT_ATTEMPTS = 5


class JettisonServer:
    """`python -m jettison serve CONFIG` on a free port, its data in a temporary folder.

    ``config`` is merged over a configuration that stores in :attr:`data`, allows deletion and listens on loopback;
    None as a value takes a key away. ``environ`` is added to the environment, from which every REGISTRY_* and
    JETTISON_* variable was taken. A context manager: entering starts it, leaving stops it. After :meth:`stop` or
    :meth:`kill` it may be started again, with the same data on the same port.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        database_url: str | None = None,
        port: int | None = None,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="jettison-", ignore_cleanup_errors=True)
        folder = Path(self._scratch.name)
        self.data = data or folder / "data"
        self.config_file = folder / "config.yml"
        self.log_file = folder / "log"
        self.log_file.touch()
        self.daemon: Daemon | None = None
        self._config = config or {}
        self._environ = environ or {}
        self._database_url = database_url
        self._fixed_port = port
        self._chosen_port: int | None = port

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._scratch.cleanup()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            self.stop()
        finally:
            self._scratch.cleanup()

    @property
    def port(self) -> int:
        """The port it listens on; known once it was started."""
        assert self._chosen_port is not None, "the server was not started"
        return self._chosen_port

    @property
    def address(self) -> str:
        """127.0.0.1:PORT, as it stands in an image reference."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT, or https where it is configured, without a slash at the end."""
        return f"{'https' if self._http.get('tls') else 'http'}://{self.address}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    @property
    def log(self) -> str:
        """All it has printed, over all its starts."""
        return self.log_file.read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers. Raises DaemonDied with its log if it ends, TimeoutError after 15 s."""
        assert self.daemon is None, "the server runs already"
        for attempt in range(1, PORT_ATTEMPTS + 1):
            fresh = self._chosen_port is None
            if fresh:
                self._chosen_port = free_port()
            try:
                self._start()
            except (DaemonDied, TimeoutError) as error:
                self._end()
                lost_port = fresh and "in use" in str(error) and attempt < PORT_ATTEMPTS
                if not lost_port:
                    raise
                self._chosen_port = None
            else:
                return

    def stop(self, seconds: float = 15) -> int:
        """Ask it to end (SIGTERM), wait, and return its exit status; 0 if it does not run. Raises TimeoutError."""
        daemon, self.daemon = self.daemon, None
        return 0 if daemon is None else daemon.stop(seconds)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._running().kill()
        self.daemon = None

    def restart(self) -> None:
        """Stop and start it: same data, same port."""
        self.stop()
        self.start()

    def _start(self) -> None:
        self.config_file.write_text(yaml.safe_dump(self._configuration()))
        settings = ("REGISTRY_", "JETTISON_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
        environ = {**inherited, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1", **self._environ}
        command = [sys.executable, "-m", "jettison", "serve", str(self.config_file)]
        self.daemon = Daemon(command, self.log_file, environ=environ, cwd=self.config_file.parent)
        path, secure = f"{str(self._http.get('prefix', '')).rstrip('/')}/v2/", bool(self._http.get("tls"))
        self.daemon.wait_until(
            lambda: answers(self.port, path, secure=secure), f"answering on {self.url}/v2/", START_SECONDS
        )

    @property
    def _http(self) -> Mapping[str, Any]:
        http: Mapping[str, Any] = self._configuration()["http"]
        return http

    def _end(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon = None

    def _running(self) -> Daemon:
        assert self.daemon is not None, "the server does not run"
        return self.daemon

    def _configuration(self) -> dict[str, Any]:
        base: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "info"},
            "http": {"addr": self.address},
            "storage": {"filesystem": {"rootdirectory": str(self.data)}, "delete": {"enabled": True}},
        }
        if self._database_url is not None:
            base["jettison"] = {"database": {"url": self._database_url}}
        return merged(base, self._config)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on it, mapping by mapping; None takes a key away."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def answers(port: int, path: str = "/v2/", *, secure: bool = False) -> bool:
    """Whether a registry answers GET ``path`` on 127.0.0.1:``port`` (401 is an answer too); TLS if ``secure``."""
    if secure:
        anybody = ssl._create_unverified_context()  # noqa: S323  (whether it answers, not who)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=2, context=anybody
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in {200, 401}
    except ssl.SSLError as error:
        return "CERTIFICATE_REQUIRED" in str(error)  # it answers those that it knows
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
