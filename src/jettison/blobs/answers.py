"""What an S3 engine answers, in the words of `store`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError

from jettison.blobs.store import NoSpace, Unreachable

_FULL = {"QuotaExceeded", "QuotaExceededException", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
_INSUFFICIENT_STORAGE = 507


class Refused(Unreachable):
    """An answer that is no success, with its ``code`` (S3, "Error responses") and ``status``."""

    def __init__(self, operation: str, code: str, status: int, message: str) -> None:
        super().__init__(f"the storage refuses {operation}: {code}, {message}")
        self.code = code
        self.status = status

    @property
    def is_missing(self) -> bool:
        """Nothing lies under that name. The answer to a HEAD has no body to say more than the status."""
        return self.code in ("NoSuchKey", "404")

    @property
    def is_ended(self) -> bool:
        """The multipart upload was completed or aborted."""
        return self.code == "NoSuchUpload"

    @property
    def is_taken(self) -> bool:
        """Something lies under a name at which nothing was to lie; or somebody else is about to put it there."""
        return self.code in ("PreconditionFailed", "412") or self.is_undecided

    @property
    def is_undecided(self) -> bool:
        """Somebody else is about to put something there, or was, and may not get that far."""
        return self.code == "ConditionalRequestConflict"


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Raise NoSpace, Refused or Unreachable for what goes wrong in a request."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        code, status = told.get("Code", "?"), error.response["ResponseMetadata"]["HTTPStatusCode"]
        if code in _FULL or status == _INSUFFICIENT_STORAGE:
            raise NoSpace(
                f"The bucket takes no more bytes ({code}). Free space or raise its quota; "
                "what was stored before is whole"
            ) from error
        raise Refused(error.operation_name, code, status, told.get("Message", "")) from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise Unreachable(f"the storage does not answer: {error}") from error


def remedy(error: Exception) -> str:
    """What to set, by what the first request to a bucket was told."""
    if isinstance(error, Refused):
        return _REMEDIES.get(error.code, "Look at what the engine says, and at storage.s3")
    if isinstance(error.__cause__, NoCredentialsError | PartialCredentialsError):
        return (
            "Set storage.s3.accesskey and storage.s3.secretkey, or give credentials the way boto3 finds them: "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its files, or the role of the machine"
        )
    return (
        "Check storage.s3.regionendpoint (storage.s3.region for Amazon's), storage.s3.secure, and that the engine runs"
    )


_CREDENTIALS = "Check storage.s3.accesskey and storage.s3.secretkey, or the credentials that boto3 finds"
_REGION = "Set storage.s3.region to the region of the bucket"
_REMEDIES = {
    "NoSuchBucket": "Make the bucket, or name another in storage.s3.bucket",
    "InvalidBucketName": "Name the bucket in storage.s3.bucket as the engine does",
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": _CREDENTIALS,
    "AccessDenied": (
        "Let these credentials list the bucket, and get, put and delete its objects: s3:ListBucket, "
        "s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload"
    ),
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
}
