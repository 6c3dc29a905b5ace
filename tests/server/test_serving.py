from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.http.raw import Connection, head
from tests.server.running import RunningSite
from tests.support.daemon import DaemonDied, descendants

pytestmark = pytest.mark.slow  # every test starts servers, and waits for them to end

LARGE = 100_000_000
"""More bytes than the kernel keeps for a client that does not read."""


def test_a_server_says_where_it_is_and_serves(tmp_path: Path) -> None:
    """It prints its address, its data folder, whether deletion is on and what to try, and answers there."""
    with RunningSite(tmp_path) as site:
        print(f"ready after {site.ready_seconds:.2f} s")
        with site.connect() as connection:
            assert connection.ask("GET", "/").status == 200
        said = site.log
    assert f"listens on http://127.0.0.1:{site.port}\n" in said
    assert f"data      {site.root}" in said
    assert "deletion  on\n" in said
    assert f"docker push localhost:{site.port}/repo1" in said
    assert f"curl -X DELETE http://localhost:{site.port}/v2/repo1" in said


def test_a_server_is_one_process(tmp_path: Path) -> None:
    """It starts no process beside its own."""
    with RunningSite(tmp_path) as site:
        assert descendants(site.pid) == []


def test_a_folder_in_use_is_refused_naming_who_uses_it(tmp_path: Path) -> None:
    """A second server on one data folder ends with the folder, the first one's process id, and what to do."""
    with RunningSite(tmp_path) as first:
        with pytest.raises(DaemonDied) as refused:
            RunningSite(tmp_path)
        message = str(refused.value)
        assert "ended with 1" in message
        assert f"{first.root} is already served by process {first.pid}:" in message
        assert "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY" in message
        assert first.running
        with first.connect() as connection:
            assert connection.ask("GET", "/").status == 200


