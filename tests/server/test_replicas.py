"""Several servers on one PostgreSQL and one bucket of a real S3 engine: they are one registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from jettison.blobs.bucket import Bucket
from jettison.oci.digest import Digest
from tests.http.repository import Repository
from tests.server.running import until
from tests.support.cluster import storage
from tests.support.daemon import DaemonDied
from tests.support.ports import free_port
from tests.support.postgres import PostgresCluster
from tests.support.s3 import SECRET_KEY, S3Engine
from tests.support.server import JettisonServer, merged
from tests.support.shifted import shifted
from tests.support.verb import verb

pytestmark = pytest.mark.needs("postgresql", "s3")

LAYER = os.urandom(300_000)
DIGEST = Digest.of(LAYER)
OCTETS = {"Content-Type": "application/octet-stream"}


def s3_of(bucket: Bucket) -> dict[str, Any]:
    """What `storage.s3` says of a bucket, with a prefix as people write it."""
    return storage(bucket) | ({"rootdirectory": f"/{bucket.prefix}/"} if bucket.prefix else {})


def configuration(url: str, bucket: Bucket, **more: Any) -> dict[str, Any]:
    """A registry in that database and bucket."""
    base = {"storage": {"filesystem": None, "s3": s3_of(bucket)}, "jettison": {"database": {"url": url}}}
    return merged(base, more)


@pytest.fixture(scope="module")
def bucket(s3_engine: S3Engine) -> Bucket:
    """A bucket that both share."""
    return s3_engine.bucket("registry/v2")


@pytest.fixture(scope="module")
def url(postgres: PostgresCluster) -> Iterator[str]:
    """The database that both share."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="module")
def one(url: str, bucket: Bucket) -> Iterator[JettisonServer]:
    """A replica that has no name of its own, and redirects."""
    debug = {"debug": {"addr": f"127.0.0.1:{free_port()}", "prometheus": {"enabled": True}}}
    with JettisonServer(config=configuration(url, bucket, http=debug)) as running:
        yield running


@pytest.fixture(scope="module")
def two(url: str, bucket: Bucket, one: JettisonServer) -> Iterator[JettisonServer]:
    """One that has a name, and sends blobs itself. It starts while the other serves."""
    config = configuration(url, bucket, storage={"redirect": {"disable": True}}, jettison={"replica": "two"})
    with JettisonServer(config=config) as running:
        yield running


def client(server: JettisonServer) -> httpx2.Client:
    """A client that is sent nowhere by itself."""
    return httpx2.Client(base_url=server.url, timeout=20, trust_env=False)


@pytest.fixture
def blob(one: JettisonServer) -> str:
    """The path of a blob that was pushed."""
    with client(one) as pushing:
        Repository(pushing, "app").push_blob(LAYER)
    return f"/v2/app/blobs/{DIGEST}"


def test_an_upload_whose_every_request_meets_another_replica(one: JettisonServer, two: JettisonServer) -> None:
    """Small pieces are gathered, and all of it is there at both."""
    content = os.urandom(100_000)
    digest = Digest.of(content)
    with client(one) as first, client(two) as second:
        clients = (first, second)
        location = first.post("/v2/moving/blobs/uploads/").headers["location"]
        for turn in range(4):
            piece = content[turn * 25_000 : (turn + 1) * 25_000]
            answer = clients[turn % 2].patch(location, content=piece, headers=OCTETS)
            assert answer.status_code == 202, answer.text
            location = answer.headers["location"]
        assert first.put(location, params={"digest": str(digest)}).status_code == 201
        for asked in clients:
            got = asked.get(f"/v2/moving/blobs/{digest}", follow_redirects=True)
            assert got.content == content


def test_a_blob_is_got_from_the_bucket_and_asked_about_here(one: JettisonServer, blob: str) -> None:
    """GET is redirected, by a URL that is good for half of the grace; HEAD has its answer at once."""
    with client(one) as asking:
        head, answer = asking.head(blob), asking.get(blob)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(LAYER)))
    assert answer.status_code == 307
    assert answer.headers["docker-content-digest"] == str(DIGEST)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    location = httpx2.URL(answer.headers["location"])
    assert location.params["X-Amz-Expires"] == "150"
    got = httpx2.get(location, trust_env=False)
    assert (got.status_code, got.content) == (200, LAYER)
    assert got.headers["content-type"] == "application/octet-stream"
    part = httpx2.get(location, headers={"Range": "bytes=5-9"}, trust_env=False)
    assert (part.status_code, part.content) == (206, LAYER[5:10])


