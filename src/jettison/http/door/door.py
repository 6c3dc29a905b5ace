"""The door: who a request comes from. Where authentication is off there is none, and everybody may do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from jettison.http.door import authorization, transport
from jettison.http.door.authorization import Basic
from jettison.http.door.refusals import ScopeInsufficient, TokenInvalid
from jettison.http.door.scope import Scope, is_name, needed
from jettison.http.door.verified import Verified
from jettison.http.request import BadRequest, Request
from jettison.oci.errors import Unauthorized
from jettison.registry.access import ANONYMOUS, Action, Caller

if TYPE_CHECKING:
    from jettison.http.door.accounts import AccountsDoor

API = "/api/"


class Door:
    """What all doors have in common; there is a class for each way of `auth`.

    ``realm`` is what clients show when they ask for a password. A caller whose ``lists`` are not None has shown a token
    whose claims are all that it may do: no lists at all where it is not for the catalog.
    """

    takes_passwords = True
    issuer: AccountsDoor | None = None
    """Itself, where it makes tokens."""

    def __init__(self, realm: str, *, insecure: bool = False) -> None:
        self.realm = realm
        self.insecure = insecure
        self.verified = Verified()

    async def admit(self, request: Request) -> Caller:
        """Who sent the request. Raises Unauthorized, Denied, TooManyRequests."""
        header = authorization.header_of(request.scope["headers"])
        if header is None:
            return await self.stranger(request)
        known = self.verified.caller(header)
        if known is not None:
            return known
        shown = authorization.parse(header)
        if shown is None:
            return await self.stranger(request)
        if isinstance(shown, Basic):
            return await self.sign_in(request, shown)
        return await self.by_token(request, shown.token, header)

    async def sign_in(self, request: Request, shown: Basic) -> Caller:
        """Who has that name and password, if it was safe to send it. Raises Unauthorized, Denied, TooManyRequests."""
        if not self.takes_passwords:
            raise Unauthorized(
                "this registry takes no passwords, but the tokens of the server that its challenge names"
            )
        self.require_safe(request)
        return await self.by_password(request, shown)

    def require_safe(self, request: Request) -> None:
        """Raise Denied where somebody on the way could read a secret, unless that is allowed."""
        if not (self.insecure or transport.is_safe(request)):
            raise transport.refusal()

    async def stranger(self, request: Request) -> Caller:
        """Who has not said who they are."""
        return ANONYMOUS

    async def by_password(self, request: Request, shown: Basic) -> Caller:
        """Who has that name and password. Raises Unauthorized, TooManyRequests."""
        raise NotImplementedError

    async def by_token(self, request: Request, token: str, header: bytes) -> Caller:
        """Who shows that token, in that header. Raises TokenInvalid."""
        raise TokenInvalid("this registry takes no tokens, but names and passwords")

    async def for_catalog(self, request: Request) -> Caller:
        """The caller with what a list may show it. Raises ScopeInsufficient, Unauthorized."""
        if request.caller.lists == ():
            raise ScopeInsufficient("the token is not for the catalog: its scope would be registry:catalog:*")
        return request.caller

    async def refuse(self, request: Request, name: str | None) -> NoReturn:
        """Raise why the caller may not do what the request needs, with the repository ``name`` where there is one."""
        caller, needs = request.caller, request.needs
        if caller.lists is not None:
            what = needs.value if name is None else f"{needs.value} on {name}"
            raise ScopeInsufficient(f"the token is not for {what}: get one whose scope has it")
        caller.require(needs, name)
        raise Unauthorized("sign in, with `docker login` or a token")

    def challenge(self, request: Request, error: Unauthorized) -> str:
        """WWW-Authenticate (RFC 9110, 11.6.1)."""
        return f'Basic realm="{self.realm}", charset="UTF-8"'

    def close(self) -> None:
        """Let go of what it works with; nobody comes in any more."""


def bearer_challenge(realm: str, service: str, request: Request, error: Unauthorized) -> str:
    """The challenge of RFC 6750, 3, and of Docker's token specification: where to get a token, and for what."""
    scopes = " ".join(map(str, _scopes(request)))
    scope = f',scope="{scopes}"' if scopes else ""
    reason = ""
    if isinstance(error, ScopeInsufficient):
        reason = ',error="insufficient_scope"'
    elif isinstance(error, TokenInvalid):
        reason = ',error="invalid_token"'
    return f'Bearer realm="{realm}",service="{service}"{scope}{reason}'


def _source(request: Request) -> str | None:
    """The repository that a blob is to be mounted from."""
    if request.needs is not Action.PUSH or request.method != "POST":
        return None
    try:
        return request.argument("from")
    except BadRequest:
        return None


def _scopes(request: Request) -> list[Scope]:
    """What a token has to be for. Whatever is no repository's name does not come into a header."""
    name = request.parts.get("name", "")
    scopes = []
    if is_name(name) or request.needs is Action.CATALOG:
        scope = needed(request.needs, name)
        scopes += [scope] if scope is not None else []
    source = _source(request)
    if scopes and source is not None and source != name and is_name(source):
        pulling = needed(Action.PULL, source)
        scopes += [pulling] if pulling is not None else []
    return scopes
