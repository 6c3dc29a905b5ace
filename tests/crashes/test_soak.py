"""A short soak; `make soak` runs long ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes.soak import Soak

OPERATIONS = 2000


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_client_notices_a_sweeper_that_never_rests(tmp_path: Path) -> None:
    """Mixed clients, every pull verified, under leases of several pushes: no error, and the disk is given back."""
    soak = Soak(tmp_path, OPERATIONS)
    soak.run()
    print(soak.report())
    assert soak.measured.wrong == []
    assert soak.measured.operations >= OPERATIONS
    assert soak.swept > 0
    assert soak.bytes > 0
