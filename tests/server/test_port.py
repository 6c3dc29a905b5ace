from __future__ import annotations

import socket

import pytest

from jettison.server import ServeError
from jettison.server.port import BACKLOG, bind
from jettison.settings import Address


def test_port_zero_is_a_free_one() -> None:
    """The kernel chooses, and the socket tells."""
    with bind(Address("127.0.0.1", 0)) as bound:
        assert bound.getsockname()[1] > 0


def test_a_port_is_not_shared_even_with_those_who_would() -> None:
    """A second bind fails, also of a program that sets SO_REUSEPORT."""
    with bind(Address("127.0.0.1", 0)) as bound, socket.socket() as other:
        bound.listen(BACKLOG)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(bound.getsockname())


@pytest.mark.parametrize("held", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  (for a moment)
@pytest.mark.parametrize("wanted", ["127.0.0.1", "localhost", ""])
def test_a_port_in_use_is_refused_with_what_to_do(held: str, wanted: str) -> None:
    """The message names the address, how to find who has it, and how to choose another."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((held, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServeError, match=f"{wanted}:{port} is in use.*ss -ltnp.*http.addr.*REGISTRY_HTTP_ADDR="):
            bind(Address(wanted, port))


def test_a_restart_does_not_wait_for_old_connections() -> None:
    """Connections of a server that ended, still lingering, do not hold up its port."""
    with bind(Address("127.0.0.1", 0)) as bound:
        bound.listen(BACKLOG)
        where = bound.getsockname()
        client = socket.create_connection(where)
        served, _ = bound.accept()
        served.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    with bind(Address(*where)):
        pass


def test_every_interface_is_served_over_ipv4_and_ipv6() -> None:
    """An empty host takes clients of both kinds on one socket."""
    with bind(Address("", 0)) as bound:
        bound.listen(BACKLOG)
        port = bound.getsockname()[1]
        hosts = ["127.0.0.1", "::1"] if bound.family == socket.AF_INET6 else ["127.0.0.1"]
        for host in hosts:
            socket.create_connection((host, port), 5).close()


def test_connections_are_watched_and_not_delayed() -> None:
    """Every connection sends small answers at once, and is ended when its client's machine is gone."""
    with bind(Address("127.0.0.1", 0)) as bound:
        bound.listen(BACKLOG)
        with socket.create_connection(bound.getsockname()):
            connection, _ = bound.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


def test_an_address_of_another_machine_is_refused() -> None:
    """What is no address of this machine is said to be none."""
    with pytest.raises(ServeError, match=r"192\.0\.2\.1:5000 is no address of this machine.*http\.addr"):
        bind(Address("192.0.2.1", 5000))


def test_a_name_that_nobody_knows_is_refused() -> None:
    """A host that does not resolve is named, with the setting."""
    with pytest.raises(ServeError, match=r"cannot listen on no-such-host\.invalid:5000.*http\.addr"):
        bind(Address("no-such-host.invalid", 5000))


def test_a_port_of_the_system_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rights are missing the message says which ports need them."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    with pytest.raises(ServeError, match=r"may not listen on 127\.0\.0\.1:80: ports below 1024"):
        bind(Address("127.0.0.1", 80))
