from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jettison.settings import SettingsError, load
from jettison.settings.effective import effective
from jettison.settings.models.s3 import S3Storage
from tests.settings.documents import loaded, outcome, refused, written

_URL = "postgresql://jettison@db/registry"
_BASE = "version: 0.1\nhttp: {addr: ':1'}\n"
_BUCKET: dict[str, Any] = {"bucket": "images", "region": "eu-central-1"}


def base(s3: dict[str, Any], storage: str = "", jettison: str = f"database: {{url: '{_URL}'}}") -> str:
    """A file with these keys of `storage.s3`."""
    keys = ", ".join(f"{key}: {json.dumps(value)}" for key, value in s3.items())
    return f"{_BASE}storage: {{delete: {{enabled: true}}, s3: {{{keys}}}{storage}}}\njettison: {{{jettison}}}\n"


def test_a_bucket_with_distributions_keys_is_served(tmp_path: Path) -> None:
    """Each key arrives as it is written, and nothing is said."""
    keys = {
        "accesskey": "AKIA",
        "secretkey": "hunter2",
        "region": "eu-central-1",
        "regionendpoint": "https://s3.example.com:9000/",
        "redirectendpoint": "https://images.example.com",
        "forcepathstyle": False,
        "bucket": "images",
        "encrypt": True,
        "keyid": "a-key",
        "secure": False,
        "skipverify": True,
        "chunksize": 33554432,
        "rootdirectory": "/registry/v2",
        "storageclass": "standard_ia",
    }
    result = loaded(tmp_path, base=base(keys))
    expected: dict[str, Any] = keys | {"regionendpoint": "https://s3.example.com:9000", "storageclass": "STANDARD_IA"}
    assert result.notices == ()
    assert result.settings.storage.s3 == S3Storage(**expected)
    assert result.settings.storage.folder is None


def test_the_defaults_are_distributions(tmp_path: Path) -> None:
    """A bucket and its region are enough; credentials are found elsewhere."""
    s3 = loaded(tmp_path, base=base(_BUCKET)).settings.storage.s3
    assert s3 is not None
    assert (s3.accesskey, s3.secretkey, s3.secure, s3.skipverify, s3.encrypt) == ("", "", True, False, False)
    assert (s3.chunksize, s3.storageclass, s3.rootdirectory) == (10 * 1024**2, "STANDARD", "")


@pytest.mark.parametrize(
    ("keys", "in_paths"),
    [
        ({}, False),
        ({"regionendpoint": "http://minio:9000"}, True),
        ({"regionendpoint": "http://minio:9000", "forcepathstyle": False}, False),
        ({"forcepathstyle": True}, True),
    ],
)
def test_the_bucket_is_named_in_paths_where_the_engine_is_not_amazons(
    tmp_path: Path, keys: dict[str, Any], in_paths: bool
) -> None:
    """Unless it says otherwise."""
    s3 = loaded(tmp_path, base=base(_BUCKET | keys)).settings.storage.s3
    assert s3 is not None
    assert s3.in_paths is in_paths


