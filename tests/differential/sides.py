"""The two registries that get the same requests, each with a connection and the uploads it has named."""

from __future__ import annotations

import http.client
import re
from typing import Self

from tests.http.raw import Answer, Connection, chunked, head

from .ask import Ask, Exchange
from .seen import Seen

_filled = re.compile(r"{(place|id):([^}]+)}")


class Side:
    """One registry, at ``address``. A context manager: leaving it ends the connection."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._connection: Connection | None = None
        self._places: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._hang_up()

    def ask(self, ask: Ask) -> Seen:
        """Send it, read the answer, and keep the upload that its Location names.

        Raises OSError and HTTPException for what is no answer: neither registry may leave a request without one.
        """
        try:
            answer, whole = self._send(ask)
        except (OSError, http.client.HTTPException):
            # A connection that was idle may have been ended meanwhile; a new one was not.
            self._hang_up()
            answer, whole = self._send(ask)
        refused = answer.status >= 400 and ask.body is not None
        if answer.header("connection") == "close" or refused or not whole:
            self._hang_up()
        seen = Seen.of(answer, ask.method, whole=whole)
        if ask.keeps is not None and seen.ok and seen.place is not None:
            self._places[ask.keeps] = seen.place
        return seen

    def _send(self, ask: Ask) -> tuple[Answer, bool]:
        """The answer, and whether its body was as long as it said."""
        if self._connection is None:
            self._connection = Connection(self._address)
        connection, target = self._connection, self._fill(ask.target)
        if ask.body is not None and ask.chunked:
            body, length = chunked(ask.body), ["Transfer-Encoding: chunked"]
        else:
            body, length = ask.body or b"", [] if ask.body is None else [f"Content-Length: {len(ask.body)}"]
        connection.send(head(ask.method, target, *ask.headers, *length) + body)
        answer, missing = connection.cut_answer(ask.method)
        return answer, missing is None

    def _fill(self, target: str) -> str:
        filled = _filled.sub(self._known, target)
        # `{place:1}&digest=...` is right whether the registry's Location has a query of its own or not.
        return filled if "?" in filled or filled == target else filled.replace("&", "?", 1)

    def _known(self, match: re.Match[str]) -> str:
        place = self._places.get(match[2], f"/v2/none/blobs/uploads/{match[2]}")
        return place if match[1] == "place" else place.partition("?")[0].rpartition("/")[2]

    def _hang_up(self) -> None:
        if self._connection is not None:
            with self._connection:
                self._connection = None


class Sides:
    """Distribution and Jettison, with deletion allowed on both or on neither."""

    def __init__(self, theirs: Side, ours: Side, *, deletes: bool) -> None:
        self.theirs = theirs
        self.ours = ours
        self.deletes = deletes

    def ask(self, ask: Ask) -> Exchange:
        """The request's answers."""
        return Exchange(ask, self.theirs.ask(ask), self.ours.ask(ask), self.deletes)