def test_a_port_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A second server on one port ends, naming the address and both ways to choose another; the first serves on."""
    with RunningSite(tmp_path) as first:
        with pytest.raises(DaemonDied) as refused:
            RunningSite(tmp_path, address=f"127.0.0.1:{first.port}", root=tmp_path / "other")
        message = str(refused.value)
        assert "ended with 1" in message
        assert f"127.0.0.1:{first.port} is in use" in message
        assert "http.addr" in message
        assert "REGISTRY_HTTP_ADDR=" in message
        assert first.running


def test_sigterm_lets_a_request_in_flight_end(tmp_path: Path) -> None:
    """After SIGTERM a slow request is answered, new connections are refused, and the site is closed last."""
    with RunningSite(tmp_path) as site, site.connect() as slow:
        slow.send(head("GET", "/sleep/1"))
        site.wait_for("sleeping")
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        assert slow.answer().status == 200
        assert site.ended_within(5) == 0
        assert site.events == ["sleeping", "closed"]


def test_sigterm_lets_an_upload_in_flight_end(tmp_path: Path) -> None:
    """After SIGTERM a client may still send the rest of its body."""
    with RunningSite(tmp_path) as site, site.connect() as upload:
        upload.send(head("PUT", "/take", "Content-Length: 10") + b"01234")
        site.wait_for("taking")
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        upload.send(b"56789")
        assert upload.answer().body == b"10"
        assert site.ended_within(5) == 0


def test_idle_connections_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """A connection kept alive, and one that never said a word, are closed at once."""
    with RunningSite(tmp_path) as site, site.connect() as used, site.connect() as silent:
        assert used.ask("GET", "/").status == 200
        site.process.send_signal(signal.SIGTERM)
        assert site.ended_within(3) == 0
        assert used.ended()
        assert silent.ended()


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """The second signal cancels what still runs, and the site is closed all the same."""
    with RunningSite(tmp_path) as site, site.connect() as slow:
        slow.send(head("GET", "/sleep/60"))
        site.wait_for("sleeping")
        site.process.send_signal(signal.SIGINT)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        assert site.running
        site.process.send_signal(signal.SIGINT)
        assert site.ended_within(4) == 0
        assert site.events == ["sleeping", "cancelled", "closed"]
        assert "ending before every answer was sent cancelled=1" in site.log


def test_a_thread_that_hangs_does_not_hold_up_a_second_signal(tmp_path: Path) -> None:
    """A thread cannot be cancelled: the process ends without it."""
    with RunningSite(tmp_path) as site, site.connect() as stuck:
        stuck.send(head("GET", "/hang"))
        site.wait_for("hanging")
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        site.process.send_signal(signal.SIGTERM)
        assert site.ended_within(5) == 0
        assert site.events == ["hanging", "closed"]


def test_sigterm_lets_a_file_in_flight_end(tmp_path: Path) -> None:
    """A file that is being sent, which no task of ours knows about, still arrives whole."""
    with RunningSite(tmp_path) as site, site.connect() as download:
        _large_file(site)
        download.send(head("GET", "/file"))
        site.wait_for("sending")
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        assert site.running
        assert len(download.answer().body) == LARGE
        assert site.ended_within(5) == 0


def test_a_client_that_does_not_read_does_not_hold_up_a_second_signal(tmp_path: Path) -> None:
    """A file that is being sent to nobody is given up."""
    with RunningSite(tmp_path) as site, site.connect() as download:
        _large_file(site)
        download.send(head("GET", "/file"))
        site.wait_for("sending")
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: _refuses(site.port), "refusing connections")
        assert site.running
        site.process.send_signal(signal.SIGTERM)
        assert site.ended_within(5) == 0
        assert site.events == ["sending", "closed"]


@pytest.mark.parametrize(("drain", "least", "most"), [("2s", 2, 6), ("0s", 0, 4)])
def test_requests_in_flight_get_the_time_that_was_set(tmp_path: Path, drain: str, least: float, most: float) -> None:
    """`http.draintimeout`; what has not ended by then is cut off."""
    with RunningSite(tmp_path, http={"draintimeout": drain}) as site, site.connect() as slow:
        slow.send(head("GET", "/sleep/60"))
        site.wait_for("sleeping")
        asked = time.monotonic()
        site.process.send_signal(signal.SIGTERM)
        assert site.ended_within(most) == 0
        assert time.monotonic() - asked >= least
        assert site.events == ["sleeping", "cancelled", "closed"]


def test_a_transfer_has_as_long_as_was_set(tmp_path: Path) -> None:
    """More than the ten seconds that are usual, and not a second longer than it needs."""
    with (
        RunningSite(tmp_path, http={"draintimeout": "1m"}) as site,
        site.connect() as upload,
        site.connect() as download,
    ):
        _large_file(site)
        upload.send(head("PUT", "/take", "Content-Length: 12"))
        download.send(head("GET", "/file"))
        site.wait_for("taking")
        site.wait_for("sending")
        site.process.send_signal(signal.SIGTERM)
        for _ in range(12):
            time.sleep(1)
            upload.send(b"x")
        assert upload.answer().body == b"12"
        assert len(download.answer().body) == LARGE
        assert site.ended_within(3) == 0
        assert "before every answer" not in site.log


@pytest.mark.slow
def test_requests_in_flight_get_ten_seconds(tmp_path: Path) -> None:
    """A request that does not end is cut off ten seconds after one signal."""
    with RunningSite(tmp_path) as site, site.connect() as slow:
        slow.send(head("GET", "/sleep/60"))
        site.wait_for("sleeping")
        asked = time.monotonic()
        site.process.send_signal(signal.SIGTERM)
        assert site.ended_within(14) == 0
        assert time.monotonic() - asked >= 10


def test_a_killed_server_leaves_nothing_behind(tmp_path: Path) -> None:
    """After SIGKILL, with a request in flight, another server has the folder and the port at once."""
    with RunningSite(tmp_path) as site, site.connect() as slow:
        assert site.connect().ask("GET", "/").status == 200
        slow.send(head("GET", "/sleep/60"))
        site.wait_for("sleeping")
        site.process.send_signal(signal.SIGKILL)
        assert site.ended_within(5) == -signal.SIGKILL
        with RunningSite(tmp_path, address=f"127.0.0.1:{site.port}") as again, again.connect() as connection:
            assert connection.ask("GET", "/").status == 200


def test_many_idle_connections_keep_nobody_out(tmp_path: Path) -> None:
    """Hundreds of connections that do nothing leave room for one that does."""
    with RunningSite(tmp_path) as site:
        idle = [site.connect() for _ in range(300)]
        with site.connect() as connection:
            assert connection.ask("GET", "/").status == 200
        for held in idle:
            held.__exit__()


def test_logs_are_json_where_they_are_asked_for(tmp_path: Path) -> None:
    """`log.formatter: json` and `log.level` reach the loggers of the application."""
    with RunningSite(tmp_path, formatter="json") as site:
        site.connect().ask("GET", "/log/a")
        site.wait_until(lambda: '"logger": "site", "event": "asked", "path": "/log/a"}' in site.log, "logging")
    with RunningSite(tmp_path, level="warn") as quiet:
        quiet.connect().ask("GET", "/log/a")
    assert "asked" not in quiet.log


def test_an_exception_of_the_application_is_a_500_and_a_traceback_in_the_log(tmp_path: Path) -> None:
    """What the application raises reaches the log with where it was raised; the client learns nothing of it."""
    with RunningSite(tmp_path) as site:
        answer = site.connect().ask("GET", "/sleep/soon")
        assert answer.status == 500
        assert b"soon" not in answer.body
        site.wait_until(lambda: "could not convert string to float" in site.log, "logging")


def _large_file(site: RunningSite) -> None:
    with (site.root / "file").open("wb") as file:
        file.truncate(LARGE)


def _refuses(port: int) -> bool:
    try:
        with Connection(("127.0.0.1", port)):
            return False
    except ConnectionRefusedError:
        return True
