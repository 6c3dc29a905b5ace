"""A visit: one request for a page, with the session and the seal that its cookies bring."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from jettison.http.console import cookies, form, seal
from jettison.http.console.form import Fields
from jettison.http.door.door import Door
from jettison.http.manage import guard
from jettison.http.request import Request
from jettison.http.response import Headers, Response
from jettison.oci.errors import Denied, Unauthorized
from jettison.registry import sessions
from jettison.registry.access import ANONYMOUS, Kind
from jettison.registry.sessions import Purpose


@dataclass(slots=True)
class Visit:
    """``session`` is the cookie's token, empty where nobody is signed in; ``key`` is what forms are sealed with."""

    request: Request
    key: str
    session: str
    fields: Fields
    fresh: bool

    @classmethod
    def of(cls, request: Request) -> Visit:
        """The visit of a request. A browser that has no key for forms gets one."""
        key = cookies.read(request, cookies.FORMS)
        fields = Fields(request.query)
        return cls(request, key or seal.new_key(), cookies.read(request, cookies.SESSION), fields, not key)

    @property
    def seal(self) -> str:
        """What every form that changes something sends along."""
        return seal.of(self.key, self.session)

    @property
    def door(self) -> Door | None:
        """None where nobody is asked who they are."""
        return self.request.edge.door

    @property
    def signs_in(self) -> bool:
        """Whether it is the console where one signs in: with accounts of the registry's own."""
        return self.door is not None and self.door.issuer is not None

    async def enter(self) -> None:
        """Find out who comes, and whether they may ask so often. Raises Unauthorized, Denied, TooManyRequests."""
        request = self.request
        try:
            if self.door is not None:
                request.caller = ANONYMOUS
                await self._recognise(self.door)
        finally:
            request.edge.limits.check_rate(request)

    async def _recognise(self, door: Door) -> None:
        """By the session, where accounts are ours; else by what the browser itself asks for (RFC 7617)."""
        request = self.request
        if not self.signs_in:
            request.caller = await door.admit(request)
            if request.caller.kind is Kind.ANONYMOUS and door.takes_passwords:
                raise Unauthorized("sign in")
            return
        registry = request.edge.registry
        if self.session:
            try:
                token = self.session
                # It may write when the session was last used.
                request.caller = await request.edge.run(lambda: sessions.use(registry, token, Purpose.CONSOLE))
            except Unauthorized:
                self.session = ""
        if not self.session:
            request.caller = await door.stranger(request)

    async def sent(self) -> Fields:
        """The form, which only a page of ours can have sent. Raises Denied, and what reading it does."""
        request = self.request
        if request.header(b"origin") is None:
            raise Denied("the browser does not say by which page this form was sent (Origin), so it is not taken")
        guard.check_origin(request)
        fields = await form.read(request)
        seal.check("" if self.fresh else self.key, self.session, fields.one(seal.FIELD))
        return fields

    def url(self, path: str, **query: str | int | None) -> str:
        """A path of ours, beneath the prefix, with what of the query is not empty."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.request.edge.prefix}{path}{'?' + urlencode(given) if given else ''}"

    def redirect(self, path: str, headers: Headers | None = None) -> Response:
        """Go on there, by GET."""
        location = (b"location", f"{self.request.edge.prefix}{path}".encode("ascii"))
        return Response(
            303, [location, (b"cache-control", b"no-store"), (b"vary", b"Accept, Cookie"), *(headers or [])]
        )
