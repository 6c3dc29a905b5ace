"""The bucket that settings name, as :mod:`jettison.blobs` takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jettison.settings.models.s3 import S3Storage

if TYPE_CHECKING:
    from jettison.blobs.bucket import Bucket

_USUAL_REGION = "us-east-1"
_NO_WISH = {"NONE", "STANDARD"}


def bucket_of(s3: S3Storage, endpoint: str = "") -> Bucket:
    """The bucket of ``s3``, as the registry reaches it, or by another ``endpoint``."""
    # Imported where it is used: boto3 costs a part of every start.
    from jettison.blobs.bucket import Bucket  # noqa: PLC0415

    return Bucket(
        name=s3.bucket,
        # An engine that is not Amazon's mostly has no regions, but signatures name one.
        region=s3.region or _USUAL_REGION,
        endpoint=endpoint or s3.regionendpoint,
        access_key=s3.accesskey,
        secret_key=s3.secretkey,
        path_style=s3.in_paths,
        secure=s3.secure,
        verify=not s3.skipverify,
        prefix=s3.rootdirectory.strip("/"),
        part_size=s3.chunksize,
        encrypt=s3.encrypt,
        key_id=s3.keyid,
        storage_class="" if s3.storageclass in _NO_WISH else s3.storageclass,
    )


def place(s3: S3Storage) -> str:
    """Where content lies, for people."""
    folder = s3.rootdirectory.strip("/")
    inside = f"{s3.bucket}/{folder}" if folder else s3.bucket
    return f"bucket {inside} of {s3.regionendpoint or s3.region}"
