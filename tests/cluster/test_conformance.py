from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance.test_conformance import FEWEST_CASES, SPARSE, said
from tests.support.cluster import Cluster
from tests.support.conformance import Results, run_conformance
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine

pytestmark = [pytest.mark.needs("conformance"), pytest.mark.timeout(600)]


NO_DIGEST = "registry did not return a Docker-Content-Digest header"
"""What is said of an answer that is the bucket's: it has the bytes, and no header of ours."""


def run(cluster: Cluster, folder: Path) -> Results:
    """Run the program through the balancer; each replica has its share of the requests."""
    results = run_conformance(cluster.address, folder, "1.1")
    asked = [len(re.findall(f'"127.0.0.1:{replica.port}"', cluster.balancer.log)) for replica in cluster.replicas]
    assert results.turned_off() == []
    assert len(results.cases) >= FEWEST_CASES
    assert min(asked) > FEWEST_CASES / 10, f"the replicas were asked {asked} times"
    return results


def test_everything_in_the_specification_passes(postgres: PostgresCluster, storage: S3Engine, tmp_path: Path) -> None:
    """With its requests spread over three replicas: none failed, none skipped."""
    url = postgres.create_database()
    with Cluster(url, storage.bucket(), config=SPARSE) as cluster:
        results = run(cluster, tmp_path)
    postgres.drop_database(url)
    assert results.not_passed() == [], said(results)


def test_redirects_lack_nothing_but_a_header(postgres: PostgresCluster, storage: S3Engine, tmp_path: Path) -> None:
    """With blobs sent by the bucket, only the digest's header is missed, which the specification leaves open."""
    url = postgres.create_database()
    config = {**SPARSE, "storage": {"redirect": {"disable": False}}}
    with Cluster(url, storage.bucket(), config=config) as cluster:
        results = run(cluster, tmp_path)
    postgres.drop_database(url)
    others = [case for case in results.cases if case.status != "passed"]
    assert others, "nothing was redirected"
    own = [case for case in others if case.name.endswith("/blob-get")]
    assert own, said(results)
    assert [case for case in own if NO_DIGEST not in case.message] == [], said(results)
    parents = {case.name for case in others} - {case.name for case in own}
    assert [name for name in parents if not any(each.name.startswith(f"{name}/") for each in own)] == [], said(results)
