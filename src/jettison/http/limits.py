"""How much one request may bring before its body, how long that may bring nothing, how often somebody may ask."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from jettison.http.proxies import address_of
from jettison.http.rates import Rates
from jettison.oci.errors import RegistryError

if TYPE_CHECKING:
    from jettison.http.request import Request, Scope


class HeadTooLarge(RegistryError):
    """The path, the query and the headers together are larger than is accepted."""

    code = "SIZE_INVALID"


@dataclass(frozen=True, slots=True)
class Limits:
    """``head`` is in bytes, and ``idle`` in seconds, or None for ever. Without ``rates`` anybody may ask at will."""

    head: int = 64 * 1024
    idle: float | None = 60.0
    rates: Rates | None = None

    def check_rate(self, request: Request) -> None:
        """Raise TooManyRequests for one more request than its caller, or its address without one, may send now."""
        if self.rates is None:
            return
        subject = request.caller.identity or address_of(request.scope, request.edge.proxies)
        # By a unix socket of which nobody is told, clients cannot be told apart.
        if subject:
            self.rates.check(subject)

    def check_head(self, scope: Scope) -> None:
        """Raise HeadTooLarge. The server itself takes 256 KiB and 100 headers, and no more."""
        size = sum(map(len, chain.from_iterable(scope["headers"]))) + len(scope["query_string"])
        if size + len(scope["raw_path"]) > self.head:
            raise HeadTooLarge(
                f"the path, the query and the headers have more than {self.head} bytes, which is the most that is "
                "accepted (jettison.limits.head.size)"
            )
