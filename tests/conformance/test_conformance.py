from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.conformance import Results, run_conformance
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("conformance"), pytest.mark.timeout(400)]

# Accepts indexes and images whose content arrives later or never, which the sparse data of the program is.
SPARSE = {
    "validation": {"manifests": {"indexes": {"platforms": "none"}}},
    "jettison": {"validation": {"blobs": "none"}},
}

# A run has several hundred cases; far fewer mean that it ended early.
FEWEST_CASES = 800


def said(results: Results) -> str:
    """What a person needs to see of a run that did not pass as a whole."""
    lines = results.not_passed()
    return f"{len(lines)} of {len(results.cases)} did not pass:\n" + "\n".join(lines)


@pytest.mark.parametrize("version", ["1.1", "dev"])
def test_everything_in_the_specification_passes(version: str, database_url: str | None, tmp_path: Path) -> None:
    """With every API and every data setting on, the program reports nothing failed, skipped or disabled."""
    with JettisonServer(config=SPARSE, database_url=database_url) as server:
        results = run_conformance(server.address, tmp_path, version)

    assert results.turned_off() == []
    assert results.not_passed() == [], said(results)
    assert len(results.cases) >= FEWEST_CASES


@pytest.mark.needs("distribution")
def test_a_registry_with_gaps_is_found_out(tmp_path: Path) -> None:
    """Against a registry that lacks parts of the specification, failures and skips are both seen."""
    with DistributionServer() as server:
        results = run_conformance(server.address, tmp_path, "1.1")

    assert results.turned_off() == []
    assert len(results.cases) >= FEWEST_CASES
    assert {"failure", "skipped"} <= {case.status for case in results.cases}
    assert results.summary["apis: Referrers"] == "FAIL"
    assert any("Blob post only" in line for line in results.not_passed())
