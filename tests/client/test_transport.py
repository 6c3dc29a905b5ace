"""Requests against servers that lie, drip, break and storm: each answer is bounded in time, and says what it was."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.client import ANONYMOUS, Credentials, Host, Registry
from jettison.client.errors import ClientError, RateLimited, Unavailable, Unreachable, Untrustworthy
from jettison.client.rate_limit import RateLimit
from jettison.client.transport import Transport
from jettison.oci.digest import Digest
from tests.support.certificates import Authority
from tests.support.liar import Asked, Liar, Told

USER = Credentials("robot", "s3cret", source="a test")
Write = Callable[[bytes], None]


def opened(liar: Liar, **options: object) -> Registry:
    """A registry at a liar's, with little patience."""
    return Registry(liar.address, **{"credentials": ANONYMOUS, "idle_timeout": 0.5, "connect_timeout": 2, **options})  # type: ignore[arg-type]


def timed(ask: Callable[[], object]) -> tuple[BaseException | None, float]:
    """What it raises, and how long it takes."""
    began = time.monotonic()
    try:
        ask()
    except ClientError as error:
        return error, time.monotonic() - began
    return None, time.monotonic() - began


def test_a_status_is_never_raised() -> None:
    """Whatever the status, `request` gives it back; `check` makes the error of it."""
    with (
        Liar(lambda asked: Told(int(asked.path[1:]), {"errors": [{"code": "denied", "message": "no"}]})) as liar,
        opened(liar) as registry,
    ):
        for status in (200, 400, 403, 404, 405, 409, 418):
            answer = registry.transport.request("GET", f"/{status}")
            assert answer.status == status
            assert [(each.code, each.message) for each in answer.errors] == [("DENIED", "no")]


def test_html_in_place_of_json_is_told_as_that() -> None:
    """A login page or a proxy's error in front of the registry."""
    page = Told(200, "<!DOCTYPE html><title>Sign in</title>", {"Content-Type": "text/html"})
    with Liar(lambda _: page) as liar, opened(liar) as registry:
        with pytest.raises(Untrustworthy, match="an HTML page"):
            list(registry.repositories())
        with pytest.raises(Untrustworthy, match="HTML"):
            registry.repository("app").manifest("v1")


def test_bytes_that_are_not_the_digest_are_refused() -> None:
    """A manifest by digest, one whose header lies, and a blob."""
    lie = Told(200, {"schemaVersion": 2}, {"Docker-Content-Digest": str(Digest.of(b"another"))})
    with Liar(lambda _: lie) as liar, opened(liar) as registry:
        repository = registry.repository("app")
        for ask in (
            lambda: repository.manifest(Digest.of(b"pinned")),
            lambda: repository.manifest("v1"),
            lambda: repository.blob(Digest.of(b"pinned")).read(),
            lambda: b"".join(repository.blob(Digest.of(b"pinned")).stream()),
        ):
            with pytest.raises(Untrustworthy):
                ask()


def test_a_head_that_names_another_digest_is_refused() -> None:
    """The registry must not answer for a digest with another one."""
    headers = {"Docker-Content-Digest": str(Digest.of(b"x")), "Content-Type": "application/vnd.oci.image.index.v1+json"}
    with (
        Liar(lambda _: Told(200, b"{}", headers)) as liar,
        opened(liar) as registry,
        pytest.raises(Untrustworthy, match="says that this is"),
    ):
        registry.repository("app").head(Digest.of(b"pinned"))


@pytest.mark.slow
def test_a_body_that_ends_early_is_refused() -> None:
    """Of an answer that is read whole, after asking again; and of a blob."""
    with Liar(lambda _: Told(200, b"{", {}, length=100)) as liar, opened(liar) as registry:
        error, seconds = timed(registry.ping)
        assert isinstance(error, Untrustworthy)
        assert "ends early" in error.message
        assert seconds < 10
        with pytest.raises(Untrustworthy, match="ends early"):
            b"".join(registry.repository("app").blob(Digest.of(b"x")).stream())


