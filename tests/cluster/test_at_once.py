"""What one replica has answered, every other one knows: nobody waits, and nobody is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.oci.digest import Digest
from tests.crashes.asking import JSON, Listening, push, put, request, whole
from tests.support.cluster import Cluster
from tests.support.content import Draft
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine

MIB = 1 << 20
PART = 5 * MIB


@pytest.fixture(scope="module")
def cluster(postgres: PostgresCluster, storage: S3Engine) -> Iterator[Cluster]:
    """Three replicas whose parts are as small as S3 allows, so that few bytes make several."""
    url = postgres.create_database()
    config = {"storage": {"s3": {"chunksize": PART}}, "jettison": {"sweep": {"interval": 0, "grace": "0s"}}}
    with Cluster(url, storage.bucket(), config=config) as running:
        yield running
    postgres.drop_database(url)


def names(replica: Listening) -> list[str]:
    """What a replica lists in its catalog."""
    listed: list[str] = request(replica, "GET", "/v2/_catalog?n=1000").json["repositories"]
    return listed


def statuses(replica: Listening, name: str, draft: Draft) -> list[int]:
    """How it answers for an image of one tag: the tag, the digest, the layer, the tags."""
    references = ["manifests/latest", f"manifests/{draft.digest}", f"blobs/{Digest.of(draft.blobs[-1])}", "tags/list"]
    return [request(replica, "GET", f"/v2/{name}/{each}").status for each in references]


@pytest.mark.parametrize("what", ["repository", "tag", "version"])
def test_a_deletion_is_seen_at_once_on_every_replica(cluster: Cluster, what: str) -> None:
    """The next request to any of them says so: of what was deleted, nothing; of its siblings, all. So does an undo."""
    for turn in range(12):
        one, other, third = random.sample(cluster.replicas, 3)
        name = f"once/{what}-{turn}"
        draft = push(one, name, random.randbytes(1000))
        assert put(other, name, draft).status == 201
        for replica in cluster.replicas:
            assert statuses(replica, name, draft) == [200] * 4
        path = {"repository": "", "tag": "/manifests/latest", "version": f"/manifests/{draft.digest}"}[what]

        deleted = request(other, "DELETE", f"/v2/{name}{path}")

        assert deleted.status == 202
        for replica in cluster.replicas:
            left = statuses(replica, name, draft)
            assert left[0] == 404, replica.url
            assert what == "tag" or left == [404] * 4, replica.url
            assert (name in names(replica)) == (what == "tag"), replica.url

        undone = request(third, "POST", f"/api/v1/deletions/{deleted.json['deletion']}/restore", b"{}", JSON)

        assert undone.status == 200, undone.body
        for replica in cluster.replicas:
            assert whole(replica, name, draft), replica.url


@pytest.mark.parametrize(
    "sizes", [(10, 20, 30), (PART + 1, 3, PART - 7, 11), (2 * MIB,) * 9], ids=["few", "mixed", "many"]
)
def test_an_upload_moves_between_replicas(cluster: Cluster, sizes: tuple[int, ...]) -> None:
    """Each PATCH goes to another one, which knows how far it is; the commit too; all serve the same bytes."""
    pieces = [random.randbytes(size) for size in sizes]
    blob, name = b"".join(pieces), f"moving/{len(sizes)}"
    replicas = [cluster.replicas[number % 3] for number in range(len(pieces) + 2)]
    location = request(replicas[0], "POST", f"/v2/{name}/blobs/uploads/").headers["location"]
    sent = 0
    for replica, piece in zip(replicas[1:], pieces, strict=False):
        if sent:
            asked = request(replica, "GET", location)
            assert (asked.status, asked.headers["range"]) == (204, f"0-{sent - 1}")
        headers = {"Content-Type": "application/octet-stream", "Content-Range": f"{sent}-{sent + len(piece) - 1}"}
        patched = request(replica, "PATCH", location, piece, headers)
        assert patched.status == 202, patched.body
        location, sent = patched.headers["location"], sent + len(piece)

    committed = request(replicas[-1], "PUT", f"{location}?digest={Digest.of(blob)}")

    assert committed.status == 201, committed.body
    for replica in cluster.replicas:
        assert request(replica, "GET", f"/v2/{name}/blobs/{Digest.of(blob)}").body == blob
        part = request(replica, "GET", f"/v2/{name}/blobs/{Digest.of(blob)}", headers={"Range": "bytes=15-45"})
        assert (part.status, part.body) == (206, blob[15:46])


def test_every_answer_says_which_replica_gave_it(cluster: Cluster) -> None:
    """Through the balancer each of them answers, and is named."""
    named = {request(cluster, "GET", "/v2/").headers["x-jettison-replica"] for _ in range(12)}
    assert named == {"replica-1", "replica-2", "replica-3"}


def test_sweepers_do_not_meet(cluster: Cluster) -> None:
    """Three told to sweep at the same time: the garbage goes once, and what is needed stays."""
    kept = push(cluster, "sweeping/kept", random.randbytes(5000))
    for number in range(20):
        push(cluster, f"sweeping/gone-{number}", random.randbytes(5000), random.randbytes(700))
        assert request(cluster, "DELETE", f"/v2/sweeping/gone-{number}?purge=true").status == 202
    asked = [replica for _ in range(4) for replica in cluster.replicas]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda replica: request(replica, "POST", "/api/v1/sweep", b"{}", JSON), asked))

    answers.append(request(cluster, "POST", "/api/v1/sweep", b"{}", JSON))

    assert {answer.status for answer in answers} <= {200, 202}, answers
    assert sum(answer.json["files"] for answer in answers if answer.status == 200) == 60
    assert whole(cluster, "sweeping/kept", kept)