def test_what_a_redirect_cannot_do_is_answered_here(one: JettisonServer, blob: str) -> None:
    """What the client has already, a part beyond the end, and a part on a condition, of which the bucket knows none."""
    with client(one) as asking:
        etag = asking.head(blob).headers["etag"]
        assert asking.get(blob, headers={"If-None-Match": etag}).status_code == 304
        assert asking.get(blob, headers={"Range": f"bytes={len(LAYER)}-"}).status_code == 416
        part = asking.get(blob, headers={"Range": "bytes=5-9", "If-Range": etag})
        assert (part.status_code, part.content) == (206, LAYER[5:10])
        assert asking.get("/v2/app/blobs/sha256:" + "0" * 64).status_code == 404


def test_without_redirects_blobs_go_through_the_registry(two: JettisonServer, blob: str) -> None:
    """Whole and in parts, with our ETag."""
    with client(two) as asking:
        whole = asking.get(blob)
        assert (whole.status_code, whole.content) == (200, LAYER)
        assert whole.headers["etag"] == f'"{DIGEST}"'
        for asked, part in (("5-9", LAYER[5:10]), ("-7", LAYER[-7:]), ("200000-", LAYER[200_000:])):
            answer = asking.get(blob, headers={"Range": f"bytes={asked}"})
            assert (answer.status_code, answer.content) == (206, part)


def test_an_image_that_is_deleted_at_one_is_gone_at_the_other(one: JettisonServer, two: JettisonServer) -> None:
    """With its repository, at once; and undone there."""
    with client(one) as first, client(two) as second:
        Repository(first, "gone").push_image("layer", "v1")
        assert "gone" in second.get("/v2/_catalog").json()["repositories"]
        deletion = second.delete("/v2/gone").json()["deletion"]
        assert "gone" not in first.get("/v2/_catalog").json()["repositories"]
        assert first.get("/v2/gone/manifests/v1").status_code == 404
        assert first.post(f"/api/v1/deletions/{deletion}/restore", json={}).status_code == 200
        assert second.get("/v2/gone/manifests/v1").status_code == 200


def test_each_answer_says_which_replica_gave_it(one: JettisonServer, two: JettisonServer) -> None:
    """By the name it was given, else by its machine's; pages, errors and the API too."""
    for server, name in ((one, os.uname().nodename), (two, "two")):
        with client(server) as asking:
            for path in ("/v2/", "/v2/none/manifests/none", "/api/v1/version", "/nothing"):
                assert asking.get(path).headers["x-jettison-replica"] == name


def test_a_server_alone_says_no_name() -> None:
    """Unless it was given one."""
    with JettisonServer() as alone:
        assert "x-jettison-replica" not in httpx2.get(f"{alone.url}/v2/", trust_env=False).headers
    with JettisonServer(config={"jettison": {"replica": "mine"}}) as named:
        assert httpx2.get(f"{named.url}/v2/", trust_env=False).headers["x-jettison-replica"] == "mine"


def test_the_metrics_say_which_replica_they_are_of(one: JettisonServer) -> None:
    """So that numbers of several can be told apart, and joined."""
    address = yaml.safe_load(one.config_file.read_text())["http"]["debug"]["addr"]
    metrics = httpx2.get(f"http://{address}/metrics", trust_env=False).text
    assert f'jettison_replica_info{{replica="{os.uname().nodename}"}} 1.0' in metrics


def test_nothing_is_made_on_the_machine(one: JettisonServer, blob: str) -> None:
    """No data folder, no lock, no database."""
    assert {path.name for path in one.config_file.parent.iterdir()} == {"config.yml", "log"}


