"""Differences of the catalog and of tag lists."""

from __future__ import annotations

from urllib.parse import parse_qs

from tests.differential.ask import Exchange
from tests.differential.rules.terms import EVERYTHING, Rule, ours_is, route, theirs_is
from tests.differential.seen import Seen
from tests.differential.steps.catalog import BELOW, PLAIN


def _query(exchange: Exchange, name: str) -> str | None:
    return parse_qs(exchange.ask.target.partition("?")[2], keep_blank_values=True).get(name, [None])[0]


def _names(seen: Seen) -> list[str] | None:
    """What a list lists; None for any other answer."""
    if not isinstance(seen.json, dict):
        return None
    found: list[str] | None = seen.json.get("tags", seen.json.get("repositories"))
    return found


def _emptied(exchange: Exchange) -> bool:
    tags = _names(exchange.theirs)
    return (
        route(exchange, "tags")
        and "after a deletion" in exchange.ask.about
        and tags == []
        and ours_is(exchange, 404, "NAME_UNKNOWN")
    )


def _last_link(exchange: Exchange) -> bool:
    same = isinstance(exchange.ours.json, dict) and exchange.ours.json == exchange.theirs.json
    return same and exchange.differing["link"][1] is None


def _short_page(exchange: Exchange) -> bool:
    """Without n, distribution gives 100 names and Jettison as many as it gives at most, 1000."""
    if not route(exchange, "catalog") or _query(exchange, "n") is not None or not exchange.statuses(200, 200):
        return False
    theirs, ours = _names(exchange.theirs), _names(exchange.ours)
    return theirs is not None and ours is not None and len(theirs) == 100 and theirs == ours[:100]


def _order(exchange: Exchange) -> bool:
    """Each gives the page that is right in its own order: by components, and by bytes."""
    if not route(exchange, "catalog") or not exchange.statuses(200, 200):
        return False
    n, last = int(_query(exchange, "n") or 0), _query(exchange, "last") or ""
    known = (*PLAIN, *BELOW)
    ours = [name for name in sorted(known) if name > last][:n]
    theirs = [name for name in sorted(known, key=_components) if _components(name) > _components(last)][:n]
    return _names(exchange.ours) == ours and _names(exchange.theirs) == theirs


def _components(name: str) -> str:
    return name.replace("/", "\0")


def _too_many(exchange: Exchange) -> bool:
    n = _query(exchange, "n")
    many = n is not None and n.isdigit() and int(n) > 1000
    return many and theirs_is(exchange, 400, "PAGINATION_NUMBER_INVALID") and exchange.ours.status == 200


def _empty_number(exchange: Exchange) -> bool:
    return (
        _query(exchange, "n") == ""
        and exchange.theirs.status in {200, 404}
        and ours_is(exchange, 400, "PAGINATION_NUMBER_INVALID")
    )


def _untagged(exchange: Exchange) -> bool:
    tags = _names(exchange.ours)
    path = exchange.path.endswith("/list") or "escaped" in exchange.ask.about
    return path and theirs_is(exchange, 404, "NAME_UNKNOWN") and tags == []


def _nothing_of_nothing(exchange: Exchange) -> bool:
    """Distribution looks whether there is any only when it has to read tags from the beginning."""
    paged = _query(exchange, "n") == "0" or _query(exchange, "last")
    nothing = exchange.ask.method == "GET" and exchange.theirs.json == {"name": exchange.path[4:-10], "tags": []}
    return bool(paged) and nothing and ours_is(exchange, 404, "NAME_UNKNOWN")


def _checked_first(exchange: Exchange) -> bool:
    """Of no repository and a page that cannot be, the one registry says this and the other that."""
    theirs, ours = theirs_is(exchange, 400, "PAGINATION_NUMBER_INVALID"), ours_is(exchange, 404, "NAME_UNKNOWN")
    return route(exchange, "tags") and theirs and ours


def _nul(exchange: Exchange) -> bool:
    return "%00" in exchange.ask.target and ours_is(exchange, 400, "UNSUPPORTED")


RULES = (
    Rule("emptied repositories", EVERYTHING, _emptied),
    Rule("page of the catalog without n", EVERYTHING, _short_page),
    Rule("order of the catalog", frozenset({"body", "link", "link origin"}), _order),
    Rule("Link after the last page", frozenset({"link", "link origin"}), _last_link),
    Rule("n beyond the limit", EVERYTHING, _too_many),
    Rule("empty n", EVERYTHING, _empty_number),
    Rule("repositories without tags", EVERYTHING, _untagged),
    Rule("page of no repository", EVERYTHING, _nothing_of_nothing),
    Rule("bad n of no repository", EVERYTHING, _checked_first),
    Rule("NUL in the query", EVERYTHING, _nul),
)
