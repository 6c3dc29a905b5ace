"""deploy/nginx.conf and nginx-tls.conf, as nginx itself reads them; tests/cluster works behind them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from tests.support.balancer import Balancer, command, configuration
from tests.support.certificates import Authority
from tests.support.command import run
from tests.support.parts import ROOT
from tests.support.ports import free_port

pytestmark = [pytest.mark.needs("nginx"), pytest.mark.slow]

DEPLOY = ROOT / "deploy"


class Replica(ThreadingHTTPServer):
    """Answers everything with one status, and keeps what it was asked: method, path, headers."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.asked: list[tuple[str, str, dict[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Replica
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the names are the library's
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def replica(status: int = 200) -> Iterator[Replica]:
    """One that answers with that status."""
    with Replica(status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_nginx_takes_both_files(tmp_path: Path) -> None:
    """The example of TLS goes into the folder that the other one includes; nginx finds nothing to say of either."""
    certificate, key = Authority().issue("registry.example.com").write(tmp_path, "tls")
    tls = (DEPLOY / "nginx-tls.conf").read_text()
    for old, new in {
        "/etc/nginx/tls/fullchain.pem": str(certificate),
        "/etc/nginx/tls/privkey.pem": str(key),
        "listen 443 ssl": f"listen 127.0.0.1:{free_port()} ssl",
    }.items():
        assert old in tls
        tls = tls.replace(old, new)
    (tmp_path / "servers").mkdir()
    example = tmp_path / "servers" / "tls.conf"
    example.write_text(tls)
    file = tmp_path / "nginx.conf"
    file.write_text(configuration(tmp_path, f"127.0.0.1:{free_port()}", [free_port()]))

    said = run(command(tmp_path, file, "-t")).stderr

    assert "test is successful" in said
    assert "warn" not in said
    example.write_text(tls.replace("ssl_certificate ", "ssl_certificat "))
    assert run(command(tmp_path, file, "-t"), check=False).returncode != 0, "the example is not read"


def test_a_request_reaches_a_replica_as_it_was_written() -> None:
    """Its path undecoded, its host, and for whom and how it asked: what jettison.proxies makes believed."""
    path = "/v2/a%2fb//manifests/x?n=%20"
    with (
        replica() as only,
        Balancer([only.server_port]) as balancer,
        socket.create_connection(("127.0.0.1", balancer.port), timeout=10) as client,
    ):
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200")

    [(_, asked, headers)] = only.asked
    assert asked == path
    assert headers["host"] == headers["x-forwarded-host"] == "registry.example.com"
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert headers["x-request-id"]


def test_a_body_goes_through_as_it_comes() -> None:
    """A replica has the first bytes of a layer before the client has sent the last ones."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        with Balancer([listening.getsockname()[1]]) as balancer:
            client = socket.create_connection(("127.0.0.1", balancer.port), timeout=10)
            client.sendall(b"PATCH /v2/a/blobs/uploads/1 HTTP/1.1\r\nHost: here\r\nContent-Length: 11\r\n\r\nfirst ")
            connection, _ = listening.accept()
            with client, connection:
                connection.settimeout(10)
                received = connection.recv(1000)
                while not received.endswith(b"\r\n\r\nfirst "):
                    received += connection.recv(1000)
                client.sendall(b"last.")
                assert connection.recv(1000) == b"last."
                connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                assert client.recv(1000).startswith(b"HTTP/1.1 202")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_replica_is_asked_where_one_cannot_serve(method: str) -> None:
    """One is gone, one says 503: nobody sees it who may be asked again."""
    with (
        replica(503) as unwell,
        replica() as well,
        Balancer([unwell.server_port, well.server_port, free_port()]) as balancer,
    ):
        paths = [f"/{number}" for number in range(12)]
        for path in paths:
            assert httpx2.request(method, f"{balancer.url}{path}", trust_env=False).status_code == 200

    assert unwell.asked
    assert [path for _, path, _ in well.asked] == paths


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_changes_something_is_sent_once(method: str) -> None:
    """What a replica refused is answered so: whether it is to be sent again is known to its client alone."""
    with replica(503) as one, replica(503) as other, Balancer([one.server_port, other.server_port]) as balancer:
        answer = httpx2.request(method, f"{balancer.url}/v2/a/blobs/uploads/", content=b"x", trust_env=False)

    assert answer.status_code == 503
    assert len(one.asked) + len(other.asked) == 1
