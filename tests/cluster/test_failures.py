"""A part of a cluster dies at work: what was acknowledged is there, and clients that try again come through."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import pytest

from jettison.oci.digest import Digest
from tests.crashes.asking import Answer, Listening, put, request, whole
from tests.support import cluster as clusters
from tests.support.client import Home
from tests.support.cluster import Cluster, Site
from tests.support.content import Draft, image
from tests.support.layout import Layout
from tests.support.server import JettisonServer

MIB = 1 << 20
PATIENCE = 60.0
"""Seconds in which a cluster is to be well again, on a machine that does other things too."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A cluster whose parts may be killed. Each test leaves it well."""
    config = {"storage": {"s3": {"chunksize": 5 * MIB}}}
    with clusters.whole(config=config) as made:
        yield made


@pytest.fixture(autouse=True)
def well(site: Site) -> Iterator[None]:
    """Whatever was killed runs again after the test."""
    yield
    site.cluster.heal(PATIENCE)


def tried(
    server: Listening, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """What a client gets that tries again while nobody answers, or a server says that the fault is its own."""
    until = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError, HTTPException):
            answer = request(server, method, path, body, headers)
            if answer.status < 500 or time.monotonic() > until:
                return answer
        assert time.monotonic() < until, f"{method} {path}: nobody has answered for {PATIENCE:g} s"
        time.sleep(0.2)


def push_patiently(server: Listening, name: str, *layers: bytes) -> Draft:
    """Push an image as `latest`; an upload that is lost is begun again."""
    draft = image(*layers)
    for blob in draft.blobs:
        while True:
            location = tried(server, "POST", f"/v2/{name}/blobs/uploads/").headers["location"]
            committed = tried(server, "PUT", f"{location}?digest={Digest.of(blob)}", blob)
            if committed.status == 201:
                break
            # Its first try was done before its answer was lost; or the session had what that brought.
            assert committed.status in (404, 416), committed
            if tried(server, "HEAD", f"/v2/{name}/blobs/{Digest.of(blob)}").status == 200:
                break
    answer = tried(server, "PUT", f"/v2/{name}/manifests/latest", draft.content, {"Content-Type": draft.media_type})
    assert answer.status == 201, answer
    return draft


def stream(port: int, location: str, blob: bytes, half_way: Callable[[], object]) -> int | None:
    """PATCH with a body that stops in the middle, where ``half_way`` is called; its status, None if it broke off."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def body() -> Iterator[bytes]:
        for start in range(0, len(blob), MIB // 4):
            if start == len(blob) // 2:
                half_way()
            yield blob[start : start + MIB // 4]

    try:
        connection.request("PATCH", location, body(), {"Content-Length": str(len(blob))})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def go_on(cluster: Cluster, location: str, blob: bytes) -> int:
    """Ask how far an upload is, send the rest, commit, and pull; how many bytes had been kept."""
    asked = tried(cluster, "GET", location)
    assert asked.status == 204, asked
    kept = int(asked.headers["range"].partition("-")[2]) + 1 if asked.headers["range"] != "0-0" else 0
    headers = {"Content-Range": f"{kept}-{len(blob) - 1}", "Content-Type": "application/octet-stream"}
    sent = tried(cluster, "PATCH", asked.headers["location"], blob[kept:], headers)
    assert sent.status == 202, sent
    digest = Digest.of(blob)
    assert tried(cluster, "PUT", f"{sent.headers['location']}?digest={digest}").status == 201
    for replica in cluster.replicas:
        if replica.daemon is not None:
            name = location.split("/blobs/", maxsplit=1)[0]
            assert request(replica, "GET", f"{name}/blobs/{digest}").body == blob
    return kept


def test_an_upload_goes_on_when_its_replica_dies(site: Site) -> None:
    """Kill -9 in the middle of a PATCH: another replica knows how far the upload is, takes the rest and commits."""
    cluster = site.cluster
    blob = random.randbytes(24 * MIB)
    location = request(cluster, "POST", "/v2/dying/upload/blobs/uploads/").headers["location"]
    first = request(cluster, "PATCH", location, blob[: 6 * MIB], {"Content-Type": "application/octet-stream"})
    assert first.status == 202
    victim = cluster.replicas[0]

    def die() -> None:
        time.sleep(0.3)
        victim.kill()

    status = stream(victim.port, first.headers["location"], blob[6 * MIB :], die)

    assert status is None
    assert 6 * MIB <= go_on(cluster, location, blob) < len(blob)


@pytest.mark.needs("skopeo")
def test_a_clients_push_survives_the_death_of_a_replica(site: Site) -> None:
    """The replica that takes a large layer is killed: skopeo, if it gives up, is run again and pushes the image."""
    cluster = site.cluster
    with Home() as home:
        skopeo = home.hidden_client("skopeo")
        layout = Layout(home.work("layout") / "layout")
        layout.image("1", size=64 * MIB)
        name = f"docker://{cluster.address}/dying/push:1"
        push = ("copy", "--retry-times=5", "--dest-tls-verify=false", f"oci:{layout.folder}:1", name)
        with ThreadPoolExecutor(1) as pool:
            pushing = pool.submit(skopeo, *push, seconds=200)
            busy = _first_that_takes_a_patch(cluster)
            busy.kill()
            broken = pushing.exception()
        if broken is not None:
            # It tries again what it takes for a failing network, and a 502 in the middle of a layer is none to it.
            assert "502" in str(broken), broken
            skopeo(*push)
        skopeo("copy", "--src-tls-verify=false", name, f"oci:{home.work('back')}/layout:1")


def _first_that_takes_a_patch(cluster: Cluster) -> JettisonServer:
    """The replica with a session that has been begun and whose bytes are coming: the one that nginx is connected to."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for replica in cluster.replicas:
            if "method=POST path=/v2/dying/push/blobs/uploads/" in replica.log:
                time.sleep(0.3)
                return max(cluster.replicas, key=_received)
        time.sleep(0.02)
    raise AssertionError("the push has not begun")


