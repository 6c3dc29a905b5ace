"""What these tests get: an empty registry on each database, and a tree of distribution in its folder."""

from __future__ import annotations

import pytest

from tests.migrate.plant import Plant
from tests.support.place import Place, clock, database, database_url, place, registry, shared_url

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]


@pytest.fixture
def plant(place: Place) -> Plant:
    """An empty tree in the registry's folder."""
    return Plant(place.folder)
