"""A registry that is read only: what it refuses, how distribution refuses the same, and what goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

READ_ONLY = {"storage": {"maintenance": {"readonly": {"enabled": True}}}}
SETTING = "storage.maintenance.readonly.enabled"
LAYER = digest_of(b"layer")
SHARED_WRITES = [
    ("POST", "/v2/team/app/blobs/uploads/"),
    ("POST", f"/v2/team/app/blobs/uploads/?mount={LAYER}&from=team/app"),
    ("PUT", "/v2/team/app/manifests/v1"),
    ("DELETE", "/v2/team/app/manifests/v1"),
    ("DELETE", f"/v2/team/app/manifests/{LAYER}"),
    ("DELETE", "/v2/nowhere/manifests/v1"),
    ("POST", "/v2/team/app/manifests/v1"),
    ("DELETE", f"/v2/team/app/blobs/{LAYER}"),
]
"""Writes that distribution refuses too; of an upload it first looks for what nobody here needs, its signed state."""

OWN_WRITES = [
    ("PATCH", "/v2/team/app/blobs/uploads/{id}"),
    ("PUT", f"/v2/team/app/blobs/uploads/{{id}}?digest={LAYER}"),
    ("DELETE", "/v2/team/app/blobs/uploads/{id}"),
    ("DELETE", "/v2/team/app"),
    ("DELETE", "/v1/repositories/team/app"),
    ("DELETE", "/v2/team/app?dry_run=true"),
    ("DELETE", "/v2/team/app/manifests/v1?dry_run=true"),
    ("POST", "/api/v1/deletions"),
    ("POST", "/api/v1/deletions/1/restore"),
    ("POST", "/api/v1/deletions/1/purge"),
    ("POST", "/api/v1/sweep"),
]


class Kept:
    """A read-only registry with an image, an upload that goes on, and a deletion that could be undone."""

    def __init__(self, server: JettisonServer, client: httpx2.Client, upload: str) -> None:
        self.server = server
        self.client = client
        self.upload = upload


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Filled by a server that could be written to, which has ended."""
    data = tmp_path_factory.mktemp("kept") / "data"
    # What waits for a sweep when it ends is what the read-only server sweeps.
    never = {"jettison": {"sweep": {"interval": "0", "grace": "0"}}}
    with JettisonServer(data, config=never) as filling, open_client(filling) as client:
        repository = Repository(client, "team/app")
        repository.push_image("layer", "v1")
        gone = repository.push_image("gone", "old")
        assert client.delete(f"/v2/team/app/manifests/{gone}", params={"purge": "true"}).status_code == 202
        upload = repository.begin_upload().rpartition("/")[2]
    quick = {"jettison": {"sweep": {"interval": "50ms", "grace": "0"}, "leases": {"upload": "1ms", "touch": "1ms"}}}
    with JettisonServer(data, config={**READ_ONLY, **quick}) as server, open_client(server) as client:
        yield Kept(server, client, upload)


@pytest.mark.parametrize(("method", "path"), [*SHARED_WRITES, *OWN_WRITES])
def test_whatever_would_write_is_refused_with_the_setting(kept: Kept, method: str, path: str) -> None:
    """405 UNSUPPORTED, whether or not there is such a thing; the message names the setting, Allow what reads."""
    answer = kept.client.request(method, path.format(id=kept.upload), content=b"x")
    error = assert_refused(answer, 405, "UNSUPPORTED")
    assert SETTING in error.message
    assert not {"PUT", "POST", "PATCH", "DELETE"} & set(answer.headers["allow"].split(", "))


def test_whatever_reads_goes_on(kept: Kept) -> None:
    """Manifests, blobs, lists, how far an upload is, and the API's pages."""
    paths = ["/", "/healthz", "/v2/", "/v2/_catalog", "/v2/team/app/tags/list", "/v2/team/app/manifests/v1"]
    paths += [f"/v2/team/app/blobs/{LAYER}", f"/v2/team/app/referrers/{LAYER}", "/api/v1/deletions", "/api/v1/sweep"]
    for path in paths:
        assert kept.client.get(path).status_code == 200, path
        assert kept.client.head(path).status_code == 200, path
    assert kept.client.get(f"/v2/team/app/blobs/uploads/{kept.upload}").status_code == 204


