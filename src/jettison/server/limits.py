"""The limits of the edge, and the proxies that it believes, as settings have them."""

from __future__ import annotations

from jettison.http.limits import Limits
from jettison.http.proxies import NONE, Proxies
from jettison.http.rates import Rates
from jettison.settings import Settings

BURST_SECONDS = 10
"""How many seconds' worth of requests may come at once, where settings do not say."""


def limits(settings: Settings) -> Limits:
    """What one request may bring, and how often somebody may ask."""
    own = settings.jettison.limits
    rate, burst = own.requests.rate, own.requests.burst
    shared = settings.jettison.database.url is not None
    return Limits(
        head=own.head.size,
        idle=own.idle.total_seconds() or None,
        rates=Rates(rate, burst or rate * BURST_SECONDS, shared=shared) if rate else None,
    )


def proxies(settings: Settings) -> Proxies:
    """Those that are believed."""
    named = settings.jettison.proxies
    return Proxies.named(named) if named else NONE
