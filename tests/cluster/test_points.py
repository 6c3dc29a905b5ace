"""A replica dies between the steps of an upload, and another one, which ran all the while, goes on."""

from __future__ import annotations

import pytest

from jettison.registry.failpoint import VARIABLE
from tests.cluster.aftermath import nothing_is_left_in
from tests.crashes.over_http import CONFIG
from tests.crashes.script import SCRIPT, state_after
from tests.crashes.test_points import go_on, points, until_it_dies
from tests.support.cluster import replica_config
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine
from tests.support.server import JettisonServer, merged


@pytest.mark.parametrize("point", [name for name in points() if name.startswith("upload.")])
def test_another_replica_goes_on_where_one_has_died(point: str, postgres: PostgresCluster, storage: S3Engine) -> None:
    """The act under way was done or was not; the script goes on from there; at its end, nothing is left over."""
    url, bucket = postgres.create_database(), storage.bucket()
    config = merged(replica_config(url, bucket), CONFIG)
    config["storage"]["filesystem"] = None  # takes away what a server has by itself
    dying = JettisonServer(config=config, environ={VARIABLE: f"{point}:1"})
    with dying, JettisonServer(config=config) as other:
        done = until_it_dies(dying)
        assert done < len(SCRIPT), f"nothing here comes to {point}"
        go_on(other, done)
    kept = {draft for each in state_after(len(SCRIPT)).values() for draft in each.manifests}
    kept |= {child for draft in kept for child in draft.children}
    nothing_is_left_in(url, bucket, {blob for draft in kept for blob in draft.blobs})
    postgres.drop_database(url)