def test_options_names_no_method_that_writes(kept: Kept) -> None:
    """As in distribution: what a page of a browser asks first."""
    for path in ("/v2/team/app/manifests/v1", f"/v2/team/app/blobs/{LAYER}"):
        answer = kept.client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (200, "GET, HEAD, OPTIONS")


def test_what_there_is_not_is_still_not_found(kept: Kept) -> None:
    """The setting is named only where a write was meant."""
    assert_refused(kept.client.put("/nothing"), 404, "NAME_UNKNOWN")
    assert_refused(kept.client.get("/v2/team/app/manifests/none"), 404, "MANIFEST_UNKNOWN")
    assert_refused(kept.client.post("/api/v1/nothing"), 404, "NAME_UNKNOWN")


def test_it_sweeps_as_configured(kept: Kept) -> None:
    """What was deleted before comes off the disk, as the log and the API say; what is there stays."""
    deadline = time.monotonic() + 10
    while "sweep: swept" not in kept.server.log:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runs = kept.client.get("/api/v1/sweep").json()["runs"]
    assert sum(run["deletions"] for run in runs) == 1
    assert kept.client.get(f"/v2/team/app/blobs/{LAYER}").content == b"layer"


def test_without_an_interval_it_does_not_sweep(tmp_path: Path) -> None:
    """Whoever wants nothing to go away while nothing comes in sets it so."""
    data = tmp_path / "data"
    never = {"jettison": {"sweep": {"interval": "0", "grace": "0"}}}
    with JettisonServer(data, config=never) as filling, open_client(filling) as client:
        Repository(client, "team/app").push_image("gone", "old")
        assert client.delete("/v2/team/app", params={"purge": "true"}).status_code == 202
    with JettisonServer(data, config={**READ_ONLY, **never}) as server, open_client(server) as client:
        time.sleep(0.3)
        assert client.get("/api/v1/sweep").json()["runs"] == []
    assert b"gone" in [file.read_bytes() for file in (data / "blobs").rglob("*") if file.is_file()]


def test_a_dry_run_over_the_api_is_refused_too(kept: Kept) -> None:
    """It changes nothing, and what it promises could not be done: the deletion would be refused."""
    wanted = {"targets": [{"repository": "team/app", "tag": "v1"}], "dry_run": True}
    assert_refused(kept.client.post("/api/v1/deletions", json=wanted), 405, "UNSUPPORTED")


def test_it_can_be_written_to_again(tmp_path: Path) -> None:
    """The setting is all there is to it: without it the next start takes pushes, and sweeps."""
    with JettisonServer(tmp_path / "data", config=READ_ONLY) as server, open_client(server) as client:
        assert_refused(client.post("/v2/app/blobs/uploads/"), 405, "UNSUPPORTED")
    with JettisonServer(tmp_path / "data") as server, open_client(server) as client:
        Repository(client, "app").push_image("layer", "v1")


@pytest.mark.needs("distribution")
def test_distribution_refuses_the_same(kept: Kept) -> None:
    """The same writes have the same status there and here, and the same methods remain."""
    with DistributionServer(config=READ_ONLY) as other, httpx2.Client(base_url=other.url, trust_env=False) as client:
        for method, path in SHARED_WRITES:
            theirs, ours = client.request(method, path), kept.client.request(method, path)
            assert theirs.status_code == ours.status_code == 405, path
        theirs = client.options("/v2/team/app/manifests/v1")
        assert (theirs.status_code, theirs.headers["allow"]) == (200, "GET, HEAD")
        assert client.get("/v2/").status_code == 200
