from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.daemon import DaemonDied
from tests.support.server import JettisonServer, answers, merged

pytestmark = pytest.mark.slow


def test_a_server_answers_until_it_is_left() -> None:
    """Entering waits for the first answer; leaving ends the process and removes its folder."""
    with JettisonServer() as server:
        assert server.url == f"http://{server.address}"
        assert answers(server.port)
        data = server.data

    assert not answers(server.port)
    assert not data.exists()


def test_a_server_that_cannot_start_shows_its_log() -> None:
    """A configuration that is refused is an error at once, with what the server said."""
    server = JettisonServer(config={"jettison": {"no_such_setting": 1}})

    with pytest.raises(DaemonDied, match="no_such_setting"), server:
        pass
    assert not server.log_file.exists()


def test_data_and_port_outlive_a_killed_server(tmp_path: Path) -> None:
    """After kill -9 the same server starts again where it was."""
    with JettisonServer(tmp_path / "data") as server:
        address, pid = server.address, server.pid
        server.kill()
        server.start()

        assert server.address == address
        assert server.pid != pid
        assert answers(server.port)
    assert (tmp_path / "data").exists()


def test_settings_of_the_surroundings_do_not_reach_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """REGISTRY_* variables of whoever runs the tests are taken away; those a test gives are there."""
    monkeypatch.setenv("REGISTRY_HTTP_ADDR", "127.0.0.1:1")
    with JettisonServer(environ={"REGISTRY_LOG_LEVEL": "debug"}) as server:
        environ = Path(f"/proc/{server.pid}/environ").read_text()

    assert "REGISTRY_LOG_LEVEL=debug" in environ
    assert "REGISTRY_HTTP_ADDR" not in environ


def test_settings_are_laid_over_settings() -> None:
    """Mappings are merged, other values replaced, and None takes a key away."""
    base = {"http": {"addr": "a", "host": "h"}, "log": {"level": "info"}, "version": "0.1"}

    assert merged(base, {"http": {"host": "x"}, "log": None, "new": {"a": None, "b": [1]}}) == {
        "http": {"addr": "a", "host": "x"},
        "new": {"b": [1]},
        "version": "0.1",
    }