@pytest.mark.parametrize("where", ["head", "body"])
@pytest.mark.slow
def test_an_answer_that_drips_is_given_up(where: str) -> None:
    """A byte now and then keeps a read's time-out from ever coming: the whole answer has one."""

    def drip(write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n" + (b"\r\n" if where == "body" else b"X-Drip: "))
        while not liar.ending.wait(0.05):
            write(b"x")

    with Liar(lambda _: drip) as liar, opened(liar) as registry:
        error, seconds = timed(lambda: registry.transport.request("GET", "/v2/", repeatable=False))
        assert isinstance(error, Unreachable)
        assert seconds < 5


def test_a_blob_that_drips_is_given_up() -> None:
    """A stream has no end of time, but must bring something in it."""

    def drip(write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not liar.ending.wait(0.05):
            write(b"x")

    with Liar(lambda _: drip) as liar, opened(liar) as registry:
        error, seconds = timed(lambda: list(registry.repository("app").blob(Digest.of(b"x")).stream()))
        assert isinstance(error, Unreachable)
        assert seconds < 5


def test_an_answer_that_never_comes_is_given_up() -> None:
    """The server takes the request and says nothing."""

    def silent(_: Write) -> None:
        liar.ending.wait(30)

    with Liar(lambda _: silent) as liar, opened(liar) as registry:
        error, seconds = timed(lambda: registry.transport.request("DELETE", "/v2/x"))
        assert isinstance(error, Unreachable)
        assert seconds < 5
        assert len(liar.requests) == 1


def test_a_storm_of_429_ends() -> None:
    """Some repetitions, then RateLimited; what asks for longer than anybody waits ends it at once, and is told."""
    with Liar(lambda _: Told(429, {}, {"Retry-After": "0"})) as liar, opened(liar) as registry:
        error, seconds = timed(lambda: registry.ping().check("ask"))
        assert isinstance(error, RateLimited)
        assert seconds < 10
        assert len(liar.requests) == 4
    with Liar(lambda _: Told(429, {}, {"Retry-After": "86400"})) as liar, opened(liar) as registry:
        error, seconds = timed(lambda: registry.ping().check("ask"))
        assert isinstance(error, RateLimited)
        assert error.retry_after == 86400
        assert seconds < 1
        assert len(liar.requests) == 1


def test_retry_after_is_honoured_by_everybody() -> None:
    """After a 429 nobody asks before its time is over; also a deletion is asked again, as nothing was done."""
    began: list[float] = []

    def answer(asked: Asked) -> Told:
        began.append(time.monotonic())
        return Told(429, {}, {"Retry-After": "1"}) if len(began) == 1 else Told(202)

    with Liar(answer) as liar, opened(liar) as registry:
        assert registry.transport.request("DELETE", "/v2/x").status == 202
    assert len(liar.requests) == 2
    assert began[1] - began[0] >= 0.99


@pytest.mark.slow
def test_a_read_is_repeated_after_a_fault_and_a_deletion_is_not() -> None:
    """500 to 504 pass by for GET; a DELETE that may have been done is not sent twice unless that is allowed."""
    for method, repeatable, requests in (("GET", None, 4), ("DELETE", None, 1), ("DELETE", True, 4), ("GET", False, 1)):
        with Liar(lambda _: Told(503)) as liar, opened(liar) as registry:
            answer = registry.transport.request(method, "/v2/", repeatable=repeatable)
            assert answer.status == 503
            assert isinstance(answer.error("ask"), Unavailable)
            assert len(liar.requests) == requests, method


@pytest.mark.slow
def test_a_fault_that_passes_by_is_not_seen() -> None:
    """Two failures and a dropped connection, then the answer."""

    def answer(asked: Asked) -> Told | Callable[[Write], None]:
        number = len(liar.requests)
        return (lambda write: None) if number == 1 else Told(502) if number < 4 else Told(200, {})

    with Liar(answer) as liar, opened(liar) as registry:
        assert registry.ping().status == 200


def test_a_redirect_in_a_circle_ends() -> None:
    """A few redirects are followed."""
    with (
        Liar(lambda asked: Told(307, b"", {"Location": asked.path + "x"})) as liar,
        opened(liar) as registry,
        pytest.raises(Untrustworthy, match="redirects more than"),
    ):
        registry.ping()


def test_a_deletion_is_not_redirected_elsewhere() -> None:
    """What changes something is done where it was asked, or not at all."""
    with Liar(lambda _: Told(202)) as other, Liar(lambda _: Told(307, b"", {"Location": other.url})) as liar:
        with opened(liar) as registry, pytest.raises(Untrustworthy, match="another host"):
            registry.repository("app").delete_manifest("v1")
        assert other.requests == []


def test_an_upload_is_not_sent_elsewhere() -> None:
    """The location of an upload is the registry's own."""
    with Liar(lambda _: Told(201)) as other:
        with (
            Liar(lambda _: Told(202, b"", {"Location": f"{other.url}/upload"})) as liar,
            opened(liar) as registry,
            pytest.raises(Untrustworthy, match="another host"),
        ):
            registry.repository("app").put_blob(Digest.of(b"x"), 1, lambda: [b"x"])
        assert other.requests == []


def test_an_answer_that_is_larger_than_anything_is_not_read() -> None:
    """Also one that unpacks to more than it has bytes."""
    packed = gzip.compress(bytes(30_000_000))
    with (
        Liar(lambda _: Told(200, packed, {"Content-Encoding": "gzip"})) as liar,
        opened(liar) as registry,
        pytest.raises(Untrustworthy, match="more than"),
    ):
        registry.repository("app").manifest("v1")


def test_rate_limits_are_read() -> None:
    """Docker Hub's headers are at hand after any answer."""
    headers = {"ratelimit-limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600", "docker-ratelimit-source": "me"}
    with Liar(lambda _: Told(200, {}, headers)) as liar, opened(liar) as registry:
        before = registry.rate_limit
        registry.ping()
        assert (before, registry.rate_limit) == (None, RateLimit(100, 76, 21600, "me"))


def test_cookies_are_not_kept() -> None:
    """A session that one answer opens is not carried to the next request."""
    with Liar(lambda _: Told(200, {}, {"Set-Cookie": "sid=1; Path=/"})) as liar, opened(liar) as registry:
        registry.ping()
        registry.ping()
    assert liar.asked("cookie") == [None, None]


def test_a_certificate_is_checked_and_plain_http_is_no_way_around_it(tmp_path: Path) -> None:
    """An unknown authority is an error that names the options; with either of them the registry is reached."""
    authority = Authority()
    files = authority.issue().write(tmp_path, "server")
    with Liar(lambda _: Told(200, {}), files) as liar:
        with opened(liar) as registry, pytest.raises(Unreachable, match="--ca-cert"):
            registry.ping()
        assert liar.requests == []
        with opened(liar, ca_cert=authority.write(tmp_path)) as registry:
            assert registry.ping().status == 200
            assert registry.transport.base.startswith("https://")
        with opened(liar, insecure_skip_verify=True) as registry:
            assert registry.ping().status == 200


def test_an_upgrade_never_turns_to_plain_http(tmp_path: Path) -> None:
    """A registry over https that redirects to http is not followed, with or without credentials."""
    authority = Authority()
    files = authority.issue().write(tmp_path, "server")
    with Liar(lambda _: Told(200, {})) as plain:
        with (
            Liar(lambda _: Told(307, b"", {"Location": f"{plain.url}/v2/"}), files) as liar,
            opened(liar, ca_cert=authority.write(tmp_path), credentials=USER) as registry,
            pytest.raises(Untrustworthy, match="plain http"),
        ):
            registry.ping()
        assert plain.requests == []


def test_plain_http_off_loopback_has_to_be_said() -> None:
    """A host that is not this machine is asked over https only."""
    transport = Transport(Host.parse("registry.example:5000"), credentials=ANONYMOUS)
    assert transport.base == "https://registry.example:5000"
    plain = Transport(Host.parse("registry.example:5000"), credentials=ANONYMOUS, plain_http=True)
    assert plain.base == "http://registry.example:5000"


def test_work_is_bounded_and_in_order() -> None:
    """Never more requests at a time than `concurrency`; results in order; an endless list is taken as it is read."""
    running, most, lock = 0, 0, threading.Lock()

    def answer(asked: Asked) -> Told:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return Told(200, {"path": asked.path})

    with Liar(answer) as liar, opened(liar, concurrency=3) as registry:
        calls = ((lambda n=n: registry.transport.request("GET", f"/{n}").json()["path"]) for n in range(10**9))
        results = registry.transport.gather(calls)
        assert [next(results) for _ in range(20)] == [f"/{n}" for n in range(20)]
        results.close()  # type: ignore[attr-defined]
        assert most == 3
        assert len(liar.requests) < 40


def test_what_is_closed_does_not_wait() -> None:
    """A request that is to be asked again much later ends when the client is closed."""
    with Liar(lambda _: Told(429, {}, {"Retry-After": "30"})) as liar:
        registry = opened(liar)
        threading.Timer(0.3, registry.close).start()
        error, seconds = timed(registry.ping)
        assert isinstance(error, Unreachable)
        assert seconds < 5


def test_a_proxy_is_asked_for_hosts_that_are_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment; what goes to it names the whole URL, and signs in with what the proxy's URL has."""
    with Liar(lambda _: Told(200, {})) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:secret@{proxy.address}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Registry("registry.example:5000", credentials=ANONYMOUS, plain_http=True) as registry:
            assert registry.ping().status == 200
    [asked] = proxy.requests
    assert asked.path == "http://registry.example:5000/v2/"
    assert asked.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"


def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on loopback here is not on the proxy's."""
    with Liar(lambda _: Told(500)) as proxy, Liar(lambda _: Told(200, {})) as liar, opened(liar) as registry:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert registry.ping().status == 200
    assert proxy.requests == []


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_what_was_compressed_unasked_is_unpacked_or_refused(encoding: str) -> None:
    """Nobody asks for it, and some proxies do it."""
    told = Told(200, gzip.compress(b'{"tags": ["v1"]}'), {"Content-Encoding": encoding})
    with Liar(lambda _: told) as liar, opened(liar) as registry:
        tags = registry.repository("app").tags()
        if encoding == "gzip":
            assert [str(tag) for tag in tags] == ["v1"]
        else:
            with pytest.raises(Untrustworthy, match="encoding"):
                list(tags)


def test_what_cannot_stand_in_a_header_is_not_sent() -> None:
    """An end of line would begin another header."""
    with Liar(lambda _: Told(200)) as liar, opened(liar) as registry:
        with pytest.raises(Untrustworthy, match="cannot be sent"):
            registry.transport.request("GET", "/v2/", headers={"X-Name": "a\r\nX-Other: b"})
        assert liar.requests == []


def test_a_redirect_takes_no_header_of_a_vendors_along() -> None:
    """What a vendor's API takes as a secret has names of its own: another host gets none of them."""
    with (
        Liar(lambda _: Told(200, {})) as other,
        Liar(lambda _: Told(307, b"", {"Location": f"http://{other.address}/elsewhere"})) as liar,
        opened(liar) as registry,
    ):
        headers = {"PRIVATE-TOKEN": "s3cret", "JOB-TOKEN": "s3cret", "X-Any-Key": "s3cret", "Accept": "text/plain"}
        assert registry.transport.request("GET", "/api", headers=headers).ok
        [asked] = other.requests
    assert "s3cret" not in asked.headers.values()
    assert asked.headers["accept"] == "text/plain"
