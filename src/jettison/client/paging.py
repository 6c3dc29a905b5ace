"""Lists that come in pages (OCI distribution 1.1, "Listing Tags"; the catalog and the referrers likewise)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from jettison.client.errors import Untrustworthy
from jettison.client.location import own

if TYPE_CHECKING:
    from jettison.client.answer import Answer
    from jettison.client.scope import Scopes
    from jettison.client.transport import Transport

PAGE: Final = 1000
"""Entries asked for at a time: the most that CNCF distribution gives."""
MOST_PAGES: Final = 10_000
MOST_BARREN: Final = 10
"""Pages in a row without an entry that is new."""

_matches_link = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]+))?)*)\s*(?:,|$)").match
_is_next = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?=\s|;|$))", re.IGNORECASE).search


def names(transport: Transport, path: str, field: str, scopes: Scopes, doing: str) -> Iterator[str]:
    """Each text once of the lists in `field`, page by page, each page asked for when it is needed.

    Raises what `Answer.error` makes, and Untrustworthy for pages that repeat themselves, do not end or lead elsewhere.
    """
    asked = {"n": str(PAGE)}
    first = transport.request("GET", path, params=asked, scopes=scopes)
    if first.status == 400:
        # More than this registry gives at a time: it may say how many.
        first = transport.request("GET", path, scopes=scopes)
    seen: set[str] = set()
    while True:
        barren, listed, fresh, linked = 0, list[str](), list[str](), False
        for answer in answers(transport, first, {}, scopes, doing):
            linked = answer is not first
            listed = _listed(answer, field)
            fresh = [name for name in dict.fromkeys(listed) if name not in seen]
            barren = 0 if fresh else barren + 1
            if barren > MOST_BARREN:
                raise Untrustworthy(f"cannot {doing}: the registry sends the same pages again and again")
            seen.update(fresh)
            yield from fresh
        if len(listed) != PAGE or not fresh or linked:
            return
        # As many as were asked for, and never a link to more: a registry without links may have more all the same.
        first = transport.request("GET", path, params={**asked, "last": listed[-1]}, scopes=scopes)
        _check_goes_on(first, doing)


def answers(
    transport: Transport, first: Answer, headers: Mapping[str, str], scopes: Scopes, doing: str
) -> Iterator[Answer]:
    """The first page and those that follow it, each asked for when it is needed. The same."""
    answer, visited = first, {first.url}
    for _ in range(MOST_PAGES):
        yield answer.check(doing)
        following = next_page(answer.headers.get("link", ""))
        if following is None:
            return
        url = own(first.url, following)
        if url in visited:
            raise Untrustworthy(f"cannot {doing}: the registry's pages lead in a circle")
        visited.add(url)
        answer = transport.request("GET", url, headers=headers, scopes=scopes)
        _check_goes_on(answer, doing)
    raise Untrustworthy(f"cannot {doing}: the registry's pages do not end: {MOST_PAGES} were read")


def _check_goes_on(answer: Answer, doing: str) -> None:
    """Raises Untrustworthy for a 404: of a list that has begun, it means an end that hides the rest."""
    if answer.status == 404:
        raise Untrustworthy(f"cannot {doing}: its list breaks off: {answer.said}", status=404)


def next_page(link: str) -> str | None:
    """The target of the link whose relation is `next` (RFC 8288); None where there is none."""
    at = 0
    while (found := _matches_link(link, at)) is not None and found.end() > at:
        if _is_next(found[2]):
            return found[1]
        at = found.end()
        while link[at : at + 1].isspace():
            at += 1
    return None


def _listed(answer: Answer, field: str) -> list[str]:
    body: Any = answer.json()
    listed = body.get(field) if isinstance(body, dict) else 0
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise Untrustworthy(f"{answer.url} answers no list of {field}: is this the address of a registry?")
    return listed
