"""Connections: TLS, proxies and time-outs. With `pool`, the only file that knows the HTTP client.

That is httpcore2, the part of httpx2 that speaks HTTP: what httpx2 puts around it (redirects, cookies, authentication,
URLs) has rules of its own here, and took more time for each request than the rest.

Every wait has an end. Connecting may take `connect_timeout` seconds. From the last byte that was sent, the head of the
answer must have come within `idle_timeout`, dripping or not. A body that is read whole has four times as long; one
that is streamed must bring SLOWEST bytes a second, on the average of each `idle_timeout`.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, quote, unquote, urlsplit

import httpcore2

from jettison import __version__
from jettison.client.errors import ClientError, Invalid, Unreachable, Untrustworthy
from jettison.client.location import is_loopback
from jettison.client.pool import Lease, Pool

SLOWEST: Final = 1024
_WHOLE: Final = 4
_PIECE: Final = 256 * 1024
_HEADERS: Final = {"User-Agent": f"jettison/{__version__}", "Accept-Encoding": "identity", "Accept": "*/*"}
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_SAFE: Final = "!$%&'()*+,/:;=?@[]~"
_FAILURES: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    OSError,
    ValueError,
)
_is_target = re.compile(r"[!-~]+").fullmatch

Content: TypeAlias = bytes | Callable[[], Iterable[bytes]] | None
"""The body of a request: bytes, or what gives them anew each time it is called."""


class Lost(Exception):
    """There was no answer, or not all of it; `error` says so to people. `passing`: asking again may help."""

    def __init__(self, error: ClientError, *, passing: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.passing = passing


class Connections:
    """Connections to a registry and to the hosts that it leads to; may be used by several threads."""

    def __init__(
        self,
        *,
        ca_cert: Path | None,
        insecure_skip_verify: bool,
        most: int,
        connect_timeout: float,
        idle_timeout: float,
    ) -> None:
        self._ca_cert = ca_cert
        self._insecure = insecure_skip_verify
        self._most = most
        self._idle = idle_timeout
        self._timeouts = {"connect": connect_timeout, "read": idle_timeout, "write": idle_timeout, "pool": idle_timeout}
        self._extensions = {"timeout": self._timeouts}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._makers: dict[tuple[str, str | None], httpcore2.ConnectionPool] = {}
        self._lock = threading.Lock()

    def open(self, method: str, url: str, headers: Mapping[str, str], content: Content) -> Received:
        """Send a request and wait for the head of its answer. Raises Lost."""
        try:
            parts = urlsplit(url)
            request = httpcore2.Request(
                method,
                _url(parts),
                headers=_encoded(method, parts.netloc, headers, content),
                content=content() if callable(content) else content,
                extensions=self._extensions,
            )
            lease = self._pool(url, parts, request).send(request)
        except _FAILURES as error:
            raise _lost(error, url) from error
        return Received(lease, url, self._idle)

    def close(self) -> None:
        """Close them all; requests under way fail."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _pool(self, url: str, parts: SplitResult, request: httpcore2.Request) -> Pool:
        key = parts.scheme, parts.netloc
        pool = self._pools.get(key)
        if pool is None:
            with self._lock:
                pool = self._pools.get(key)
                if pool is None:
                    connect = partial(self._maker(url, parts).create_connection, request.url.origin)
                    pool = self._pools[key] = Pool(connect, most=self._most, patience=self._idle)
        return pool

    def _maker(self, url: str, parts: SplitResult) -> httpcore2.ConnectionPool:
        """What makes connections that go there directly, or through the proxy that the environment names."""
        proxy = None if is_loopback(url) else _proxy_for(parts)
        key = parts.scheme, proxy
        if key not in self._makers:
            # Reading the system's authorities takes 20 ms, which plain http does not need.
            secure = parts.scheme == "https" or proxy is not None
            self._makers[key] = httpcore2.ConnectionPool(
                ssl_context=self._context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                proxy=None if proxy is None else _proxy(proxy),
                keepalive_expiry=30,
                network_backend=_Timed(self._idle),
            )
        return self._makers[key]

    def _context(self) -> ssl.SSLContext:
        if self._insecure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        context = httpcore2.default_ssl_context()
        if self._ca_cert is not None:
            try:
                context.load_verify_locations(cafile=self._ca_cert)
            except (OSError, ssl.SSLError) as error:
                raise Invalid(f"{self._ca_cert} cannot be read as certificates in PEM: {error}") from None
        return context


class Received:
    """The head of an answer, and its body while it comes. Close it."""

    def __init__(self, lease: Lease, url: str, idle: float) -> None:
        self.status = lease.response.status
        self.headers = _decoded(lease.response.headers)
        self.url = url
        self._response = lease.response
        self._lease = lease
        self._idle = idle

    def whole(self, largest: int) -> bytes:
        """The body. Raises Lost, and Untrustworthy for more than `largest` bytes."""
        self._until(time.monotonic() + _WHOLE * self._idle)
        content = bytearray()
        try:
            for piece in self._response.iter_stream():
                content += piece
                if len(content) > largest:
                    raise self._too_large(largest)
        except _FAILURES as error:
            raise _lost(error, self.url) from error
        return self._unpacked(bytes(content), largest)

    def chunks(self) -> Iterator[bytes]:
        """The body, in pieces of about 256 KiB. Raises Lost."""
        self._until(None)
        pieces, size = [], 0
        try:
            for piece in self._response.iter_stream():
                pieces.append(piece)
                size += len(piece)
                if size >= _PIECE:
                    yield b"".join(pieces)
                    pieces, size = [], 0
        except _FAILURES as error:
            raise _lost(error, self.url) from error
        if pieces:
            yield b"".join(pieces)

    def close(self) -> None:
        """Let go of the connection, which is kept for the next request where the body was read to its end."""
        self._lease.close()

    def _unpacked(self, content: bytes, largest: int) -> bytes:
        """Nobody is asked to compress (the digest is of the bytes themselves), and some proxies do it unasked."""
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "identity" or not content:
            return content
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise Untrustworthy(f"{self.url} answers with the encoding {encoding!r}, which nobody asked for")
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            unpacked = unpacking.decompress(content, largest + 1)
        except zlib.error as error:
            raise Untrustworthy(f"{self.url}: the answer cannot be unpacked: {error}") from None
        if len(unpacked) > largest:
            raise self._too_large(largest)
        if not unpacking.eof:
            raise Untrustworthy(f"{self.url}: the answer ends early")
        return unpacked

    def _too_large(self, largest: int) -> Untrustworthy:
        return Untrustworthy(f"{self.url} answers with more than the {largest} bytes that are read")

    def _until(self, end: float | None) -> None:
        stream = self._response.extensions.get("network_stream")
        if isinstance(stream, _Stream):
            stream.until = end


