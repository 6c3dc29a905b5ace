"""Two servers on one database, each with a data folder of its own: what one does, the other's next answer says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, digest_of, index, written
from tests.support.postgres import PostgresCluster
from tests.support.server import JettisonServer

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture(scope="module")
def clients(postgres: PostgresCluster) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    """A client of each."""
    url = postgres.create_database()
    with (
        JettisonServer(database_url=url) as one,
        JettisonServer(database_url=url) as other,
        open_client(one) as first,
        open_client(other) as second,
    ):
        yield first, second


@pytest.mark.parametrize("here", [0, 1])
def test_every_process_sees_a_deletion_at_once(clients: tuple[httpx2.Client, httpx2.Client], here: int) -> None:
    """The catalog, the tags, HEAD and GET of the other process, which has answered them before."""
    mine, theirs = Repository(clients[here], "shared/repo"), Repository(clients[1 - here], "shared/repo")
    manifest = f"{theirs.path}/manifests/{digest_of(written(index()))}"
    for _ in range(10):
        mine.push(index(), "v1")
        assert theirs.name in catalog(theirs.client)
        assert theirs.tags() == ["v1"]
        assert theirs.client.head(manifest).status_code == 200

        assert mine.client.delete(f"{mine.path}/manifests/v1").status_code == 202
        assert not theirs.has("v1")
        assert theirs.tags() == []

        assert mine.client.delete(mine.path).status_code == 202
        assert theirs.name not in catalog(theirs.client)
        assert theirs.client.head(manifest).status_code == 404
        assert theirs.client.get(manifest).status_code == 404
        assert_refused(theirs.client.delete(theirs.path), 404, "NAME_UNKNOWN")


def test_a_database_that_cannot_read_nul_is_not_asked_to(clients: tuple[httpx2.Client, httpx2.Client]) -> None:
    """PostgreSQL has no NUL in text: a query with one is refused at the door."""
    repository = Repository(clients[0], "nul")
    repository.push(index(), "v1")

    for path in ("_catalog?last=%00", "nul/tags/list?last=a%00", f"nul/referrers/{digest_of(b'')}?artifactType=%00"):
        assert_refused(repository.client.get(f"/v2/{path}"), 400, "UNSUPPORTED")
