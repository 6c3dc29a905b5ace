"""`auth.htpasswd`: names and passwords in a file. Whoever has one may do everything, as with CNCF distribution."""

from __future__ import annotations

from jettison.http.door.authorization import Basic
from jettison.http.door.door import Door
from jettison.http.door.password_file import PasswordFile
from jettison.http.door.signing_in import SigningIn
from jettison.http.request import Request
from jettison.oci.errors import Unauthorized
from jettison.registry.access import Action, Caller, Grant, Kind
from jettison.registry.registry import Registry

EVERYTHING = (Grant(frozenset({Action.ADMIN})),)


class HtpasswdDoor(Door):
    """Takes the names and passwords of ``file``."""

    def __init__(self, registry: Registry, file: PasswordFile, realm: str, *, insecure: bool = False) -> None:
        super().__init__(realm, insecure=insecure)
        self._file = file
        self._signing_in = SigningIn(registry)

    async def by_password(self, request: Request, shown: Basic) -> Caller:
        def look() -> Caller:
            if not self._file.matches(shown.name, shown.password):
                raise Unauthorized("the name or the password is wrong")
            return Caller(Kind.OUTSIDE, shown.name, EVERYTHING)

        return await self._signing_in.run(request.origin, shown.name, look, lambda: self._file.has(shown.name))

    def close(self) -> None:
        self._signing_in.close()
