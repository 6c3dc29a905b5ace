"""Differences of deletions."""

from __future__ import annotations

from tests.differential.ask import Exchange
from tests.differential.rules.terms import EVERYTHING, Rule, ours_is, plain_404, theirs_is


def _deletes(exchange: Exchange) -> bool:
    return exchange.ask.method == "DELETE"


def _summary(exchange: Exchange) -> bool:
    return _deletes(exchange) and exchange.statuses(202, 202) and exchange.theirs.body == b""


def _repository(exchange: Exchange) -> bool:
    return _deletes(exchange) and "repository" in exchange.ask.about and plain_404(exchange)


def _parameters(exchange: Exchange) -> bool:
    return _deletes(exchange) and "dry_run" in exchange.ask.target and exchange.theirs.status in {202, 404, 405}


def _disabled_first(exchange: Exchange) -> bool:
    """With deletion disabled, distribution says so before it looks at what was to be deleted."""
    refused = ours_is(exchange, 400, "DIGEST_INVALID") or ours_is(exchange, 404, "BLOB_UNKNOWN", "MANIFEST_UNKNOWN")
    return _deletes(exchange) and not exchange.deletes and theirs_is(exchange, 405, "UNSUPPORTED") and refused


def _misspelled(exchange: Exchange) -> bool:
    return _deletes(exchange) and "?" in exchange.ask.target and ours_is(exchange, 400, "UNSUPPORTED")


RULES = (
    Rule("summary of a deletion", frozenset({"body", "content-type"}), _summary),
    Rule("deletion of a repository", EVERYTHING, _repository),
    Rule("unknown parameters of a deletion", EVERYTHING, _misspelled),
    Rule("deletion disabled", EVERYTHING, _disabled_first),
    Rule("dry run", EVERYTHING, _parameters),
)
