from __future__ import annotations

import httpcore2
import pytest

from jettison.client.pool import Pool

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Made:
    """Connections to a server that says ANSWER again and again, as they were made; `hung_up`: it has closed them."""

    def __init__(self) -> None:
        self.connections: list[httpcore2.HTTPConnection] = []
        self.closed = 0
        self.hung_up = False

    def __call__(self) -> httpcore2.ConnectionInterface:
        made = httpcore2.HTTPConnection(httpcore2.Origin(b"http", b"registry", 80), network_backend=_Backend(self))
        self.connections.append(made)
        return made


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, made: Made) -> None:
        self.made = made

    def connect_tcp(self, *arguments: object, **options: object) -> httpcore2.NetworkStream:
        return _Stream(self.made)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, made: Made) -> None:
        self.made = made

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return ANSWER

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    def close(self) -> None:
        self.made.closed += 1

    def get_extra_info(self, info: str) -> object:
        return self.made.hung_up if info == "is_readable" else None


@pytest.fixture
def made() -> Made:
    """None yet."""
    return Made()


def pool(made: Made, most: int = 2) -> Pool:
    """One that does not wait long."""
    return Pool(made, most=most, patience=0.01)


def request() -> httpcore2.Request:
    """Any."""
    return httpcore2.Request("GET", "http://registry/v2/", headers={"Host": "registry"})


def test_a_connection_is_kept_for_the_next_request(made: Made) -> None:
    """One after the other needs one; two at a time need two."""
    own = pool(made)
    for _ in range(3):
        lease = own.send(request())
        assert lease.response.read() == b"ok"
        lease.close()
    assert len(made.connections) == 1
    leases = [own.send(request()) for _ in range(2)]
    assert len(made.connections) == 2
    for lease in leases:
        lease.response.read()
        lease.close()
    assert made.closed == 0


def test_there_are_no_more_than_the_bound(made: Made) -> None:
    """Whoever finds all of them busy waits, and not for ever; one that is given back can be had."""
    own = pool(made, most=1)
    lease = own.send(request())
    with pytest.raises(httpcore2.PoolTimeout):
        own.send(request())
    lease.response.read()
    lease.close()
    lease.close()
    own.send(request()).close()
    own.send(request())
    with pytest.raises(httpcore2.PoolTimeout):
        own.send(request())


def test_an_answer_that_is_not_read_takes_its_connection_along(made: Made) -> None:
    """What comes next on it would be the rest of that answer."""
    own = pool(made)
    own.send(request()).close()
    assert made.closed == 1
    own.send(request())
    assert len(made.connections) == 2


def test_one_that_the_server_has_closed_is_not_used_again(made: Made) -> None:
    """It is seen before anything is sent on it."""
    own = pool(made)
    lease = own.send(request())
    lease.response.read()
    lease.close()
    made.hung_up = True
    own.send(request())
    assert (len(made.connections), made.closed) == (2, 1)


def test_a_request_that_fails_gives_its_place_back(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of them."""
    own = pool(made, most=1)

    def fail(self: _Stream, max_bytes: int, timeout: float | None = None) -> bytes:
        raise httpcore2.ReadTimeout

    with monkeypatch.context() as broken:
        broken.setattr(_Stream, "read", fail)
        for _ in range(3):
            with pytest.raises(httpcore2.ReadTimeout):
                own.send(request())
    assert own.send(request()).response.read() == b"ok"


def test_all_are_closed_with_it(made: Made) -> None:
    """Those that are idle and those that are not, and what is given back later."""
    own = pool(made)
    busy, idle = own.send(request()), own.send(request())
    idle.response.read()
    idle.close()
    own.close()
    assert made.closed == 2
    busy.close()
    assert all(each.is_closed() for each in made.connections)
