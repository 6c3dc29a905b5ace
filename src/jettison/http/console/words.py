"""Numbers, times and digests as pages show them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from jettison.oci import media_types
from jettison.registry.times import rfc3339

UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
SPANS: Final = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))
KINDS: Final = {
    media_types.OCI_IMAGE: "image",
    media_types.OCI_INDEX: "index",
    media_types.DOCKER_IMAGE: "image",
    media_types.DOCKER_INDEX: "index",
}

_digests = re.compile(r"\b(sha[0-9]+:[0-9a-f]{12})[0-9a-f]+")


def size(count: int) -> str:
    """`1.2 MB`: three digits at most, units of a thousand."""
    if count < 1000:
        return f"{count} B"
    number, unit = count / 1000, 0
    while number >= 999.5 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {UNITS[unit]}" if number < 99.95 else f"{number:.0f} {UNITS[unit]}"


def number(count: int) -> str:
    """`12,345`."""
    return f"{count:,}"


def things(count: int, noun: str, nouns: str = "") -> str:
    """`1 tag`, `2 tags`; ``nouns`` is the plural where it is not that."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def span(seconds: float) -> str:
    """`3 days`: the largest unit alone."""
    for length, noun in SPANS:
        if seconds >= length:
            return things(int(seconds // length), noun)
    return "a moment"


def ago(at: int | None) -> Markup:
    """How long ago a time of the database was, with the exact one beside it for who points at it."""
    if at is None:
        return Markup('<span class="none">never</span>')
    seconds = time.time() - at / 1_000_000
    return _time(at, "just now" if seconds < 60 else f"{span(seconds)} ago", "ago")


def left(until: int) -> Markup:
    """How long it is until then, which a script counts down."""
    return _time(until, span(max(0, until / 1_000_000 - time.time())), "left")


def exact(at: int | None) -> Markup:
    """The time itself, in UTC; a script shows it in the visitor's zone."""
    return _time(at, rfc3339(at) or "", "exact") if at is not None else Markup("&ndash;")


def _time(at: int, text: str, show: str) -> Markup:
    iso = rfc3339(at) or ""
    return Markup('<time datetime="{0}" title="{0}" data-show="{1}">{2}</time>').format(iso, show, text)


def short(digest: Any) -> str:
    """The first twelve digits of a digest, with which people tell versions apart."""
    algorithm, _, digits = str(digest).partition(":")
    return f"{algorithm}:{digits[:12]}"


def brief(text: str) -> str:
    """A sentence, the digests in it as :func:`short` has them."""
    return _digests.sub(r"\1", text)


def cut(text: str, most: int) -> str:
    """As much of a text as has room in so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def kind(media_type: str) -> str:
    """What a manifest of that media type is called."""
    return KINDS.get(media_type, "artifact")


def path(text: Any) -> str:
    """A repository's name or a reference within a path."""
    return quote(str(text), safe="/:@")


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "size": size,
    "number": number,
    "things": things,
    "ago": ago,
    "left": left,
    "exact": exact,
    "short": short,
    "brief": brief,
    "cut": cut,
    "kind": kind,
    "span": span,
    "path": path,
}
