"""`auth.jettison`: accounts of the registry's own, which is its own token server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

from jettison.http.door.authorization import Basic
from jettison.http.door.claims import CATALOG_GRANT, granted, grants_of
from jettison.http.door.door import API, Door, bearer_challenge
from jettison.http.door.jwt import Token, Verifier, sign
from jettison.http.door.refusals import TokenInvalid, UnknownKey
from jettison.http.door.ring import ALGORITHM, KeyRing
from jettison.http.door.scope import Scope
from jettison.http.door.signing_in import SigningIn
from jettison.http.door.verified import Verified
from jettison.http.request import Request
from jettison.oci.errors import Unauthorized
from jettison.registry import accounts
from jettison.registry.access import Caller, Kind
from jettison.registry.registry import Registry

TOKEN = "/token"  # noqa: S105  (a path)
KIND = "kind"
"""The claim that says what sort of account it is; `sub` is its name."""

_KINDS = {kind.value: kind for kind in (Kind.USER, Kind.ROBOT, Kind.ANONYMOUS)}


@dataclass(frozen=True, slots=True)
class Service:
    """What the registry's tokens say of it: what it is called, and for how long they are good."""

    name: str
    issuer: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, with when it was made, in seconds since 1970."""

    token: str
    access: list[dict[str, object]]
    at: int
    seconds: int


class AccountsDoor(Door):
    """Takes the passwords of users, the tokens of robots, and the bearer tokens that it makes for them at TOKEN.

    The claims of a bearer token say what it is good for, without a look at the database, until it ends by ``clock``,
    which is the same time for all who share the database.
    """

    def __init__(
        self,
        registry: Registry,
        service: Service,
        realm: str,
        *,
        insecure: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(realm, insecure=insecure)
        self.service = service
        self.verified = Verified(clock=clock)
        self.ring = KeyRing(registry, self.verified.clear, clock)
        self._registry = registry
        self._signing_in = SigningIn(registry)
        self.issuer = self
        self._verifier = Verifier(self.ring, service.issuer, service.name, (ALGORITHM,), clock)
        self._clock = clock

    async def stranger(self, request: Request) -> Caller:
        return await request.edge.read(lambda: accounts.anonymous(self._registry))

    async def by_password(self, request: Request, shown: Basic) -> Caller:
        registry, name = self._registry, shown.name
        return await self._signing_in.run(
            request.origin,
            name,
            lambda: accounts.sign_in(registry, name, shown.password),
            lambda: accounts.is_account(registry, name),
        )

    async def by_token(self, request: Request, token: str, header: bytes) -> Caller:
        if token.count(".") != 2:
            self.require_safe(request)
            # It may write when the token was last used.
            return await request.edge.run(lambda: accounts.by_token(self._registry, token))
        verified = await self._verify(request, token)
        kind = _KINDS.get(verified.text(KIND))
        if kind is None:
            raise TokenInvalid("the token does not say whose it is")
        grants = grants_of(verified.claims.get("access"))
        lists = (CATALOG_GRANT,) if CATALOG_GRANT in grants else ()
        caller = Caller(kind, verified.text("sub"), grants, lists)
        self.verified.keep(header, caller, verified.until)
        return caller

    async def _verify(self, request: Request, token: str) -> Token:
        try:
            return self._verifier.verify(token)
        except UnknownKey:
            if not self.ring.stale:
                raise
        # Another replica may have made a key since.
        await request.edge.read(self.ring.refresh)
        return self._verifier.verify(token)

    async def for_catalog(self, request: Request) -> Caller:
        caller = await super().for_catalog(request)
        if caller.lists is None:
            return caller
        return replace(caller, lists=(await self._account(request)).grants)

    async def refuse(self, request: Request, name: str | None) -> NoReturn:
        if request.caller.lists is not None:
            account = await self._account(request)
            # Whoever may, but not with this token, gets another; whoever may not would get the same again, or has to
            # sign in: said in so many words, docker shows them.
            if not account.may_ask(request.needs, name):
                account.require(request.needs, name)
        await super().refuse(request, name)

    async def _account(self, request: Request) -> Caller:
        """Whose token it is, with all that they may do now. Raises TokenInvalid if that account is no more."""
        caller = request.caller
        if caller.kind is Kind.ANONYMOUS:
            return await self.stranger(request)
        found = await request.edge.read(lambda: accounts.caller_of(self._registry, caller.kind, caller.name))
        if found is None:
            raise TokenInvalid("the account of the token is gone or disabled")
        return found

    def issue(self, caller: Caller, wanted: Sequence[Scope]) -> Issued:
        """A token for as much of what is wanted as the caller may."""
        name, key = self.ring.signing
        now, seconds = int(self._clock()), int(self.service.lifetime.total_seconds())
        access = granted(caller, wanted)
        claims = {
            "iss": self.service.issuer,
            "sub": caller.name,
            "aud": self.service.name,
            "exp": now + seconds,
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(8),
            KIND: caller.kind.value,
            "access": access,
        }
        return Issued(sign(claims, key, name, ALGORITHM), access, now, seconds)

    def challenge(self, request: Request, error: Unauthorized) -> str:
        # Clients take no relative realm, and where the Host header says we are is no place to send a password to.
        if not request.edge.base or request.path.startswith((API, TOKEN)):
            return super().challenge(request, error)
        return bearer_challenge(request.edge.url(TOKEN).decode(), self.service.name, request, error)

    def close(self) -> None:
        self._signing_in.close()
