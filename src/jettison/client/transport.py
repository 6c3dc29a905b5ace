"""Requests to one registry: connections, authentication, redirects, repetitions, and concurrency within bounds.

One rule for statuses: **`request` and `stream` never raise for a status.** Whatever status came, after authentication
and repetitions, is in the `Answer`; `Answer.check` and `Answer.error` make the error that it means. What they raise is
only that there was no answer (Unreachable), or one that cannot be true (Untrustworthy), or credentials that cannot be
read (Invalid). Where a token server has a fault or asks to wait, its 5xx or 429 is the answer's status.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import urlencode

from jettison.client.address import Host
from jettison.client.answer import Answer
from jettison.client.authentication import Authentication
from jettison.client.challenge import Challenge
from jettison.client.credentials import ANONYMOUS, Credentials
from jettison.client.exchange import LARGEST_ANSWER, Asking, Exchange, Streamed
from jettison.client.gathering import Gathering
from jettison.client.keychain import Keychain
from jettison.client.location import own
from jettison.client.rate_limit import RateLimit
from jettison.client.repetition import Pause
from jettison.client.scheme import find_base
from jettison.client.scope import Scopes
from jettison.client.tokens import Tokens

if TYPE_CHECKING:
    from jettison.client.connections import Connections, Content

T = TypeVar("T")

CONCURRENCY: Final = 8
CONNECT_TIMEOUT: Final = 10.0
IDLE_TIMEOUT: Final = 30.0
_is_path = re.compile(r"/[!-~]*").fullmatch


class Transport:
    """Requests to one registry; may be used by several threads at a time. A context manager."""

    def __init__(
        self,
        host: Host,
        *,
        credentials: Credentials | Keychain,
        plain_http: bool = False,
        ca_cert: Path | None = None,
        insecure_skip_verify: bool = False,
        concurrency: int = CONCURRENCY,
        connect_timeout: float = CONNECT_TIMEOUT,
        idle_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        self.host = host
        self.concurrency = concurrency
        self.rate_limit: RateLimit | None = None
        """What the last answer that told of a limit said."""
        self.lists_no_referrers = False
        """Whether the registry has shown that it has no API for referrers."""
        self._plain_http = plain_http
        self._connect_timeout = connect_timeout
        # A copy within a registry reads and writes at once in each of its threads.
        self._options: dict[str, Any] = {
            "ca_cert": ca_cert,
            "insecure_skip_verify": insecure_skip_verify,
            "most": 2 * concurrency + 2,
            "connect_timeout": connect_timeout,
            "idle_timeout": idle_timeout,
        }
        self._credentials = credentials
        self._pause = Pause()
        self._gathering = Gathering(concurrency)
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def base(self) -> str:
        """The beginning of its URLs, as in `https://ghcr.io`; asking it may connect. Raises Unreachable."""
        return self._open().base

    @property
    def challenge(self) -> Challenge | None:
        """What the registry last asked to sign in with, and was content with; None where it has not asked."""
        return None if self._opened is None else self._opened.authentication.asked

    def credentials(self, scopes: Scopes = ()) -> Credentials:
        """What there is to sign in with, whether the registry has asked or not. Raises Unreachable and Invalid."""
        return self._open().authentication.credentials(scopes)

    def beside(self, host: Host) -> Transport:
        """A transport to another host, or to the same, with the same options and without credentials. Close it.

        Plain http is for the registry that it was asked for, and nobody else.
        """
        return Transport(
            host,
            credentials=ANONYMOUS,
            plain_http=self._plain_http and host == self.host,
            concurrency=self.concurrency,
            ca_cert=self._options["ca_cert"],
            insecure_skip_verify=self._options["insecure_skip_verify"],
            connect_timeout=self._options["connect_timeout"],
            idle_timeout=self._options["idle_timeout"],
        )

    def used(self, scopes: Scopes = ()) -> str:
        """The credentials that requests of these scopes were made with, and where they came from, for messages."""
        return "no credentials" if self._opened is None else self._opened.authentication.used(scopes)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Content = None,
        params: Mapping[str, str] | None = None,
        scopes: Scopes = (),
        repeatable: bool | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> Answer:
        """Ask for `path` (as in `/v2/...`; a whole URL only of this registry) and read the answer whole.

        - `content`: bytes, or a function that gives the pieces anew each time the request is sent.
        - `scopes`: what a token has to allow, as in `repository:x:pull,delete`, beside what the challenge asks for.
        - `repeatable`: whether the request may be sent again when its answer was lost or was 408, 500, 502, 503 or
          504; None: GET and HEAD may. 429 is repeated always, as nothing was done.
        - `largest`: the most bytes of a body that are read; more is Untrustworthy.

        Never raises for a status. Raises Unreachable, Untrustworthy and Invalid.
        """
        opened = self._open()
        asking = Asking(method, self._url(opened.base, path, params), headers or {}, content, None, repeatable, largest)
        return self._signed_in(opened, asking, scopes, streamed=False).answer

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        scopes: Scopes = (),
    ) -> Iterator[Streamed]:
        """The same for a body that may be large: it is read by whoever reads `chunks`, inside of the `with`."""
        opened = self._open()
        asking = Asking(method, self._url(opened.base, path, None), headers or {})
        streamed = self._signed_in(opened, asking, scopes, streamed=True)
        try:
            yield streamed
        finally:
            streamed.close()

    def gather(self, calls: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results of the calls, in their order, of which at most `concurrency` run at a time.

        The first are begun at once, before any result is read. Calls are taken from the iterable as places become free
        (a few ahead of what is read), so it may be endless.
        What a call raises is raised at its turn, and no further call is begun. Inside of such a call, `gather` runs
        its calls one by one: the bound is one for the host.
        """
        return self._gathering.run(calls)

    def close(self) -> None:
        """Close all connections; requests under way fail."""
        self._pause.close()
        self._gathering.close()
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.connections.close()

    def _signed_in(self, opened: _Opened, asking: Asking, scopes: Scopes, *, streamed: bool) -> Streamed:
        flow = opened.authentication.flow(opened.base, scopes)
        authorization = next(flow)
        while True:
            signed = asking if authorization is None else replace(asking, authorization=authorization)
            done = opened.exchange.stream(signed) if streamed else Streamed(opened.exchange.ask(signed), None)
            try:
                authorization = flow.send(done.answer)
            except StopIteration as ended:
                answer: Answer = ended.value
                break
            except BaseException:
                done.close()
                raise
            done.close()
        self.rate_limit = RateLimit.read(answer.headers) or self.rate_limit
        done.answer = replace(answer, used=opened.authentication.used(scopes))
        return done

    def _url(self, base: str, path: str, params: Mapping[str, str] | None) -> str:
        url = f"{base}{path}" if _is_path(path) else own(f"{base}/", path)
        if not params:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"

    def _open(self) -> _Opened:
        with self._lock:
            if self._opened is None:
                self._opened = self._first()
            return self._opened

    def _first(self) -> _Opened:
        from jettison.client.connections import Connections  # noqa: PLC0415  (the HTTP client takes 0.1 s to load)

        base = find_base(self.host, plain_http=self._plain_http, connect_timeout=self._connect_timeout)
        connections = Connections(**self._options)
        exchange = Exchange(connections, self._pause)
        tokens = Tokens(str(self.host), exchange)
        return _Opened(base, connections, exchange, Authentication(self.host, self._credentials, tokens))


class _Opened:
    """What a transport has from its first request on."""

    def __init__(self, base: str, connections: Connections, exchange: Exchange, authentication: Authentication) -> None:
        self.base = base
        self.connections = connections
        self.exchange = exchange
        self.authentication = authentication
