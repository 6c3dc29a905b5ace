"""A certificate that is renewed on disk, while clients come and go."""

from __future__ import annotations

import os
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.http.raw import chunked, head
from tests.server.secure import SecureSite
from tests.support.certificates import Authority
from tests.support.command import run
from tests.support.parts import program

pytestmark = pytest.mark.slow  # the files are looked at every two seconds

LARGE = 100_000_000
"""More bytes than the kernel keeps for a client that does not read."""
SETTLE = 12.0
"""A little more than a handshake may take."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for the tests of this file."""
    return Authority()


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path, authority: Authority) -> None:
    """By the same process, within seconds, and more than once."""
    with SecureSite(tmp_path, authority) as site:
        for name in ("second", "third"):
            site.renew(authority.issue(name))
            assert site.shown == name
        site.wait_until(lambda: site.log.count("certificate renewed") == 2, "saying so")
        assert site.stop() == 0


def test_transfers_go_on_across_a_renewal(tmp_path: Path, authority: Authority) -> None:
    """A download and an upload that began before it end after it, also once their server was told to end."""
    with SecureSite(tmp_path, authority, settle=0.5) as site, site.secure() as download, site.secure() as upload:
        with (site.root / "file").open("wb") as file:
            file.truncate(LARGE)
        download.send(head("GET", "/file"))
        upload.send(head("PUT", "/take", "Transfer-Encoding: chunked") + chunked(b"x" * 1_000_000)[:-5])
        site.wait_for("sending")
        site.wait_for("taking")

        site.renew(authority.issue("second"))
        time.sleep(2)  # the first server has stopped by then, but for these two

        for _ in range(20):
            upload.send(chunked(b"x" * 1_000_000)[:-5])
        upload.send(chunked())
        assert upload.answer().body == b"21000000"
        assert len(download.answer().body) == LARGE
        assert upload.ended()
        assert site.stop() == 0
        assert "before every answer" not in site.log


def test_a_handshake_that_has_begun_is_finished(tmp_path: Path, authority: Authority) -> None:
    """Whoever has connected, and whoever has shaken hands, is answered by the certificate that it met."""
    with SecureSite(tmp_path, authority, settle=SETTLE) as site, site.connect() as halfway, site.secure() as ready:
        hello = _ClientHello(site)
        halfway.send(hello.first)
        time.sleep(0.2)
        site.renew(authority.issue("second"))
        time.sleep(1)
        halfway.send(hello.rest)
        assert halfway.take(1) == b"\x16"  # a handshake's answer
        answer = ready.ask("GET", "/")
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert ready.ended()


def test_nobody_is_refused_or_cut_off(tmp_path: Path, authority: Authority) -> None:
    """Not one of those who connect and ask all the time, each on a connection of its own or on one that lasts."""
    with SecureSite(tmp_path, authority, settle=SETTLE) as site:
        with _clients(site, lasting=False) as fresh, _clients(site, lasting=True) as lasting:
            for name in ("second", "third", "fourth"):
                site.renew(authority.issue(name))
                time.sleep(1)
            time.sleep(SETTLE)  # the former servers are told to end meanwhile
        assert (fresh.failures, lasting.failures) == ([], [])
        assert min(fresh.answers, lasting.answers) > 100
        print(f"{fresh.answers} answers on new connections, {lasting.answers} on lasting ones")


@pytest.mark.needs("curl")
def test_a_lasting_connection_of_http_2_is_not_cut_off(tmp_path: Path, authority: Authority) -> None:
    """A client that asks on and on is told in time, and goes on with another connection."""
    with SecureSite(tmp_path, authority, settle=1) as site:
        urls = [
            argument for _ in range(60) for argument in ("-o", "/dev/null", f"https://localhost:{site.port}/sleep/0.2")
        ]
        said: list[str] = []
        curl = [
            program("curl"),
            "-sS",
            "--http2",
            "--cacert",
            str(site.trusted),
            "-w",
            "%{http_code} %{num_connects}\n",
        ]
        asking = threading.Thread(target=lambda: said.extend(run([*curl, *urls]).stdout.splitlines()))
        asking.start()
        site.wait_for("sleeping")
        site.renew(authority.issue("second"))
        asking.join()
        assert [line.split()[0] for line in said] == ["200"] * 60
        assert [line.split()[1] for line in said].count("1") == 2


