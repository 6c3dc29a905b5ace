from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from jettison.cli.main import app
from jettison.settings import Address, Loaded


class _ServeError(Exception):
    pass


class _StandIn(ModuleType):
    """`jettison.server` without a server: it remembers what it was to serve."""

    ServeError = _ServeError

    def __init__(self) -> None:
        super().__init__("jettison.server")
        self.served: list[Loaded] = []
        self.error: Exception | None = None

    def serve(self, loaded: Loaded) -> None:
        self.served.append(loaded)
        if self.error is not None:
            raise self.error


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> _StandIn:
    """What `jettison serve` starts, in the place of a registry."""
    stand_in = _StandIn()
    monkeypatch.setitem(sys.modules, "jettison.server", stand_in)
    return stand_in


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`jettison serve` with arguments and REGISTRY_* variables; none of the caller's."""
    for name in [name for name in os.environ if name.startswith("REGISTRY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REGISTRY_CONFIGURATION_PATH", "")  # the file of a registry installed here is none of ours

    def invoke(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(app, ["serve", *arguments], env=environ)

    return invoke


def test_without_a_file_the_defaults_are_served(server: _StandIn, run: Callable[..., Result]) -> None:
    """`jettison serve` alone hands the built-in defaults to the server and prints nothing itself."""
    result = run()
    assert (result.exit_code, result.output) == (0, "")
    assert [loaded.settings.http.addr for loaded in server.served] == [Address("127.0.0.1", 5000)]


def test_a_file_and_variables_are_served(server: _StandIn, run: Callable[..., Result], tmp_path: Path) -> None:
    """The argument is the configuration file, and the process's variables come on top."""
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\nhttp: {addr: ':1'}\nstorage: {filesystem: , delete: {enabled: true}}\n")
    assert run(str(path), REGISTRY_HTTP_ADDR=":2").exit_code == 0
    (loaded,) = server.served
    assert (loaded.path, loaded.settings.http.addr) == (path, Address("", 2))


def test_notices_are_warnings_on_stderr(server: _StandIn, run: Callable[..., Result], tmp_path: Path) -> None:
    """What has no effect is said before the server starts, and not on stdout."""
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\nhttp: {addr: ':1', adr: x}\nstorage: {filesystem: }\n")
    result = run(str(path))
    assert (result.exit_code, result.stdout, len(server.served)) == (0, "", 1)
    unknown, unset = result.stderr.splitlines()
    assert unknown == f"warning: {path}:2: http.adr: is no known setting and has no effect; the nearest is http.addr"
    assert unset.startswith(f"warning: {path}:3: storage.delete.enabled: is not set, so nothing can be deleted")


def test_bad_settings_are_all_printed_and_nothing_starts(
    server: _StandIn, run: Callable[..., Result], tmp_path: Path
) -> None:
    """Every finding is an error on stderr, warnings first; the status is 2 and there is no traceback."""
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\nhttp: {addr: 5000, adr: x}\nauth: silly\nstorage: {filesystem: }\n")
    result = run(str(path), REGISTRY_JETTISON_X="1")
    assert (result.exit_code, result.stdout, server.served) == (2, "", [])
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
        "warning",
        "error",
        "error",
        "error",
    ]
    assert "http.addr: '5000' has no port" in result.stderr
    assert "REGISTRY_JETTISON_X: no such setting" in result.stderr


def test_a_missing_file_is_an_error(server: _StandIn, run: Callable[..., Result], tmp_path: Path) -> None:
    """A path that leads nowhere is said as one line."""
    result = run(str(tmp_path / "none.yml"))
    assert (result.exit_code, server.served) == (2, [])
    assert result.stderr == f"error: {tmp_path}/none.yml: cannot be read: no such file or directory\n"


def test_a_server_that_cannot_serve_says_why(server: _StandIn, run: Callable[..., Result]) -> None:
    """What the server expects to go wrong, such as a port in use, is one line and status 1."""
    server.error = _ServeError("127.0.0.1:5000 is in use")
    result = run()
    assert (result.exit_code, result.stderr) == (1, "error: 127.0.0.1:5000 is in use\n")


def test_an_unexpected_error_keeps_its_traceback(server: _StandIn, run: Callable[..., Result]) -> None:
    """A fault of ours is not dressed up: it arrives as it was raised."""
    server.error = ZeroDivisionError("a fault")
    assert run().exception is server.error
