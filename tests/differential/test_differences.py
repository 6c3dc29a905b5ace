from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

from .ask import Ask, Exchange
from .ledger import EVERYTHING, Ledger, Rule
from .page import rows
from .play import run, run_catalog
from .rules.table import RULES
from .seen import Seen
from .sides import Side, Sides

SEED = os.environ.get("JETTISON_DIFFERENTIAL_SEED", "1")
SIZE = int(os.environ.get("JETTISON_DIFFERENTIAL_SIZE", "1"))
"""A run of size 1 makes some 7000 requests in a minute or two; the same seed makes the same ones again."""

both = pytest.mark.needs("distribution")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two registries, and how to reach both."""

    ours: JettisonServer
    sides: Sides


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Distribution and Jettison, both empty; the parameter says whether both allow deletion."""
    config: dict[str, Any] = {"storage": {"delete": {"enabled": request.param}}}
    with DistributionServer(config=config) as theirs, JettisonServer(config=config) as ours:
        with Side(theirs.address) as their_side, Side(ours.address) as our_side:
            yield Pair(ours, Sides(their_side, our_side, deletes=request.param))
        assert "request failed" not in ours.log, ours.log[-5000:]
        assert "Traceback" not in ours.log, ours.log[-5000:]


@pytest.fixture(scope="module")
def met() -> Counter[str]:
    """How often each rule was met, by all comparisons of this file."""
    return Counter()


@both
@pytest.mark.slow
@pytest.mark.timeout(300 * SIZE)
@pytest.mark.parametrize("pair", [True, False], indirect=True, ids=["deletion", "no deletion"])
def test_every_difference_has_a_row(pair: Pair, met: Counter[str]) -> None:
    """Thousands of requests, valid and hostile, get the same answers from both, but for what the page lists."""
    ledger = Ledger(RULES)
    run(pair.sides, ledger, SEED, SIZE)

    print(ledger.report())
    met.update(ledger.used)
    assert ledger.asked > 2000
    assert not ledger.unexplained, ledger.report()


@both
@pytest.mark.slow
@pytest.mark.parametrize("pair", [True], indirect=True, ids=[""])
def test_every_difference_of_the_catalog_has_a_row(pair: Pair, met: Counter[str]) -> None:
    """Pages of every size from every place, over names that any order puts alike, and names that lie below others."""
    ledger = Ledger(RULES)
    run_catalog(pair.sides, ledger, SEED)

    print(ledger.report())
    met.update(ledger.used)
    assert not ledger.unexplained, ledger.report()


@both
@pytest.mark.slow
def test_every_row_is_met(met: Counter[str]) -> None:
    """A difference that is no more leaves the page. It counts what the tests before it have seen, in this process."""
    if not met:
        pytest.fail("this test is of use after those that compare: run the whole file")
    assert {rule.name for rule in RULES} - met.keys() == set()


def test_every_rule_is_a_row_of_the_page() -> None:
    """And every row is a rule; no name is there twice, and no cell is empty."""
    page = rows()

    assert sorted(row.name for row in page) == sorted(rule.name for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    for row in page:
        assert all((row.theirs, row.ours, row.why)), row


# ------------------------------------------------------------------------------------------------------ the books


def seen(status: int, **aspects: object) -> Seen:
    """An answer of these aspects."""
    return Seen(status, {"status": status, **aspects}, None, b"", None)


def test_a_difference_that_no_rule_explains_is_kept() -> None:
    """And a rule for one aspect explains no other."""
    ledger = Ledger([Rule("etags", frozenset({"etag"}), lambda _: True)])
    ledger.enter(Exchange(Ask("GET", "/v2/"), seen(200, etag="a", range="1"), seen(200, etag="b", range="2")))

    assert ledger.used == {"etags": 1}
    assert [left for _, left in ledger.unexplained] == [{"range"}]
    assert "'1' / '2'" in ledger.report()


def test_a_rule_explains_only_where_it_holds() -> None:
    """One for everything too."""
    ledger = Ledger([Rule("nothing", EVERYTHING, lambda exchange: exchange.statuses(200, 404))])
    ledger.enter(Exchange(Ask("GET", "/v2/"), seen(200), seen(404)))
    ledger.enter(Exchange(Ask("GET", "/v2/"), seen(404), seen(200)))

    assert ledger.used == {"nothing": 1}
    assert len(ledger.unexplained) == 1


def test_an_aspect_that_one_answer_lacks_is_a_difference() -> None:
    """A header that only one registry sends is seen."""
    exchange = Exchange(Ask("GET", "/v2/"), seen(200, etag="a"), seen(200))

    assert exchange.differing == {"etag": ("a", None)}


@pytest.mark.parametrize(("method", "theirs", "ours", "parts"), [
    ("PUT", 201, 400, True),
    ("DELETE", 202, 404, True),
    ("DELETE", 202, 200, True),
    ("DELETE", 202, 202, False),
    ("PUT", 400, 404, False),
    ("GET", 200, 404, False),
])  # fmt: skip
def test_a_happening_ends_where_the_registries_part(method: str, theirs: int, ours: int, parts: bool) -> None:
    """From a write on that only one of them did they no longer hold the same."""
    assert Exchange(Ask(method, "/v2/"), seen(theirs), seen(ours)).parts is parts
