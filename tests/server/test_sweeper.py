from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import structlog.testing

from jettison.registry import points
from jettison.registry.registry import Registry
from jettison.server.sweeper import Sweeper
from tests.http.repository import Repository
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository as Direct
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

OFTEN = timedelta(milliseconds=20)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry with garbage: a purged version of two blobs, three bytes in all."""
    place = Place(tmp_path, None, Clock())
    registry = place.open_registry(sweep_grace=0)
    repository = Direct(registry)
    repository.push(image(b"12", config=b"3"))
    repository.delete(purge=True)
    yield registry
    place.close()


def until(happened: Callable[[], bool]) -> None:
    """Wait for it, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in ten seconds"
        time.sleep(0.01)


@contextmanager
def sweeping(registry: Registry, interval: timedelta) -> Iterator[Sweeper]:
    """A sweeper, stopped at the end."""
    sweeper = Sweeper(registry, interval)
    try:
        yield sweeper
    finally:
        sweeper.stop()


def test_it_sweeps_by_itself_and_logs_what_came_back_once(registry: Registry) -> None:
    """One line when there was something, none for the many times when there is nothing."""
    with structlog.testing.capture_logs() as logged, sweeping(registry, OFTEN):
        until(lambda: not list(registry.blobs.keys()))
        until(lambda: bool(logged))
        time.sleep(0.1)
    [line] = logged
    assert (line["event"], line["log_level"]) == ("swept", "info")
    assert (line["bytes"], line["files"], line["blobs"], line["deletions"]) == (3, 2, 2, 1)


def test_without_an_interval_it_never_does(registry: Registry) -> None:
    """0 is never: `jettison garbage-collect` is what sweeps then."""
    with sweeping(registry, timedelta()):
        time.sleep(0.1)
    assert len(list(registry.blobs.keys())) == 2


def test_stopping_ends_after_the_step_that_is_being_done(registry: Registry) -> None:
    """A server that ends does not wait until all garbage is gone; what was done is told, the rest stays for later."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(point: str) -> None:
        if point == "sweep.hidden":
            reached.set()
            go_on.wait(10)

    points.watch(hold)
    try:
        with structlog.testing.capture_logs() as logged:
            sweeper = Sweeper(registry, OFTEN)
            assert reached.wait(10)
            stopping = threading.Thread(target=sweeper.stop)
            stopping.start()
            time.sleep(0.05)
            go_on.set()
            stopping.join(10)
            assert not stopping.is_alive()
    finally:
        points.watch(None)
        go_on.set()
    assert [(line["deletions"], line["files"]) for line in logged] == [(1, 0)]
    assert len(list(registry.blobs.keys())) == 2


def test_a_server_gives_the_space_back_while_it_works(database_url: str | None) -> None:
    """What was purged over HTTP is off the disk soon after, the log says so, and what stays is served."""
    config = {"jettison": {"sweep": {"interval": "50ms", "grace": "0"}}}
    with (
        JettisonServer(database_url=database_url, config=config) as server,
        httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client,
    ):
        repository = Repository(client, "team/app")
        kept = repository.push_image("kept", "a")
        gone = repository.push_image("x" * 1000)
        assert client.delete(f"{repository.path}/manifests/{gone}", params={"purge": "true"}).status_code == 202

        def sizes() -> set[int]:
            found = set()
            for file in (server.data / "blobs").rglob("*"):
                with contextlib.suppress(FileNotFoundError):  # it goes while we look
                    found |= {file.stat().st_size} if file.is_file() else set()
            return found

        until(lambda: sizes() == {2, 4})
        until(lambda: "sweep: swept bytes=1000 files=1 deletions=1" in server.log)
        assert repository.has(kept)
