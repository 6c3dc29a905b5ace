"""Clients that are sent to the bucket for a blob, by a URL that is signed for a short while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from jettison.blobs.store import Key
from jettison.http.response import Headers, Response

OCTETS = "application/octet-stream"


class Signer(Protocol):
    """What signs URLs: blobs, or the same bucket by another address."""

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str | None:
        """See :meth:`jettison.blobs.store.Blobs.url`."""


@dataclass(frozen=True, slots=True)
class Redirects:
    """Has ``signer`` sign URLs that are good for ``lifetime`` seconds, while ``ahead`` allows it.

    That is how many seconds this machine's clock is ahead of what all agree on. An engine reads the time of signing
    from the URL: by a clock far behind it is expired, and by one far ahead good for longer than it should be.
    """

    signer: Signer
    lifetime: float
    ahead: Callable[[], float] = lambda: 0.0

    def to(self, key: Key, headers: Headers) -> Response | None:
        """The answer that sends a client to the bytes at ``key``; None where they are to be sent by us."""
        if abs(self.ahead()) > self.lifetime / 2:
            return None
        url = self.signer.url(key, self.lifetime, {"Content-Type": OCTETS})
        if url is None:
            return None
        # A redirect that is kept would outlive its URL.
        return Response(307, [*headers, (b"location", url.encode("ascii")), (b"cache-control", b"no-store")])
