"""One event on its way to one endpoint. The only file that knows the HTTP client."""

from __future__ import annotations

import time
from http import HTTPStatus

import httpx2

from jettison import __version__
from jettison.registry.endpoint import Endpoint

MEDIA_TYPE = "application/vnd.docker.distribution.events.v2+json"
MOST_REDIRECTS = 10
_MOST_READ = 64 * 1024

_OURSELVES = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""What no proxy of the environment is asked for: distribution asks none for it either."""


class NotAccepted(Exception):
    """The endpoint answered with a status that accepts nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it answered {named(status)}")
        self.status = status


class NotAnswered(Exception):
    """There was no answer: the endpoint cannot be reached, or takes too long."""


class Sender:
    """Posts envelopes to ``endpoint``, over a connection that it keeps."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._url = endpoint.url
        self._timeout = endpoint.timeout
        self._client = httpx2.Client(
            timeout=endpoint.timeout,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            mounts=dict.fromkeys(_OURSELVES),
            headers=[
                ("User-Agent", f"jettison/{__version__}"),
                ("Content-Type", MEDIA_TYPE),
                *endpoint.headers,
            ],
        )

    def send(self, event: str) -> int:
        """Send one event in an envelope of its own, as distribution does; the status that accepted it.

        That is any of 200 to 399, after redirects. Raises NotAccepted and NotAnswered.
        """
        try:
            with self._client.stream("POST", self._url, content=f'{{"events":[{event}]}}'.encode()) as response:
                status = response.status_code
                self._read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise NotAnswered(str(error) or type(error).__name__) from error
        if not 200 <= status < 400:
            raise NotAccepted(status)
        return status

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _read(self, response: httpx2.Response) -> None:
        """Read what the endpoint has to say, if it is short and quick: the connection can be used again then."""
        ends, left = time.monotonic() + self._timeout, _MOST_READ
        for piece in response.iter_raw():
            left -= len(piece)
            if left < 0 or time.monotonic() > ends:
                break


def named(status: int) -> str:
    """A status with its phrase, as `200 OK`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
