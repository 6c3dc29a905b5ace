from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import structlog.testing

from jettison.server.debug import DebugServer, Page
from jettison.server.errors import ServeError
from jettison.settings import Address
from tests.http.refusal import assert_refused
from tests.server.running import until
from tests.server.watching import Watched
from tests.support.distribution import DistributionServer
from tests.support.ports import free_port


def broken() -> Page:
    """A page that fails."""
    raise RuntimeError("boom")


@pytest.fixture
def debug() -> Iterator[DebugServer]:
    """A debug address with a page, and one that fails."""
    pages = {"/page": lambda: Page(200, "text/plain", b"hello"), "/broken": broken}
    with DebugServer(Address("127.0.0.1", 0), pages) as server:
        yield server


def ask(server: DebugServer, path: str, method: str = "GET") -> httpx2.Response:
    """Ask it."""
    return httpx2.request(method, f"http://{server.address}{path}", timeout=10, trust_env=False)


def test_a_page_is_answered_at_its_path(debug: DebugServer) -> None:
    """To GET, and to HEAD without its body; a query changes nothing."""
    for path in ("/page", "/page?x=1"):
        answer = ask(debug, path)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"hello", "text/plain")
    head = ask(debug, "/page", "HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "5")


def test_another_path_says_what_there_is(debug: DebugServer) -> None:
    """Also where distribution has what we have not: Go's variables and profiles."""
    for path, said in (
        ("/", "there is /page and /broken here"),
        ("/debug/vars", "Jettison is none"),
        ("/debug/pprof/heap", "Jettison is none"),
        ("/metrics", "http.debug.prometheus.enabled"),
    ):
        answer = ask(debug, path)
        assert answer.status_code == 404
        assert said in answer.text


def test_nothing_can_be_sent_to_it(debug: DebugServer) -> None:
    """It only tells."""
    for method in ("POST", "PUT", "DELETE"):
        assert ask(debug, "/page", method).status_code == 501


def test_a_page_that_fails_keeps_nobody_else_from_theirs(debug: DebugServer) -> None:
    """The log has why."""
    with structlog.testing.capture_logs() as logged:
        with pytest.raises(httpx2.RemoteProtocolError):
            ask(debug, "/broken")
        assert until(lambda: bool(logged))
    assert (logged[0]["event"], logged[0]["log_level"]) == ("a request failed", "warning")
    assert ask(debug, "/page").status_code == 200


def test_who_says_nothing_keeps_nobody_waiting(debug: DebugServer) -> None:
    """Nor does it keep the server from ending."""
    with socket.create_connection(("127.0.0.1", debug.address.port)):
        assert ask(debug, "/page").status_code == 200
        began = time.monotonic()
        debug.close()
        assert time.monotonic() - began < 5


def test_an_address_in_use_is_refused_with_its_setting(debug: DebugServer) -> None:
    """Not that of the registry's own address."""
    with pytest.raises(ServeError, match=r"in use .*http\.debug\.addr.*REGISTRY_HTTP_DEBUG_ADDR="):
        DebugServer(debug.address, {})


@pytest.mark.slow
def test_a_failing_check_takes_the_registry_out_until_it_is_well_again(tmp_path: Path) -> None:
    """503 on the debug address with the check, 503 to all requests of clients, and all is well when it is well."""
    down = tmp_path / "down"
    health = {"health": {"file": [{"file": str(down), "interval": "50ms"}]}}
    with Watched({}, health) as watched, httpx2.Client(base_url=watched.server.url, trust_env=False) as client:
        assert (watched.ask("/debug/health").status_code, watched.ask("/debug/health").json()) == (200, {})
        assert client.get("/v2/").status_code == 200
        down.touch()
        assert until(lambda: watched.ask("/debug/health").status_code == 503)
        assert watched.ask("/debug/health").json() == {str(down): "file exists"}
        for path in ("/", "/v2/", "/healthz", "/v2/_catalog", "/api/v1/sweep"):
            error = assert_refused(client.get(path), 503, "UNAVAILABLE")
            assert error.detail == "health check failed: please see /debug/health"
        assert client.put("/v2/app/manifests/v1", content=b"x").status_code == 503
        down.unlink()
        assert until(lambda: watched.ask("/debug/health").status_code == 200)
        assert client.get("/v2/").status_code == 200
        assert watched.ask("/metrics").status_code == 404


@pytest.mark.slow
@pytest.mark.needs("distribution")
def test_distribution_answers_the_same(tmp_path: Path) -> None:
    """Health well and unwell, on both addresses: status, type, and body."""
    down, port = tmp_path / "down", free_port()
    health = {"file": [{"file": str(down), "interval": "50ms"}]}
    http = {"debug": {"addr": f"127.0.0.1:{port}"}}
    with (
        Watched({}, {"health": health}) as watched,
        DistributionServer(config={"health": health, "http": http}) as other,
    ):

        def both(path: str) -> list[tuple[int, str, object]]:
            theirs = httpx2.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
            return [(one.status_code, one.headers["content-type"], one.json()) for one in (theirs, watched.ask(path))]

        def served() -> list[int]:
            urls = (f"{other.url}/v2/", f"{watched.server.url}/v2/")
            return [httpx2.get(url, trust_env=False).status_code for url in urls]

        assert both("/debug/health") == [(200, "application/json", {})] * 2
        assert served() == [200, 200]
        down.touch()
        unwell = (503, "application/json", {str(down): "file exists"})
        assert until(lambda: both("/debug/health") == [unwell] * 2)
        assert served() == [503, 503]
