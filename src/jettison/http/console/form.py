"""What a form sends, and what stands in the address of a page: fields by name, of which some come several times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from jettison.http.request import BadRequest, Request, TypeUnsupported
from jettison.oci.errors import TooLarge

TYPE: Final = "application/x-www-form-urlencoded"
LARGEST: Final = 4 * 1024 * 1024
MOST_FIELDS: Final = 20_000


class Fields:
    """The fields, in the order in which they came."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def one(self, name: str) -> str:
        """The field's value without space around it; empty where there is none. Raises BadRequest for several."""
        values = self.all(name)
        if len(values) > 1:
            raise BadRequest(f"{name} is there twice: which is meant?")
        return values[0].strip() if values else ""

    def all(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for key, value in self.pairs if key == name]

    def number(self, name: str, usual: int, most: int) -> int:
        """A whole number from 0 to ``most``; ``usual`` where the field is empty. Raises BadRequest."""
        text = self.one(name)
        if not text:
            return usual
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
            raise BadRequest(f"{name} is no whole number from 0 to {most}")
        return int(text)


async def read(request: Request) -> Fields:
    """The fields of the body. Raises TypeUnsupported, TooLarge, BadRequest, ClientGone."""
    media_type = (request.header(b"content-type") or "").split(";")[0].strip().lower()
    if media_type != TYPE:
        raise TypeUnsupported(f"the Content-Type of a form has to be {TYPE}")
    content = await request.body.whole(LARGEST)
    if content is None:
        raise TooLarge(f"the form has more than {LARGEST} bytes, which is the most that is accepted")
    try:
        return Fields(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise BadRequest("the form cannot be read: percent-encode it, in UTF-8") from error