class _Timed(httpcore2.SyncBackend):
    """Opens connections whose streams keep the rules of this file."""

    def __init__(self, idle: float) -> None:
        self._idle = idle

    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore2.NetworkStream:
        return _Stream(super().connect_tcp(*arguments, **options), self._idle)


class _Stream(httpcore2.NetworkStream):
    """A connection that reads no longer than `until`, and does not wait for what only drips.

    The time-out of the library is one for each read, which a byte now and then keeps from ever coming.
    """

    def __init__(self, inner: httpcore2.NetworkStream, idle: float) -> None:
        self.until: float | None = None
        self._inner = inner
        self._idle = idle
        self._waited, self._got = 0.0, 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        began = time.monotonic()
        if self.until is not None:
            left = self.until - began
            if left <= 0:
                raise httpcore2.ReadTimeout
            timeout = left if timeout is None else min(left, timeout)
        got = self._inner.read(max_bytes, timeout)
        self._pace(time.monotonic() - began, len(got))
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)
        self.until = time.monotonic() + self._idle

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *arguments: Any, **options: Any) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(*arguments, **options), self._idle)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _pace(self, waited: float, got: int) -> None:
        self._waited, self._got = self._waited + waited, self._got + got
        if self._waited > self._idle:
            if self._got < SLOWEST * self._waited and self.until is None:
                raise httpcore2.ReadTimeout
            self._waited, self._got = 0.0, 0


def _url(parts: SplitResult) -> httpcore2.URL:
    """Raises ValueError for what cannot stand in a request."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if _is_target(target) is None:
        target = quote(target, safe=_SAFE)
    host = (parts.hostname or "").encode("ascii")
    return httpcore2.URL(scheme=parts.scheme.encode(), host=host, port=parts.port, target=target.encode())


def _encoded(method: str, host: str, headers: Mapping[str, str], content: Content) -> list[tuple[bytes, bytes]]:
    everything = {"Host": host, **_HEADERS, **headers}
    if isinstance(content, bytes):
        everything["Content-Length"] = str(len(content))
    elif content is None and method in _WITH_BODY:
        everything["Content-Length"] = "0"
    elif content is not None and "Content-Length" not in everything:
        everything["Transfer-Encoding"] = "chunked"
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in everything.items()]


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; several of one name become one, as RFC 9110, 5.2, has it."""
    made: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        made[key] = f"{made[key]}, {text}" if key in made else text
    return made


def _proxy_for(parts: SplitResult) -> str | None:
    """What the environment names."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  (it loads another HTTP client)

    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _proxy(text: str) -> httpcore2.Proxy:
    """Raises ValueError for what is no URL of a proxy."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    url = httpcore2.URL(
        scheme=parts.scheme.encode(), host=(parts.hostname or "").encode("ascii"), port=parts.port, target=b"/"
    )
    return httpcore2.Proxy(url, auth=auth)


def _lost(error: Exception, url: str) -> Lost:
    """What an error of the HTTP client means to people."""
    where = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    said = str(error) or type(error).__name__
    if isinstance(error, (httpcore2.ConnectTimeout, httpcore2.PoolTimeout)):
        return Lost(Unreachable(f"{where} cannot be reached in time: check the address and the network"), passing=False)
    if isinstance(error, httpcore2.TimeoutException):
        return Lost(Unreachable(f"{where} does not answer in time, or only drips: try again later"), passing=True)
    if isinstance(error, httpcore2.ProxyError):
        return Lost(Unreachable(f"{where}: the proxy refuses: {said}; check HTTPS_PROXY and NO_PROXY"), passing=False)
    if isinstance(error, httpcore2.ConnectError):
        return Lost(Unreachable(_unconnected(error, where, said)), passing=False)
    if isinstance(error, httpcore2.RemoteProtocolError) and "without sending a response" not in said:
        return Lost(Untrustworthy(f"{url}: the answer ends early or is no HTTP: {said}"), passing=True)
    if isinstance(error, (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol, ValueError)):
        return Lost(Untrustworthy(f"{url}: this cannot be sent or read as HTTP: {said}"), passing=False)
    return Lost(Unreachable(f"{where}: the connection broke: {said}; try again"), passing=True)


def _unconnected(error: BaseException, where: str, said: str) -> str:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return (
            f"{where}: its certificate is not trusted: {said}; name its authority with --ca-cert, "
            "or trust anybody with --insecure-skip-verify"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return f"{where}: TLS fails: {said}; a registry without TLS is asked with --plain-http"
    return f"{where} cannot be reached: {said}; check the address, and that the registry runs"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
