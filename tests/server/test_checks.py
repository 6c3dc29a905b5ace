from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.server import checks
from jettison.server.health import Check
from jettison.settings import load
from tests.support.clock import Clock
from tests.support.place import Place
from tests.support.ports import free_port


class Asked(http.server.BaseHTTPRequestHandler):
    """Answers 204 to HEAD where its header is there, leads elsewhere from /moved, and 404 else."""

    def do_HEAD(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/")
        else:
            self.send_response(204 if self.headers.get_all("X-Key") == ["a", "b"] else 404)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The URL of a server to look at."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry in tmp_path/data."""
    (tmp_path / "data").mkdir()
    place = Place(tmp_path / "data", None, Clock())
    yield place.open_registry()
    place.close()


def configured(folder: Path, registry: Registry, **health: object) -> list[Check]:
    """The checks of a `health` section."""
    file = folder / "config.yml"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    file.write_text(yaml.safe_dump({"version": "0.1", "storage": storage, "health": health}))
    return checks.configured(load(file, {}).settings, registry)


def one(folder: Path, registry: Registry, **health: object) -> Check:
    """The only check of a `health` section."""
    [check] = configured(folder, registry, **health)
    return check


def wrong(check: Check) -> str:
    """What it has found; empty where it found nothing."""
    try:
        check.look()
    except (checks.Unwell, OSError, Unavailable) as error:
        return str(error)
    return ""


def test_without_a_section_nothing_is_looked_at(tmp_path: Path, registry: Registry) -> None:
    """As in distribution."""
    assert configured(tmp_path, registry) == []


def test_each_check_has_the_name_interval_and_threshold_that_were_set(tmp_path: Path, registry: Registry) -> None:
    """Names are those under which distribution shows the same."""
    found = configured(
        tmp_path,
        registry,
        storagedriver={"enabled": True, "interval": "3s", "threshold": 4},
        file=[{"file": "/maintenance", "interval": "1s"}],
        http=[{"uri": "http://one.test/health", "interval": "2s", "threshold": 3}],
        tcp=[{"addr": "redis.test:6379"}],
    )
    assert {(check.name, check.interval, check.threshold) for check in found} == {
        ("/maintenance", 1, 1),
        ("http://one.test/health", 2, 3),
        ("redis.test:6379", 10, 1),
        ("storagedriver_filesystem", 3, 4),
    }


def test_a_file_takes_the_registry_out(tmp_path: Path, registry: Registry) -> None:
    """Its presence is the failure."""
    check = one(tmp_path, registry, file=[{"file": str(tmp_path / "down")}])
    assert wrong(check) == ""
    (tmp_path / "down").touch()
    assert wrong(check) == "file exists"


def test_a_url_is_asked_by_head_with_its_headers(tmp_path: Path, registry: Registry, elsewhere: str) -> None:
    """Any other status than the one that was set is a failure that names both."""
    fields = {"X-Key": ["a", "b"]}
    well = {"uri": elsewhere + "/", "headers": fields, "statuscode": 204}
    assert wrong(one(tmp_path, registry, http=[well])) == ""
    assert wrong(one(tmp_path, registry, http=[{**well, "uri": elsewhere + "/moved"}])) == ""
    said = wrong(one(tmp_path, registry, http=[{"uri": elsewhere + "/"}]))
    assert said == f"{elsewhere}/: downstream service returned unexpected status: 404"


def test_a_url_that_nobody_answers_is_a_failure(tmp_path: Path, registry: Registry) -> None:
    """Refused at once, or silent for longer than the timeout."""
    uri = f"http://127.0.0.1:{free_port()}/"
    assert wrong(one(tmp_path, registry, http=[{"uri": uri}])).startswith(f"{uri}: error while checking: ")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        said = wrong(one(tmp_path, registry, http=[{"uri": uri, "timeout": "100ms"}]))
    assert said.startswith(f"{uri}: error while checking: ")


def test_an_address_must_take_connections(tmp_path: Path, registry: Registry) -> None:
    """Whatever is said on them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        assert wrong(one(tmp_path, registry, tcp=[{"addr": address}])) == ""
    assert (
        wrong(one(tmp_path, registry, tcp=[{"addr": address}])) == f"{address}: connection failed: Connection refused"
    )


def test_storage_is_the_folder_and_the_database(tmp_path: Path, registry: Registry) -> None:
    """Either that is gone is a failure."""
    check = one(tmp_path, registry, storagedriver={"enabled": True})
    assert wrong(check) == ""
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert "No such file or directory" in wrong(check)
    (tmp_path / "elsewhere").rename(tmp_path / "data")
    assert wrong(check) == ""
    (tmp_path / "data" / "jettison.db").unlink()
    assert wrong(check) != ""
