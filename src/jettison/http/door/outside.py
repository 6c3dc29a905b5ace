"""`auth.token`: an outside server vouches for those who ask, in tokens that only it can make."""

from __future__ import annotations

from jettison.http.door.claims import CATALOG_GRANT, grants_of
from jettison.http.door.door import Door, bearer_challenge
from jettison.http.door.jwt import Verifier
from jettison.http.door.refusals import TokenInvalid
from jettison.http.request import Request
from jettison.oci.errors import Unauthorized
from jettison.registry.access import Action, Caller, Grant, Kind

LONGEST_NAME = 1000
EVERY_NAME = (Grant(frozenset({Action.PULL})),)


class OutsideDoor(Door):
    """Takes the tokens of the server at ``realm``, which knows this registry as ``service``."""

    takes_passwords = False

    def __init__(self, verifier: Verifier, realm: str, service: str) -> None:
        super().__init__(realm)
        self._verifier = verifier
        self._service = service

    async def by_token(self, request: Request, token: str, header: bytes) -> Caller:
        verified = self._verifier.verify(token)
        grants = grants_of(verified.claims.get("access"))
        # Who may have the catalog gets all of it, as with CNCF distribution.
        lists = EVERY_NAME if CATALOG_GRANT in grants else ()
        caller = Caller(Kind.OUTSIDE, _name(verified.text("sub")), grants, lists)
        self.verified.keep(header, caller, verified.until)
        return caller

    def challenge(self, request: Request, error: Unauthorized) -> str:
        return bearer_challenge(self.realm, self._service, request, error)


def _name(subject: str) -> str:
    """Whose token it is, as logs and the journal will tell it: on one line. Raises TokenInvalid."""
    if len(subject) > LONGEST_NAME or not subject.isprintable():
        raise TokenInvalid(f"the token's subject (sub) is no name: at most {LONGEST_NAME} printable characters")
    return subject