def test_what_is_said_at_start_names_the_bucket_and_no_secret(one: JettisonServer, bucket: Bucket) -> None:
    """Where the data lies, and what this replica is called."""
    assert f"data      bucket {bucket.name}/registry/v2 of {bucket.endpoint} (database: PostgreSQL)" in one.log
    assert f"replica   {os.uname().nodename}" in one.log
    assert SECRET_KEY not in one.log


def test_verbs_work_beside_the_servers(one: JettisonServer, two: JettisonServer, blob: str) -> None:
    """They open the same bucket, and find in it what the database names."""
    for words in (("check", "--read-data"), ("garbage-collect", "--dry-run")):
        done = verb(words[0], one.config_file, *words[1:])
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_bucket_of_another_registry_is_not_opened(one: JettisonServer, blob: str, s3_engine: S3Engine) -> None:
    """A sweep of it would forget what it must delete."""
    config = yaml.safe_load(one.config_file.read_text())
    config["storage"]["s3"] = s3_of(s3_engine.bucket())
    other = one.config_file.parent / "other.yml"
    other.write_text(yaml.safe_dump(config))
    try:
        done = verb("garbage-collect", other)
    finally:
        other.unlink()
    assert done.returncode == 1
    assert "has none of the bytes that the database names first" in done.stderr


def test_a_bucket_that_cannot_be_reached_stops_the_start(url: str, s3_engine: S3Engine) -> None:
    """In one line, with its name and what may be wrong."""
    with pytest.raises(DaemonDied, match="no-such-bucket") as died:
        JettisonServer(config=configuration(url, s3_engine.at("no-such-bucket"))).start()
    assert "Traceback" not in str(died.value)


def test_credentials_are_found_as_boto3_finds_them(url: str, bucket: Bucket, one: JettisonServer, blob: str) -> None:
    """Here by the usual variables."""
    s3 = {"accesskey": None, "secretkey": None}
    environ = {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key}
    with JettisonServer(config=configuration(url, bucket, storage={"s3": s3}), environ=environ) as running:
        got = httpx2.get(f"{running.url}{blob}", follow_redirects=True, trust_env=False)
        assert got.content == LAYER


def test_clients_are_sent_to_the_address_that_they_can_reach(url: str, bucket: Bucket, blob: str) -> None:
    """The bucket's public one, with a signature for it; the registry itself need not reach it."""
    public = bucket.endpoint.replace("127.0.0.1", "localhost")
    config = configuration(url, bucket, storage={"s3": {"redirectendpoint": public}})
    with JettisonServer(config=config) as running:
        answer = httpx2.get(f"{running.url}{blob}", trust_env=False)
        assert answer.headers["location"].startswith(f"{public}/")
        assert httpx2.get(answer.headers["location"], trust_env=False).content == LAYER


@pytest.mark.needs("cc")
def test_a_replica_whose_clock_is_far_off_sends_blobs_itself(
    url: str, bucket: Bucket, blob: str, tmp_path: Path
) -> None:
    """It says so; the URLs that it would sign are expired, or good for too long."""
    with JettisonServer(config=configuration(url, bucket), environ=shifted(-300, tmp_path)) as late:
        got = httpx2.get(f"{late.url}{blob}", trust_env=False)
        assert (got.status_code, got.content) == (200, LAYER)
        until(lambda: "this machine's clock is not the database's" in late.log)


def test_the_health_of_the_storage_is_that_of_the_bucket(postgres_url: str) -> None:
    """While the engine is away every request is refused; once it is back, all is well by itself."""
    health = {"storagedriver": {"enabled": True, "interval": "200ms"}}
    with (
        S3Engine() as engine,
        JettisonServer(config=configuration(postgres_url, engine.bucket(), health=health)) as server,
        client(server) as asking,
    ):
        Repository(asking, "app").push_blob(LAYER)
        engine.kill()
        until(lambda: asking.get("/v2/").status_code == 503)
        until(lambda: "check=storagedriver_s3aws" in server.log)
        engine.start()
        until(lambda: asking.get("/v2/").status_code == 200)
        assert asking.get(f"/v2/app/blobs/{DIGEST}", follow_redirects=True).content == LAYER
