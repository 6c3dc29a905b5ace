"""A request, read once at the door: its path's parts, its query and headers, and its body as it arrives."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jettison.http.origin import origin_of
from jettison.oci.digest import Digest
from jettison.oci.errors import NameInvalid, RegistryError
from jettison.oci.reference import Reference, RepositoryName, parse_reference
from jettison.registry.access import EVERYONE, Action, Caller
from jettison.registry.origin import Origin

if TYPE_CHECKING:
    from jettison.http.edge import Edge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


BODILESS = ("GET", "HEAD")

_is_sane = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}").fullmatch
_process = secrets.token_hex(6)
_numbers = itertools.count(1)


class ClientGone(RegistryError):
    """The client went away, or broke its body off, before it had sent all. Perhaps it still hears the answer."""

    code = "SIZE_INVALID"


class Stalled(ClientGone):
    """The client is there, and has sent nothing of its body for long."""

    code = "REQUEST_TIMEOUT"


class BadRequest(RegistryError):
    """The request cannot be understood."""

    code = "UNSUPPORTED"


class PathUnknown(RegistryError):
    """No such path."""

    code = "NAME_UNKNOWN"


class TypeUnsupported(RegistryError):
    """The body is of a media type that is not taken here."""

    code = "UNSUPPORTED"


class Request:
    """One request. ``path`` is decoded; ``route`` is the table's entry for it; ``parts`` are its variable parts, not
    yet parsed; ``allowed`` are the methods that the path has, and ``needs`` what its sender must be allowed to do. The
    application sets all five, and ``caller``, who asks.
    """

    __slots__ = (
        "_headers",
        "_id",
        "_query",
        "allowed",
        "body",
        "caller",
        "edge",
        "method",
        "needs",
        "parts",
        "path",
        "route",
        "scope",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive) -> None:
        self.edge = edge
        self.scope = scope
        self.method: str = scope["method"]
        self.path = ""
        self.route = ""
        self.parts: Mapping[str, str] = {}
        self.allowed: Sequence[str] = ()
        self.caller: Caller = EVERYONE
        self.needs = Action.NOTHING
        self._headers: dict[bytes, bytes] | None = None
        self.body = Body(receive, self._body_length(), edge.limits.idle)
        self._query: list[tuple[str, str]] | None = None
        self._id = ""

    @property
    def id(self) -> str:
        """What the log calls it: the X-Request-Id of a client or of a proxy before us, unless that is odd.

        Else a new one: a part that no other process has, and a number that counts up.
        """
        if not self._id:
            given = self.header(b"x-request-id")
            self._id = given if given is not None and _is_sane(given) else f"{_process}-{next(_numbers):x}"
        return self._id

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name; of repeated ones the last."""
        if self._headers is None:
            self._headers = dict(self.scope["headers"])
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, in order, empty values kept. Raises BadRequest."""
        if self._query is None:
            raw = self.scope["query_string"]
            if b"%00" in raw:
                raise BadRequest("the query has a NUL, which is no part of any text")
            try:
                self._query = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=1000) if raw else []
            except (UnicodeDecodeError, ValueError) as error:
                raise BadRequest("the query cannot be read: percent-encode it, and send at most 1000 fields") from error
        return self._query

    def argument(self, name: str) -> str | None:
        """The query's first value of that name, or None."""
        for key, value in self.query:
            if key == name:
                return value
        return None

    def flag(self, name: str) -> bool:
        """A boolean of the query. Raises BadRequest for anything but true and false, also when it is empty."""
        value = self.argument(name)
        if value is None:
            return False
        if value.lower() not in ("true", "false", "1", "0"):
            raise BadRequest(f"{name}={value[:20]!r} is neither true nor false")
        return value.lower() in ("true", "1")

    def accept_only(self, *names: str) -> None:
        """Refuse other fields in the query, and repeated ones: a misspelled ``dry_run`` must not delete.

        Raises BadRequest.
        """
        seen = set()
        for key, _ in self.query:
            # Clients that go through a mirror name the upstream in `ns`, on every request.
            if key not in names and key != "ns":
                raise BadRequest(f"{key[:40]!r} is no parameter of this request: it takes {', '.join(names) or 'none'}")
            if key in seen:
                raise BadRequest(f"{key} is there twice: which is meant?")
            seen.add(key)

    @property
    def origin(self) -> Origin:
        """Who asks, for the audit log and events to tell. Looked at anew each time."""
        return origin_of(self)

    @property
    def name(self) -> RepositoryName:
        """The repository's name. Raises NameInvalid."""
        return RepositoryName.parse(self.parts["name"])

    @property
    def reference(self) -> Reference:
        """The tag or digest. Raises TagInvalid or DigestInvalid."""
        return parse_reference(self.parts["reference"])

    @property
    def digest(self) -> Digest:
        """The digest in the path. Raises DigestInvalid."""
        return Digest.parse(self.parts["digest"])

    def _body_length(self) -> int | None:
        """The body's length where it is known before it comes. RFC 9112, 6.3: without either header there is none."""
        if self.method in BODILESS:
            return None
        length = self.content_length
        if length is None and self.scope["http_version"] in ("1", "1.1") and not self.header(b"transfer-encoding"):
            return 0
        return length

    @property
    def content_length(self) -> int | None:
        """The length of the body, if the client said."""
        value = self.header(b"content-length")
        return int(value) if value is not None and value.isascii() and value.isdigit() else None