def test_files_that_cannot_be_served_change_nothing(tmp_path: Path, authority: Authority) -> None:
    """The log says why, once; the certificate that was there stays, and the next good one is taken up."""
    with SecureSite(tmp_path, authority) as site:
        certificate = tmp_path / "server.crt"
        for number, content in enumerate((b"half", authority.issue("unfit").pem, None), start=1):
            if content is None:
                certificate.unlink()
            else:
                certificate.write_bytes(content)
            site.wait_until(partial(_is_said, site, number), "refusing")
            assert site.shown == "first"
        time.sleep(5)
        assert _is_said(site, 3)
        site.renew(authority.issue("second"))
        assert site.shown == "second"


def test_one_file_may_be_written_before_the_other(tmp_path: Path, authority: Authority) -> None:
    """Where the second follows soon, the two are taken up together."""
    with SecureSite(tmp_path, authority) as site:
        renewed = authority.issue("second")
        (tmp_path / "server.crt").write_bytes(renewed.pem)
        time.sleep(0.5)
        (tmp_path / "server.key").write_bytes(renewed.key_pem())
        site.wait_until(lambda: "certificate renewed" in site.log, "renewing")
        assert site.shown == "second"


def test_files_that_are_touched_are_no_renewal(tmp_path: Path, authority: Authority) -> None:
    """The same certificate, written again, changes nothing."""
    with SecureSite(tmp_path, authority) as site:
        os.utime(tmp_path / "server.crt")
        time.sleep(6)
        assert "certificate renewed" not in site.log


def test_links_are_followed(tmp_path: Path, authority: Authority) -> None:
    """A folder that is exchanged for another, as a mounted secret is, is a renewal."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        authority.issue(name).write(tmp_path / name, "tls")
    current = tmp_path / "current"
    current.symlink_to("one")
    files = {"tls_certificate": current / "tls.crt", "tls_key": current / "tls.key"}
    with SecureSite(tmp_path, authority, http=files) as site:
        assert site.shown == "one"
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").rename(current)
        site.wait_until(lambda: "certificate renewed" in site.log, "renewing")
        assert site.shown == "two"


def test_a_server_that_was_renewed_ends_as_any_other(tmp_path: Path, authority: Authority) -> None:
    """SIGTERM lets requests end on both certificates, and nothing is left to wait for."""
    with SecureSite(tmp_path, authority) as site, site.secure() as before, site.secure() as idle:
        before.send(head("GET", "/sleep/8"))
        site.wait_for("sleeping")
        site.renew(authority.issue("second"))
        with site.secure() as after:
            after.send(head("GET", "/sleep/1"))
            site.wait_until(lambda: site.events.count("sleeping") == 2, "sleeping")
            site.process.send_signal(signal.SIGTERM)
            site.wait_until(lambda: "requests=2" in site.log, "ending")
            assert after.answer().status == 200
            assert before.answer().status == 200
        assert site.ended_within(5) == 0
        assert idle.ended()
        assert site.events[-1] == "closed"


def _is_said(site: SecureSite, times: int) -> bool:
    return site.log.count("is not taken up") == times


class _ClientHello:
    """The first words of a client, in two pieces."""

    def __init__(self, site: SecureSite) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            site.client().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        whole = outgoing.read()
        self.first, self.rest = whole[:20], whole[20:]


class _Clients:
    """What became of the requests of some clients."""

    def __init__(self) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self.over = threading.Event()


@contextmanager
def _clients(site: SecureSite, *, lasting: bool) -> Iterator[_Clients]:
    """Clients that ask all the time; each on new connections, or on one as long as the server lets it."""
    clients = _Clients()

    def ask() -> None:
        while not clients.over.is_set():
            try:
                with site.secure() as connection:
                    for _ in range(10_000 if lasting else 1):
                        answer = connection.ask("PUT", "/take", body=b"abc")
                        assert answer.body == b"3"
                        clients.answers += 1
                        if answer.header("connection") == "close" or clients.over.wait(0.005):
                            break
            except Exception as error:  # noqa: BLE001 - each of them is a failure
                clients.failures.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.over.set()
        for thread in threads:
            thread.join()
