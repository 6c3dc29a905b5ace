"""What a test of deliveries gets: a registry on each database, and an endpoint that listens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.listener import Listener
from tests.support.place import clock, database, database_url, place, registry, shared_url

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """An endpoint."""
    with Listener() as running:
        yield running
