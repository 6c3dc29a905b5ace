from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.server import ServeError
from jettison.server.unix import bind_unix
from tests.server.running import RunningSite
from tests.support.certificates import Authority
from tests.support.command import run
from tests.support.daemon import DaemonDied
from tests.support.parts import program

pytestmark = pytest.mark.slow


@pytest.fixture
def umask() -> Iterator[None]:
    """One that leaves the group something."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def running(folder: Path, path: Path | None = None, **http: object) -> RunningSite:
    """A site on a socket in the folder."""
    return RunningSite(folder, address=str(path or folder / "socket"), http={"net": "unix", **http})


@pytest.mark.needs("curl")
def test_a_site_is_served_on_a_socket(tmp_path: Path) -> None:
    """It says where, and clients of all kinds of request are answered there."""
    path = tmp_path / "socket"
    with running(tmp_path) as site:
        curl = [program("curl"), "-sS", "--unix-socket", str(path)]
        assert run([*curl, "-T", str(Path(__file__)), "http://localhost/take"]).stdout == str(
            Path(__file__).stat().st_size
        )
        assert "'client': " not in run([*curl, "http://localhost/scope"]).stderr
        assert f"listens on the socket {path}\n" in site.log
        assert f"  try       curl --unix-socket {path} http://localhost/v2/_catalog\n" in site.log
        assert f"  delete    curl --unix-socket {path} -X DELETE http://localhost/v2/repo1\n" in site.log
        assert "notice" not in site.log
        assert site.stop() == 0
    assert not path.exists()


@pytest.mark.needs("curl")
def test_tls_is_served_on_a_socket_too(tmp_path: Path) -> None:
    """As over TCP, HTTP/2 included."""
    authority = Authority()
    certificate, key = authority.issue().write(tmp_path, "server")
    with running(tmp_path, tls_certificate=certificate, tls_key=key) as site:
        curl = [
            program("curl"),
            "-sS",
            "--unix-socket",
            str(tmp_path / "socket"),
            "--cacert",
            str(authority.write(tmp_path)),
        ]
        said = run([*curl, "-X", "PUT", "-d", "abc", "-w", " HTTP/%{http_version}", "https://localhost/take"]).stdout
        assert said == "3 HTTP/2"
        assert site.stop() == 0


def test_sigterm_lets_a_request_on_a_socket_end(tmp_path: Path) -> None:
    """Nobody else is let in meanwhile, and the file goes with the server."""
    path = tmp_path / "socket"
    with running(tmp_path) as site, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /sleep/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        site.wait_for("sleeping")
        site.process.send_signal(signal.SIGTERM)
        client.settimeout(10)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        assert site.ended_within(5) == 0
    assert not path.exists()


def test_a_killed_server_leaves_a_file_that_is_replaced(tmp_path: Path) -> None:
    """The next one listens in its place."""
    with running(tmp_path) as site:
        site.kill()
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)
    with running(tmp_path) as again, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "socket"))
        assert again.stop() == 0


def test_a_socket_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The second server ends with what to do, the first serves on."""
    path = tmp_path / "socket"
    with running(tmp_path) as first:
        with pytest.raises(DaemonDied) as died:
            RunningSite(tmp_path, address=str(path), root=tmp_path / "other", http={"net": "unix"})
        assert "ended with 1" in str(died.value)
        assert f"{path} is in use by another program: stop it (`ss -lxp` names it)" in str(died.value)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        assert first.running


def test_who_may_connect_is_up_to_the_umask(tmp_path: Path, umask: None) -> None:
    """To connect to a socket is to write to it."""
    path = tmp_path / "socket"
    with bind_unix(path).socket:
        assert stat.S_IMODE(path.stat().st_mode) == 0o750


def test_whoever_finds_the_file_finds_somebody_listening(tmp_path: Path) -> None:
    """It listens at once: else a second server would take it for a leftover."""
    path = tmp_path / "socket"
    with bind_unix(path).socket:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        with pytest.raises(ServeError, match="is in use"):
            bind_unix(path)


def test_the_file_of_another_server_is_not_taken_away(tmp_path: Path) -> None:
    """One that has replaced ours keeps its own."""
    path = tmp_path / "socket"
    ours = bind_unix(path)
    ours.socket.close()
    with bind_unix(path).socket:
        ours.remove()
        assert path.exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    """A file that is there is somebody's."""
    path = tmp_path / "socket"
    path.write_text("mine")
    with pytest.raises(ServeError, match="is there already, and is no socket: move it away"):
        bind_unix(path)
    assert path.read_text() == "mine"


def test_a_link_is_no_socket(tmp_path: Path) -> None:
    """Nothing is followed, and nothing removed, at its other end."""
    path = tmp_path / "socket"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServeError, match="is no socket"):
        bind_unix(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no/socket", "the folder .*/no is not there: make it, or choose another socket: http.addr"),
        ("a" * 120, "is too long for a socket, which may have 107 bytes"),
    ],
)
def test_a_path_that_cannot_be_had_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """With what to do."""
    with pytest.raises(ServeError, match=said):
        bind_unix(tmp_path / name)


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the user who has to be let."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    with pytest.raises(
        ServeError, match=f"the user {os.geteuid()} may not make the socket .*: let it write in {tmp_path}"
    ):
        bind_unix(tmp_path / "socket")
