from __future__ import annotations

import pytest

from tests.support.s3 import S3Engine

pytestmark = pytest.mark.needs("s3")


def test_a_killed_engine_comes_back_with_what_it_stored() -> None:
    """At the same endpoint."""
    with S3Engine() as engine:
        bucket = engine.bucket()
        client = bucket.client()
        client.put_object(Bucket=bucket.name, Key="a", Body=b"stored")
        endpoint = engine.endpoint
        engine.kill()
        engine.start()
        assert engine.endpoint == endpoint
        assert client.get_object(Bucket=bucket.name, Key="a")["Body"].read() == b"stored"
    assert not engine.folder.exists()


def test_each_bucket_is_another_one(s3_engine: S3Engine) -> None:
    """Tests that share an engine share no bucket."""
    assert s3_engine.bucket() != s3_engine.bucket()
