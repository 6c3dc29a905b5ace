"""Replicas whose clocks are ten minutes apart: all times are the database's."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from tests.crashes.asking import JSON, push, request, whole
from tests.support.accounts import PASSWORD
from tests.support.cluster import Cluster
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine
from tests.support.server import JettisonServer
from tests.support.shifted import shifted
from tests.support.verb import verb

pytestmark = pytest.mark.needs("cc")

MINUTE = 60
SHIFTS = (-5 * MINUTE, 0, 5 * MINUTE)


@contextmanager
def apart(url: str, storage: S3Engine, **config: object) -> Iterator[Cluster]:
    """Three replicas with those clocks, which keep times short enough to be waited for."""
    times = {
        "deletions": {"undo": "20s"},
        "leases": {"upload": "30s", "touch": "20s"},
        "sweep": {"interval": 0, "grace": "2s", "uploads": "60s"},
    }
    with TemporaryDirectory(prefix="jettison-clocks-") as folder:
        environs = [shifted(each, Path(folder)) for each in SHIFTS]
        with Cluster(url, storage.bucket(), config={"jettison": times, **config}, environs=environs) as cluster:
            yield cluster


@pytest.fixture(scope="module")
def cluster(postgres: PostgresCluster, storage: S3Engine) -> Iterator[Cluster]:
    """That cluster, shared by the tests of this file."""
    url = postgres.create_database()
    with apart(url, storage) as running:
        yield running
    postgres.drop_database(url)


def test_the_clocks_are_apart(cluster: Cluster) -> None:
    """Or the tests below would show nothing: the logs tell the time of each replica."""
    times = [_time_of(replica) for replica in cluster.replicas]
    assert [round((each - times[1]).total_seconds() / 60) for each in times] == [-5, 0, 5]


def _time_of(replica: JettisonServer) -> datetime:
    """When it was, by the replica's clock, that it was asked for a path like no other."""
    request(replica, "GET", "/v2/clock")
    assert replica.daemon is not None
    replica.daemon.wait_until(lambda: "path=/v2/clock " in replica.log, "telling of a request")
    [line] = [line for line in replica.log.splitlines() if "path=/v2/clock " in line]
    return datetime.fromisoformat(line.partition(" ")[0])


def test_a_deletion_can_be_undone_on_whichever_replica_for_as_long_as_was_said(cluster: Cluster) -> None:
    """Not over at once where the clock is ahead, and over when its time is, also where the clock is behind."""
    kept: list[tuple[str, int]] = []
    for deleting in cluster.replicas:
        for undoing in cluster.replicas:
            name = f"clocks/{deleting.port}-{undoing.port}"
            draft = push(deleting, name, random.randbytes(500))
            deletion = request(deleting, "DELETE", f"/v2/{name}").json["deletion"]
            undone = request(undoing, "POST", f"/api/v1/deletions/{deletion}/restore", b"{}", JSON)
            assert undone.status == 200, undone.body
            assert whole(deleting, name, draft)
        kept.append((name, request(deleting, "DELETE", f"/v2/{name}").json["deletion"]))
    time.sleep(21)
    for _, deletion in kept:
        for replica in cluster.replicas:
            assert request(replica, "POST", f"/api/v1/deletions/{deletion}/restore", b"{}", JSON).status == 409


def test_a_sweep_takes_nothing_that_a_lease_still_keeps(cluster: Cluster) -> None:
    """The replica whose clock is ahead sweeps, between the upload of a blob and the push that needs it."""
    behind, _, ahead = cluster.replicas
    for turn in range(3):
        name = f"clocks/lease-{turn}"
        draft = push(behind, name, random.randbytes(500))
        assert request(behind, "DELETE", f"/v2/{name}/manifests/latest").status == 202
        location = request(behind, "POST", f"/v2/{name}/blobs/uploads/").headers["location"]
        assert request(behind, "PATCH", location, b"half", {"Content-Type": "application/octet-stream"}).status == 202
        for _ in range(2):
            assert request(ahead, "POST", "/api/v1/sweep", b"{}", JSON).status == 200
        assert request(behind, "GET", location).status == 204, "the upload was dropped as if it were old"
        put = request(behind, "PUT", f"/v2/{name}/manifests/latest", draft.content, {"Content-Type": draft.media_type})
        assert put.status == 201, put.body
        assert whole(ahead, name, draft)


def test_a_token_is_good_wherever_it_is_shown(postgres: PostgresCluster, storage: S3Engine) -> None:
    """Signed by one replica, at its time, and taken by each of the others."""
    url = postgres.create_database()
    with apart(url, storage, auth={"jettison": {}}, http={"host": "http://registry.test"}) as cluster:
        config = cluster.replicas[1].config_file
        made = verb("user", "add", "--admin", "root", "--password-stdin", "--config", config, sent=PASSWORD)
        assert made.returncode == 0, made.stderr
        for issuing in cluster.replicas:
            asked = httpx2.get(
                f"{issuing.url}/token?service=registry.test&scope=registry:catalog:*",
                auth=("root", PASSWORD),
                trust_env=False,
            )
            assert asked.status_code == 200, asked.text
            headers = {"Authorization": f"Bearer {asked.json()['token']}"}
            for taking in cluster.replicas:
                answer = httpx2.get(f"{taking.url}/v2/_catalog", headers=headers, trust_env=False)
                assert answer.status_code == 200, f"from {issuing.port} to {taking.port}: {answer.text}"
    postgres.drop_database(url)
