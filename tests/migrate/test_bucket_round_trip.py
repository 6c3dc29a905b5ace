"""Written to S3 by distribution, adopted where it lies, changed, exported, and served by distribution again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from jettison.blobs.bucket import Bucket
from tests.migrate.test_round_trip import TO, digests, distribution
from tests.support.client import Client, Home
from tests.support.distribution import DistributionServer
from tests.support.layout import Layout, two_platforms
from tests.support.s3 import S3Engine
from tests.support.server import JettisonServer, merged
from tests.support.verb import verb

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("distribution", "skopeo", "s3", "postgresql"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def home() -> Iterator[Home]:
    """A home for the client programs."""
    with Home() as made:
        yield made


@pytest.fixture
def skopeo(home: Home) -> Client:
    """Skopeo."""
    return home.hidden_client("skopeo")


def storage(bucket: Bucket) -> dict[str, Any]:
    """`storage` of a configuration that both registries take."""
    s3 = {
        "accesskey": bucket.access_key,
        "secretkey": bucket.secret_key,
        "region": bucket.region,
        "regionendpoint": bucket.endpoint,
        "forcepathstyle": True,
        "secure": False,
        "bucket": bucket.name,
        "rootdirectory": f"/{bucket.prefix}",
    }
    return {"storage": {"filesystem": None, "s3": s3, "redirect": {"disable": True}}}


def test_a_tree_in_s3_is_adopted_changed_and_exported(
    skopeo: Client, home: Home, s3_engine: S3Engine, postgres_url: str, tmp_path: Path
) -> None:
    """The first start adopts it; every tag is pulled, one is deleted; the export has what is left."""
    work = home.work("work")
    layout = Layout(work / "layout")
    layout.image("1")
    layout.image("gone")
    multi, _, _ = two_platforms(work / "multi")
    config = storage(s3_engine.bucket("registry"))
    with DistributionServer("registry", config=config) as before:
        skopeo("copy", TO, f"oci:{layout.folder}:1", f"docker://{before.address}/app:1")
        skopeo("copy", TO, f"oci:{layout.folder}:1", f"docker://{before.address}/app:latest")
        skopeo("copy", TO, f"oci:{layout.folder}:gone", f"docker://{before.address}/app:gone")
        skopeo("copy", TO, "--all", f"oci:{multi.folder}:1", f"docker://{before.address}/app/nested:multi")
        expected = digests(before.url)
    assert len(expected) == 4

    with JettisonServer(config=config, database_url=postgres_url) as server:
        assert digests(server.url) == expected
        assert "adopted" in server.log
        for name in expected:
            skopeo("copy", "--src-tls-verify=false", "--all", f"docker://{server.address}/{name}",
                   f"oci:{work / name.replace('/', '-').replace(':', '-')}:1")  # fmt: skip
        httpx2.delete(f"{server.url}/v2/app/manifests/gone", trust_env=False).raise_for_status()
        del expected["app:gone"]
        server.restart()
        assert digests(server.url) == expected
        done = verb("export", tmp_path / "export", "--config", server.config_file)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    with distribution("registry", tmp_path / "export") as after:
        assert digests(after.url) == expected
        skopeo("copy", "--src-tls-verify=false", f"docker://{after.address}/app:1", f"oci:{work / 'again'}:1")


def test_the_verb_adopts_a_bucket(
    skopeo: Client, home: Home, s3_engine: S3Engine, postgres_url: str, tmp_path: Path
) -> None:
    """It says what came of it; without a tree it says what to set."""
    layout = Layout(home.work("layout") / "layout")
    layout.image("1")
    config = storage(s3_engine.bucket())
    with DistributionServer("registry", config=config) as before:
        skopeo("copy", TO, f"oci:{layout.folder}:1", f"docker://{before.address}/app:1")
        expected = digests(before.url)
    file = tmp_path / "config.yml"
    of_database = {"jettison": {"database": {"url": postgres_url}}}
    file.write_text(yaml.safe_dump(merged({"version": 0.1, **of_database}, storage(s3_engine.bucket()))))
    done = verb("adopt", file)
    assert done.returncode == 1
    assert "storage.s3.bucket and storage.s3.rootdirectory" in done.stderr
    file.write_text(yaml.safe_dump(merged({"version": 0.1, **of_database}, config)))
    done = verb("adopt", file)
    assert done.returncode == 0, done.stderr
    assert "1 repositories" in done.stdout
    with JettisonServer(config=config, database_url=postgres_url) as server:
        assert digests(server.url) == expected
