"""What a test of the rules gets: an empty registry on each database, and repositories in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jettison.registry.registry import Registry
from tests.support.invariants import check_rows
from tests.support.place import clock, database, database_url, place, registry, shared_url
from tests.support.repository import Repository

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]


@pytest.fixture
def repository(registry: Registry) -> Iterator[Repository]:
    """An empty repository; after the test, all that must hold of rows holds."""
    yield Repository(registry)
    check_rows(registry.database)


@pytest.fixture
def other(registry: Registry) -> Repository:
    """Another empty repository of the same registry."""
    return Repository(registry, "other/app")