def _received(replica: JettisonServer) -> int:
    """Bytes that the process has read from wherever: its sockets, before all."""
    with open(f"/proc/{replica.pid}/io") as file:  # noqa: PTH123 - one line of a file of the kernel
        return int(file.readline().split()[1])


def test_an_upload_goes_on_when_the_storage_died_in_the_middle_of_a_part(site: Site) -> None:
    """The client is told that the fault is the server's; once the engine is back, the upload goes on where it was."""
    cluster = site.cluster
    blob = random.randbytes(24 * MIB)
    location = request(cluster, "POST", "/v2/dying/part/blobs/uploads/").headers["location"]

    status = stream(cluster.port, location, blob, site.storage.kill)

    try:
        assert status is None or status >= 500, "bytes were acknowledged that nobody could store"
        for replica in cluster.replicas:
            assert request(replica, "GET", "/v2/").status in (200, 503), "a replica has died of it"
    finally:
        site.storage.start()
    assert go_on(cluster, location, blob) < len(blob)


def test_what_needs_no_bytes_goes_on_without_the_storage(site: Site) -> None:
    """Manifests, tags and deletions are answered by every replica; blobs are 503; and all is well once it is back."""
    cluster = site.cluster
    draft = push_patiently(cluster, "without/storage", random.randbytes(1000))
    push_patiently(cluster, "without/more", random.randbytes(1000))
    site.storage.kill()
    try:
        everywhere: list[Listening] = [*cluster.replicas, cluster]
        for server in everywhere:
            assert request(server, "GET", f"/v2/without/storage/manifests/{draft.digest}").body == draft.content
            assert request(server, "GET", f"/v2/without/storage/blobs/{Digest.of(draft.blobs[0])}").status == 503
        assert request(cluster, "DELETE", "/v2/without/more").status == 202
    finally:
        site.storage.start()
    assert whole(cluster, "without/storage", draft)


@pytest.mark.parametrize("turn", range(4))
def test_a_commit_that_the_storage_did_not_live_to_see_is_done_or_done_again(site: Site, turn: int) -> None:
    """The engine dies while uploads complete: what got its 201 is there; the others are committed when asked again."""
    cluster = site.cluster
    blobs = [random.randbytes(6 * MIB) for _ in range(6)]
    name = f"dying/commit-{turn}"
    locations = []
    for blob in blobs:
        location = request(cluster, "POST", f"/v2/{name}/blobs/uploads/").headers["location"]
        sent = request(cluster, "PATCH", location, blob, {"Content-Type": "application/octet-stream"})
        assert sent.status == 202
        locations.append(sent.headers["location"])

    def commit(number: int) -> int | None:
        with suppress(OSError, HTTPException):
            return request(cluster, "PUT", f"{locations[number]}?digest={Digest.of(blobs[number])}").status
        return None

    with ThreadPoolExecutor(len(blobs)) as pool:
        committing = pool.map(commit, range(len(blobs)))
        time.sleep(random.uniform(0, 0.15))
        site.storage.kill()
        time.sleep(0.5)
        site.storage.start()
        statuses = list(committing)

    # 404: the balancer asked a second replica for what the first had done.
    assert {status for status in statuses if status is not None and status < 500} <= {201, 404}
    for number, blob in enumerate(blobs):
        digest = Digest.of(blob)
        if statuses[number] not in (201, 404):
            again = tried(cluster, "PUT", f"{locations[number]}?digest={digest}")
            assert again.status in (201, 404), again
        assert tried(cluster, "GET", f"/v2/{name}/blobs/{digest}").body == blob


def test_a_database_that_is_restarted_under_load_loses_nothing(site: Site) -> None:
    """PostgreSQL is stopped and started, then killed and started: clients that try again come through."""
    cluster = site.cluster
    pids = [replica.pid for replica in cluster.replicas]
    over = threading.Event()
    pushed: dict[str, Draft] = {}

    def work(number: int) -> None:
        turn = 0
        while not over.is_set():
            name = f"load/{number}-{turn}"
            pushed[name] = push_patiently(cluster, name, random.randbytes(20_000))
            turn += 1

    with ThreadPoolExecutor(6) as pool:
        working = [pool.submit(work, number) for number in range(6)]
        try:
            for end in (site.postgres.stop, site.postgres.kill):
                before = len(pushed)
                time.sleep(1.5)
                end()
                time.sleep(1)
                site.postgres.start()
                until = time.monotonic() + PATIENCE
                while len(pushed) < before + 12 and time.monotonic() < until:
                    time.sleep(0.1)
                assert len(pushed) >= before + 12, "nothing was pushed after the database had come back"
        finally:
            over.set()
        for each in working:
            each.result()

    assert [replica.pid for replica in cluster.replicas] == pids
    for name, draft in pushed.items():
        assert whole(random.choice(cluster.replicas), name, draft), name


def test_nothing_is_answered_as_a_fault_while_one_replica_is_gone(site: Site) -> None:
    """The balancer asks the others: no client sees an error, neither of reading nor of writing."""
    cluster = site.cluster
    drafts = {f"two/{number}": image(random.randbytes(500)) for number in range(20)}
    cluster.replicas[1].kill()
    for name, draft in drafts.items():
        for blob in draft.blobs:
            path = f"/v2/{name}/blobs/uploads/?digest={Digest.of(blob)}"
            assert request(cluster, "POST", path, blob).status == 201
        assert put(cluster, name, draft).status == 201
        assert whole(cluster, name, draft)
        assert request(cluster, "DELETE", f"/v2/{name}").status == 202