@pytest.mark.parametrize(
    ("keys", "path", "reason"),
    [
        ({"region": "x"}, "storage.s3.bucket", "is missing: add it"),
        ({"bucket": "a b", "region": "x"}, "storage.s3.bucket", "'a b' is not the name of a bucket"),
        ({"bucket": "images"}, "storage.s3", "says nowhere where the bucket is: add `region`, or `regionendpoint`"),
        (_BUCKET | {"region": "a b"}, "storage.s3.region", "'a b' is no region: write it like eu-central-1"),
        (_BUCKET | {"accesskey": "a"}, "storage.s3", "has one of `accesskey` and `secretkey`"),
        (_BUCKET | {"secretkey": "a"}, "storage.s3", "has one of `accesskey` and `secretkey`"),
        (_BUCKET | {"chunksize": 5242879}, "storage.s3.chunksize", "5242879 is too small: it is at least 5242880"),
        (_BUCKET | {"chunksize": 5368709121}, "storage.s3.chunksize", "5368709121 is too large"),
        (_BUCKET | {"chunksize": "10MB"}, "storage.s3.chunksize", "'10MB' is not a whole number"),
        (_BUCKET | {"storageclass": "GLACIER"}, "storage.s3.storageclass", "'GLACIER' is not none or standard"),
        (_BUCKET | {"rootdirectory": "a/../b"}, "storage.s3.rootdirectory", "cannot be part of an object's name"),
        (_BUCKET | {"rootdirectory": "a?b"}, "storage.s3.rootdirectory", "cannot be part of an object's name"),
        (_BUCKET | {"regionendpoint": "ftp://x"}, "storage.s3.regionendpoint", "is not the address of an S3 engine"),
        (_BUCKET | {"regionendpoint": "http://x/y"}, "storage.s3.regionendpoint", "is not the address of an S3"),
        (_BUCKET | {"redirectendpoint": "x:9"}, "storage.s3.redirectendpoint", "has no scheme: write it like https"),
        (_BUCKET | {"v4auth": False}, "storage.s3.v4auth", "the older signatures are not made any more"),
        (_BUCKET | {"accelerate": True}, "storage.s3.accelerate", "use_accelerate_endpoint"),
        (_BUCKET | {"usedualstack": True}, "storage.s3.usedualstack", "AWS_USE_DUALSTACK_ENDPOINT=true"),
        (_BUCKET | {"usefipsendpoint": True}, "storage.s3.usefipsendpoint", "AWS_USE_FIPS_ENDPOINT=true"),
        (_BUCKET | {"objectacl": "public-read"}, "storage.s3.objectacl", "BucketOwnerEnforced"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(tmp_path: Path, keys: dict[str, Any], path: str, reason: str) -> None:
    """One finding, at its line, with what to do."""
    (finding,) = refused(tmp_path, base=base(keys))
    assert (finding.path, finding.origin.line) == (path, 3)
    assert reason in finding.message


def test_what_says_what_is_done_anyway_is_taken(tmp_path: Path) -> None:
    """Values of distribution's that change nothing here, without a word."""
    keys = {
        "v4auth": True,
        "accelerate": False,
        "usedualstack": False,
        "usefipsendpoint": False,
        "objectacl": "private",
    }
    assert loaded(tmp_path, base=base(_BUCKET | keys)).notices == ()


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("multipartcopychunksize", 33554432, "nothing is copied"),
        ("multipartcopymaxconcurrency", 100, "nothing is copied"),
        ("multipartcopythresholdsize", 33554432, "nothing is copied"),
        ("useragent", "x", "in the name of boto3"),
        ("loglevel", "debug", "in the log anyway"),
    ],
)
def test_keys_without_effect_say_why(tmp_path: Path, key: str, value: object, why: str) -> None:
    """They are accepted, with one notice."""
    (notice,) = loaded(tmp_path, base=base(_BUCKET | {key: value})).notices
    assert notice.path == f"storage.s3.{key}"
    assert why in notice.message


def test_a_bucket_without_a_postgresql_is_refused(tmp_path: Path) -> None:
    """Rows on one machine's disk are no registry that several share: the finding says what to set."""
    (finding,) = refused(tmp_path, base=base(_BUCKET, jettison=""))
    assert (finding.path, finding.origin.line) == ("storage.s3", 3)
    assert "`jettison.database.url` (REGISTRY_JETTISON_DATABASE_URL)" in finding.message
    assert "PG* variables" in finding.message


def test_two_places_for_content_are_refused(tmp_path: Path) -> None:
    """As with distribution: nobody can say which of them was meant."""
    (finding,) = refused(tmp_path, base=base(_BUCKET, storage=", filesystem: {rootdirectory: /srv}"))
    assert finding.path == "storage"
    assert finding.message == "names filesystem and s3: keep one"


@pytest.mark.parametrize(
    ("grace", "disable", "served"), [("9s", False, False), ("9s", True, True), ("10s", False, True)]
)
def test_signed_urls_need_time_before_bytes_are_deleted(
    tmp_path: Path, grace: str, disable: bool, served: bool
) -> None:
    """A grace too short for redirects is refused with both ways out; without redirects it may be any."""
    text = base(
        _BUCKET,
        storage=f", redirect: {{disable: {str(disable).lower()}}}",
        jettison=f"database: {{url: 'postgresql://'}}, sweep: {{grace: {grace}}}",
    )
    result = outcome({}, written(tmp_path, text))
    assert isinstance(result, SettingsError) is not served
    if isinstance(result, SettingsError):
        (finding,) = result.findings
        assert finding.path == "jettison.sweep.grace"
        assert "write 10s or more, or `storage.redirect.disable: true`" in finding.message


def test_secrets_of_a_bucket_are_hidden(tmp_path: Path) -> None:
    """Neither what is shown of settings, nor their repr, has the keys."""
    result = loaded(tmp_path, base=base(_BUCKET | {"accesskey": "AKIA", "secretkey": "hunter2"}))
    shown = {each.path: each.value for each in effective(result)}
    assert shown["storage.s3.secretkey"] == shown["storage.s3.accesskey"] == "(hidden)"
    assert shown["storage.s3.bucket"] == "images"
    assert "hunter2" not in repr(result.settings)
    assert "AKIA" not in repr(result.settings)


def test_variables_alone_name_a_bucket() -> None:
    """The built-in folder makes way; one of a file does not."""
    environ = {
        "REGISTRY_STORAGE_S3_BUCKET": "images",
        "REGISTRY_STORAGE_S3_REGION": "eu-central-1",
        "REGISTRY_JETTISON_DATABASE_URL": "postgresql://",
    }
    settings = load(None, environ).settings
    assert settings.storage.s3 == S3Storage(bucket="images", region="eu-central-1")
    assert settings.storage.folder is None
    assert settings.storage.delete.enabled

    both = outcome(environ | {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/srv"})
    assert isinstance(both, SettingsError)


@pytest.mark.parametrize(("name", "reason"), [("a b", "is no name"), ("-a", "is no name"), ("x" * 64, "is no name")])
def test_a_replica_has_a_name_that_fits_a_header(tmp_path: Path, name: str, reason: str) -> None:
    """Others are refused; without one there is none in the settings."""
    (finding,) = refused(tmp_path, f"jettison: {{replica: '{name}'}}\n")
    assert finding.path == "jettison.replica"
    assert reason in finding.message
    assert loaded(tmp_path).settings.jettison.replica is None
    assert loaded(tmp_path, "jettison: {replica: eu-1.a_b}\n").settings.jettison.replica == "eu-1.a_b"
