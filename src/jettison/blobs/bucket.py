"""An S3 bucket as plain values, and the client that reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

LEAST_PART = 5 * 1024 * 1024
"""Bytes that every part of a multipart upload has at least, except the last one (S3, "Multipart upload limits")."""

PART_SIZE = 10 * 1024 * 1024
"""Bytes of a part where nothing else is asked for; distribution's chunksize."""

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 3
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where blobs are kept: the bucket ``name``, below ``prefix``, and how to get there.

    Without ``access_key`` credentials are found the way boto3 does: the environment, its files, the machine's role.
    """

    name: str
    region: str = ""
    endpoint: str = ""
    """Where an engine other than Amazon's listens, with or without ``http://``; empty: Amazon's, of the region."""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    path_style: bool = False
    """The bucket's name is a part of the path, not of the host."""
    secure: bool = True
    """TLS, where the endpoint does not say."""
    verify: bool = True
    """Whether TLS certificates are checked."""
    prefix: str = ""
    """Before every object's name, without slashes at either end."""
    part_size: int = PART_SIZE
    encrypt: bool = False
    """Whether the engine is to encrypt what it stores, with the key ``key_id`` of its key store if one is named."""
    key_id: str = ""
    storage_class: str = ""

    def __post_init__(self) -> None:
        if self.part_size < LEAST_PART:
            raise ValueError(
                f"A part of {self.part_size} bytes is too small: S3 takes no part below {LEAST_PART} bytes"
            )
        if self.prefix != self.prefix.strip("/"):
            raise ValueError(f"The prefix {self.prefix!r} begins or ends with a slash: leave it out")

    @property
    def url(self) -> str | None:
        """The endpoint with its scheme; None where the region says it."""
        if not self.endpoint or "://" in self.endpoint:
            return self.endpoint or None
        return f"{'https' if self.secure else 'http'}://{self.endpoint}"

    def client(self) -> S3Client:
        """A new client of this bucket's engine, for any number of threads.

        It waits for no answer longer than half a minute, and asks three times at most.
        """
        # A third of a second, which only those who keep their blobs in S3 are to wait.
        import boto3.session  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if self.path_style else "auto"},
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            # Every request that brings bytes carries their MD5, which every engine knows; not all know the newer sums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.session.Session().client(
            "s3",
            region_name=self.region or None,
            endpoint_url=self.url,
            use_ssl=self.secure,
            verify=None if self.verify else False,
            aws_access_key_id=self.access_key or None,
            aws_secret_access_key=self.secret_key or None,
            aws_session_token=self.session_token or None,
            config=config,
        )
