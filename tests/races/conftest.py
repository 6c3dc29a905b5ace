"""What a test of a race gets: a stage on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from jettison.registry.registry import Registry
from tests.races.scene import Arena
from tests.support.clock import Clock
from tests.support.interleaving import Stage
from tests.support.place import Place, clock, database, database_url, place, registry
from tests.support.postgres import PostgresCluster

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]


@pytest.fixture(scope="session")
def shared_url(postgres: PostgresCluster) -> str:
    """The URL of a PostgreSQL database of these tests, which are about what is seen, not about what the disk keeps."""
    return f"{postgres.create_database()}?options=-csynchronous_commit%3Doff%20-cdeadlock_timeout%3D50ms"


@pytest.fixture
def arena(place: Place, registry: Registry, clock: Clock) -> Iterator[Arena]:
    """An empty registry in which scenes are played."""
    with closing(Stage(place.url)) as stage:
        yield Arena(place, replace(registry), clock, stage, thorough=place.url is None)
