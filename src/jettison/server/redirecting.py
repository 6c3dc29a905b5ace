"""Redirects of blobs to a bucket: who signs them, and for how long.

The rule: no signed URL outlives what it leads to. Bytes that nothing needs any more stay for `jettison.sweep.grace`, so
a URL is good for half of that, and is signed only while this machine's clock is less than half of a URL's life away
from the database's: three quarters of the time that bytes stay, at most.
"""

from __future__ import annotations

from jettison.http.redirects import Redirects, Signer
from jettison.registry.clock import Clock
from jettison.registry.registry import Registry
from jettison.server.bucket import bucket_of
from jettison.settings import Settings

LONGEST = 20 * 60
"""Seconds that no URL is good for longer than: distribution's time."""


def lifetime(settings: Settings) -> int:
    """How long a signed URL is good, in seconds. Settings with a bucket and redirects have some."""
    return min(LONGEST, int(settings.jettison.sweep.grace.total_seconds()) // 2)


def redirects(settings: Settings, registry: Registry, clock: Clock) -> Redirects | None:
    """The redirects of ``registry`` as ``settings`` have them; None where it sends blobs itself."""
    s3 = settings.storage.s3
    if s3 is None or settings.storage.redirect.disable:
        return None
    signer: Signer = registry.blobs
    if s3.redirectendpoint:
        # Imported where it is used: botocore costs a part of every start.
        from jettison.server.public import Public  # noqa: PLC0415

        signer = Public(bucket_of(s3, s3.redirectendpoint))
    return Redirects(signer, lifetime(settings), lambda: clock.ahead)
