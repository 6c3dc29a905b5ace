"""Replicas, the storage and the database are killed at random under clients at work, round after round."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from jettison.oci.digest import Digest
from tests.cluster.aftermath import nothing_is_left_in
from tests.crashes.asking import Listening, request
from tests.crashes.client import Client, Crashed, Repository, ask
from tests.crashes.test_kill import settle
from tests.support.cluster import Cluster, Site, whole
from tests.support.content import Draft, image

ROUNDS = int(os.environ.get("JETTISON_CLUSTER_ROUNDS", "10"))
CLIENTS = 6
PATIENCE = 60.0
"""Seconds in which all is to be well again after a round."""

PART = 5 << 20
LARGE = 0.05
"""How often an image has a layer of more than a part."""

CONFIG = {
    "log": {"accesslog": {"disabled": True}},
    "storage": {"s3": {"chunksize": PART}},
    "jettison": {"sweep": {"interval": "1s"}},
}


@dataclass
class WatchedRepository(Repository):
    """Knows what was deleted, and was not brought back by an earlier deletion that had it too."""

    gone: set[Draft] = field(default_factory=set)


class ChaosClient(Client):
    """Stops at the first request that nobody answers, or that a server fails at: it may have been done, or not."""

    broken = ""

    def lost(self, error: Exception) -> None:
        """What it stopped at."""
        self.broken = str(error)

    def new_image(self) -> Draft:
        """An image that nobody has pushed; now and then one whose layer comes in parts."""
        if self.random.random() > LARGE:
            return super().new_image()
        return image(self.random.randbytes(PART + self.random.randrange(PART // 2)))

    def restore(self, repository: Repository) -> None:
        """Undo a deletion: what others took may come with it."""
        cast(WatchedRepository, repository).gone.clear()
        super().restore(repository)

    def delete_version(self, repository: Repository) -> None:
        """Delete a manifest with all its tags, if there is one."""
        self._watch(repository, super().delete_version)

    def delete_repository(self, repository: Repository) -> None:
        """Delete all of it, if it has a tag."""
        self._watch(repository, super().delete_repository)

    def _watch(self, repository: Repository, delete: Callable[[Repository], None]) -> None:
        before = set(repository.tags.values())
        delete(repository)
        cast(WatchedRepository, repository).gone |= before - set(repository.tags.values())

    def pull_all(self, repository: Repository) -> None:
        """Pull all that the tags hold, byte for byte."""
        for tag, draft in repository.tags.items():
            status, _, body = self.ask("GET", f"/v2/{repository.name}/manifests/{tag}")
            assert (status, body) == (200, draft.content), f"{repository.name}:{tag} is answered with {status}"
            for blob in draft.blobs:
                status, _, body = self.ask("GET", f"/v2/{repository.name}/blobs/{Digest.of(blob)}")
                assert (status, body == blob) == (200, True), f"{repository.name}:{tag} lacks a blob: {status}"

    def ask(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> tuple[int, dict[str, str], bytes]:
        """One request. Raises Crashed where a part is gone, or where this may be the answer to a second try.

        The balancer asks another replica again: of what was done, and its answer lost, that one knows nothing any more.
        """
        answer = super().ask(method, path, body, media_type)
        status = answer[0]
        assert status != 500, f"{method} {path}: the server failed, which no part that is gone is a reason for"
        again = method == "DELETE" and status == 404
        again |= method == "PUT" and "/blobs/uploads/" in path and status in (400, 404, 416)
        if status >= 500 or again:
            raise Crashed(f"{method} {path}: {status} {answer[2][:300]!r}")
        return answer


@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_a_cluster_loses_nothing_and_leaves_nothing() -> None:
    """Clients push, pull, delete and restore; a part dies at a random moment; all that was acknowledged is there."""
    repositories = [[WatchedRepository(f"client{number}/{name}") for name in "ab"] for number in range(CLIENTS)]
    told: Counter[str] = Counter()
    with whole(config=CONFIG) as site:
        for number in range(ROUNDS):
            one_round(site, repositories, told)
            print(f"round {number + 1}: {dict(told)}", flush=True)
        assert told["operations"] > ROUNDS * CLIENTS
        leave(site, [each for own in repositories for each in own])


def one_round(site: Site, repositories: list[list[WatchedRepository]], told: Counter[str]) -> None:
    """Work, kill, work on, heal, look."""
    cluster, stopping = site.cluster, threading.Event()
    clients = [ChaosClient(number, cluster.port, stopping, [*own]) for number, own in enumerate(repositories)]
    for client in clients:
        client.start()
    stopping.wait(random.uniform(0.1, 0.8))
    kind = random.choice(["replica", "replica", "storage", "database"])
    start = kill(site, kind)
    stopping.wait(random.uniform(0.1, 0.8))
    start()
    stopping.wait(random.uniform(0, 0.4))
    stopping.set()
    for client in clients:
        client.join(PATIENCE)
        assert not client.is_alive(), f"{client.name} hangs"
    assert [line for client in clients for line in client.wrong] == [], kind
    told["operations"] += sum(client.operations for client in clients)
    told[kind] += 1
    told[f"broken by {kind}"] += sum(bool(client.broken) for client in clients)
    wait_until_well(cluster)
    for own in repositories:
        for repository in own:
            # Each is asked of another replica: what one knows all know.
            connection = http.client.HTTPConnection("127.0.0.1", random.choice(cluster.replicas).port, timeout=30)
            settle(connection, repository)
            stays_deleted(connection, repository)
            connection.close()


def stays_deleted(connection: http.client.HTTPConnection, repository: WatchedRepository) -> None:
    """No version is there that was deleted, itself or with its repository, since anything was restored last."""
    for draft in repository.gone:
        for path in (f"manifests/{draft.digest}", f"blobs/{Digest.of(draft.blobs[-1])}"):
            status, _, _ = ask(connection, "GET", f"/v2/{repository.name}/{path}")
            assert status == 404, f"{repository.name} was rid of {path}, and answers {status}"


def kill(site: Site, kind: str) -> Callable[[], object]:
    """Kill a part with SIGKILL; what starts it again."""
    if kind == "replica":
        victim = random.choice(site.cluster.replicas)
        victim.kill()
        return victim.start
    part: Any = site.storage if kind == "storage" else site.postgres
    part.kill()
    start: Callable[[], object] = part.start
    return start


def wait_until_well(cluster: Cluster) -> None:
    """Until each replica serves and takes a blob, so that database and storage are back for it too."""
    cluster.heal(PATIENCE)
    until = time.monotonic() + PATIENCE
    for replica in cluster.replicas:
        while not _stores(replica):
            assert time.monotonic() < until, f"{replica.url} does not come back:\n{replica.log[-3000:]}"
            time.sleep(0.1)


def _stores(server: Listening) -> bool:
    blob = random.randbytes(100)
    try:
        path = f"/v2/well/blobs/uploads/?digest={Digest.of(blob)}"
        return request(server, "POST", path, blob).status == 201
    except (OSError, http.client.HTTPException):
        return False


def leave(site: Site, repositories: list[WatchedRepository]) -> None:
    """When all leases and undo windows are over, the bucket holds what manifests need: no object and no part more."""
    for replica in site.cluster.replicas:
        replica.stop()
    held = nothing_is_left_in(site.cluster.database_url, site.cluster.bucket)
    tagged = {blob for repository in repositories for draft in repository.tags.values() for blob in draft.blobs}
    assert {Digest.of(blob) for blob in tagged} <= held
