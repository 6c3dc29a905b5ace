"""One request and its answer, without signing in: redirects and repetitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jettison.client.answer import Answer
from jettison.client.errors import ClientError, Untrustworthy
from jettison.client.location import origin, redirected
from jettison.client.repetition import Pause, Repetition

if TYPE_CHECKING:
    from jettison.client.connections import Connections, Content, Received

MOST_REDIRECTS: Final = 5
LARGEST_ANSWER: Final = 64 * 1024 * 1024
LARGEST_REFUSAL: Final = 1024 * 1024
READS: Final = frozenset({"GET", "HEAD"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ELSEWHERE: Final = frozenset({"accept", "range"})
"""Headers that go to another host: no list of secret ones could have all that vendors have thought of."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request. `authorization` goes to the origin of `url` only; `repeatable`: see `Transport.request`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    content: Content = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    repeatable: bool | None = None
    largest: int = LARGEST_ANSWER
    follow: bool = True

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in READS


class Streamed:
    """An answer whose body is read piece by piece: `answer` has its status and headers and no content.

    Where the status is not 2xx the body has been read already, into `answer.content`, and `chunks` gives nothing.
    """

    def __init__(self, answer: Answer, received: Received | None) -> None:
        self.answer = answer
        self._received = received

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes. Raises Unreachable where it stops or drips, Untrustworthy where it ends early."""
        if self._received is None:
            return
        from jettison.client.connections import Lost  # noqa: PLC0415

        try:
            yield from self._received.chunks()
        except Lost as lost:
            raise lost.error from lost

    def close(self) -> None:
        """Let go of the connection."""
        if self._received is not None:
            self._received.close()


class Exchange:
    """Sends requests by `connections`, again where that is safe, and follows redirects where that is."""

    def __init__(self, connections: Connections, pause: Pause) -> None:
        self._connections = connections
        self._pause = pause

    def ask(self, asking: Asking) -> Answer:
        """The answer, read whole. Raises Unreachable and Untrustworthy, never for a status."""
        return self._repeat(asking, streamed=False).answer

    def stream(self, asking: Asking) -> Streamed:
        """The answer, its body to be read. The same."""
        return self._repeat(asking, streamed=True)

    def _repeat(self, asking: Asking, *, streamed: bool) -> Streamed:
        from jettison.client.connections import Lost  # noqa: PLC0415

        repeatable = asking.reads if asking.repeatable is None else asking.repeatable
        repetition = Repetition(self._pause, repeatable)
        while True:
            self._pause.wait()
            try:
                received = self._follow(asking)
                done = _read(asking, received, streamed=streamed)
            except Lost as lost:
                if not (lost.passing and repetition.after_loss()):
                    raise lost.error from lost
                continue
            if not repetition.after(done.answer):
                return done

    def _follow(self, asking: Asking) -> Received:
        url, headers, method = asking.url, dict(asking.headers), asking.method
        if asking.authorization is not None:
            headers["Authorization"] = asking.authorization
        for _ in range(MOST_REDIRECTS + 1):
            received = self._connections.open(method, url, headers, asking.content)
            location = received.headers.get("location")
            if received.status not in _REDIRECTS or not asking.follow or location is None:
                return received
            received.close()
            target = redirected(url, location, reads=asking.reads)
            if origin(target) != origin(url):
                # Once gone they stay away, even if a later redirect leads back.
                headers = {name: value for name, value in headers.items() if name.lower() in _ELSEWHERE}
            if not asking.reads and received.status not in {307, 308}:
                raise Untrustworthy(f"{url} answers {received.status} to {method}, which would turn it into a GET")
            url = target
        raise Untrustworthy(f"{asking.url} redirects more than {MOST_REDIRECTS} times")


def _read(asking: Asking, received: Received, *, streamed: bool) -> Streamed:
    if streamed and 200 <= received.status < 300:
        return Streamed(_answer(asking, received, b""), received)
    try:
        content = received.whole(asking.largest if 200 <= received.status < 300 else LARGEST_REFUSAL)
    except ClientError:
        if 200 <= received.status < 300:
            raise
        content = b""  # the status says enough
    finally:
        received.close()
    return Streamed(_answer(asking, received, content), None)


def _answer(asking: Asking, received: Received, content: bytes) -> Answer:
    return Answer(received.status, received.headers, content, asking.method, received.url)
