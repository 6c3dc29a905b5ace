"""Clusters, and what the tests of clients need to work on one in place of a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import api, docker, home, skopeo, work
from tests.support.cluster import NEEDED, Cluster
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine

__all__ = ["api", "docker", "home", "skopeo", "work"]


@pytest.hookimpl(tryfirst=True)  # before the parts that are needed are looked for, and before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs what a cluster is made of, and takes its time."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.needs(*NEEDED))
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def storage() -> Iterator[S3Engine]:
    """An S3 engine, one for each worker, that nobody kills."""
    with S3Engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def cluster(postgres: PostgresCluster, storage: S3Engine) -> Iterator[Cluster]:
    """Three replicas behind nginx, shared by the tests of a file: each uses repositories of its own."""
    url = postgres.create_database()
    with Cluster(url, storage.bucket()) as running:
        yield running
    postgres.drop_database(url)


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Cluster:
    """The cluster, where a test asks for a server."""
    return cluster