class Body:
    """The body of a request, as a stream of the server's own pieces.

    Where its ``length`` is known it ends with its last byte. The server says so once more, in an empty piece of its
    own, but waiting for that would cost a small push a tenth of its time. Nothing for ``idle`` seconds ends it too.
    """

    __slots__ = ("_idle", "_receive", "_remaining", "_stalled", "broken", "ended", "received")

    def __init__(self, receive: Receive, length: int | None = None, idle: float | None = None) -> None:
        self._receive = receive
        self._remaining = length
        self._idle = idle
        self._stalled = False
        self.ended = length == 0
        self.broken = False
        self.received = 0

    async def next(self) -> bytes:
        """The next piece; empty at the end. Raises ClientGone, or Stalled, which is one."""
        if self.ended:
            return b""
        message = await self._message()
        if message["type"] == "http.disconnect":
            self.broken = True
            raise ClientGone("the body ended too early: of an upload, ask how much was received, then go on there")
        piece: bytes = message.get("body", b"")
        self.received += len(piece)
        self.ended = not message.get("more_body", False)
        if self._remaining is not None:
            self._remaining -= len(piece)
            self.ended = self.ended or self._remaining <= 0
        return piece

    async def _message(self) -> Message:
        if not self._stalled:
            try:
                async with asyncio.timeout(self._idle):
                    return await self._receive()
            except TimeoutError:
                self._stalled = True
        raise Stalled(
            f"nothing of the body has come for {self._idle:g} s, and what came is kept: of an upload, ask how much was "
            "received, then go on there (jettison.limits.idle)"
        )

    async def gather(self, size: int) -> bytes | bytearray:
        """Pieces until there are ``size`` bytes or more, or the end.

        When the client goes away in the middle, what came is returned first, with ``ended`` still False. Raises
        ClientGone where nothing more came.
        """
        first = await self.next()
        if len(first) >= size or self.ended:
            return first
        gathered = bytearray(first)
        try:
            while len(gathered) < size and not self.ended:
                gathered += await self.next()
        except ClientGone:
            if not gathered:
                raise
        return gathered

    async def whole(self, limit: int) -> bytes | None:
        """All of it, or None if it has more than ``limit`` bytes. Raises ClientGone."""
        gathered = bytearray()
        while not self.ended:
            gathered += await self.next()
            if len(gathered) > limit:
                return None
        return bytes(gathered)

    async def drain(self, limit: int) -> bool:
        """Read on and forget; False if more than ``limit`` bytes would come, or no end does."""
        seen = 0
        while not self.ended:
            try:
                seen += len(await self.next())
            except ClientGone:
                return False
            if seen > limit:
                return False
        return True

    async def gone(self) -> None:
        """Return when the client has gone away; the body must have been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def decode_path(raw: bytes) -> str:
    """The path with its percent-encoding undone. Raises NameInvalid for what no path of ours can contain."""
    try:
        text = raw.decode("ascii")
        if "%" in text:
            text = _percent_decoded(text)
    except ValueError as error:
        raise NameInvalid("the path is not valid percent-encoded ASCII") from error
    if not text.isascii() or not text.isprintable():
        raise NameInvalid("the path has characters that no repository name, tag or digest can have")
    return text


def _percent_decoded(text: str) -> str:
    first, *rest = text.split("%")
    decoded = [first]
    for part in rest:
        if len(part) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in part[:2]):
            raise ValueError(part)
        decoded.append(chr(int(part[:2], 16)) + part[2:])
    return "".join(decoded)
