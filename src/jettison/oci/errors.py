"""The errors of a registry: one class for each meaning, each with the code that the error body carries.

    RegistryError
    |-- NameInvalid, NameUnknown, TagInvalid, DigestInvalid
    |-- ManifestInvalid, ManifestUnknown, ManifestBlobUnknown
    |-- BlobUnknown, BlobUploadUnknown, BlobUploadInvalid
    |-- SizeInvalid, TooLarge, RangeInvalid, PaginationInvalid
    |-- Unauthorized, Denied, TooManyRequests
    |-- Unsupported, PlanOutdated, DeletionUnknown, DeletionEnded
    |-- PatternInvalid, RuleInvalid, FilterTooWide, NothingMatched
    |-- AccountInvalid, AccountUnknown, AccountExists, LastAdministrator
    |-- GrantInvalid, GrantUnknown
    `-- Unavailable
        `-- DiskFull

The codes are those of OCI distribution 1.1, "Error Codes", and where that list has no word, those of CNCF distribution
or our own. Which HTTP status each class becomes is decided in `jettison.http`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, TypeAlias, Union

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007

LONGEST_QUOTE: Final = 100


def quoted(text: str) -> str:
    """`text` for a message: quoted, escaped to printable text, and cut to a length that no sender can inflate."""
    return repr(text) if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]!r}..."


class RegistryError(Exception):
    """A request that cannot be served, with the reason and what to do about it in `message`.

    `detail` is anything JSON can hold; it becomes `detail` in the error body.
    """

    code: ClassVar[str] = "UNKNOWN"

    def __init__(self, message: str, detail: Json = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NameInvalid(RegistryError):
    """The repository name is not in the grammar of OCI distribution 1.1, "Pulling manifests"."""

    code = "NAME_INVALID"


class NameUnknown(RegistryError):
    """There is no such repository."""

    code = "NAME_UNKNOWN"


class TagInvalid(RegistryError):
    """The tag is not in the grammar of OCI distribution 1.1, "Pulling manifests"."""

    code = "TAG_INVALID"


class DigestInvalid(RegistryError):
    """The digest cannot be read, is of an algorithm that is not supported, or is not that of the content."""

    code = "DIGEST_INVALID"


class ManifestInvalid(RegistryError):
    """The manifest breaks the specification of its media type, or is of a media type that is not stored."""

    code = "MANIFEST_INVALID"


class ManifestUnknown(RegistryError):
    """The repository has no such manifest or tag."""

    code = "MANIFEST_UNKNOWN"


class ManifestBlobUnknown(RegistryError):
    """The manifest needs blobs or manifests that the repository does not have."""

    code = "MANIFEST_BLOB_UNKNOWN"


class BlobUnknown(RegistryError):
    """The repository has no such blob."""

    code = "BLOB_UNKNOWN"


class BlobUploadUnknown(RegistryError):
    """There is no such upload in this repository: it was never begun, was finished, was cancelled, or expired."""

    code = "BLOB_UPLOAD_UNKNOWN"


class BlobUploadInvalid(RegistryError):
    """The upload cannot go on as asked, for example because another request is writing to it."""

    code = "BLOB_UPLOAD_INVALID"


class SizeInvalid(RegistryError):
    """The content is not as long as its Content-Length says."""

    code = "SIZE_INVALID"


class TooLarge(RegistryError):
    """The content is larger than this registry accepts."""

    code = "SIZE_INVALID"


class RangeInvalid(RegistryError):
    """The range cannot be read, or is not one that can be served or taken.

    `size` is how many bytes there are: of the blob that is read, or received so far by the upload. None: not known
    where the error was raised.
    """

    code = "RANGE_INVALID"

    def __init__(self, message: str, detail: Json = None, *, size: int | None = None) -> None:
        super().__init__(message, detail)
        self.size = size


class PaginationInvalid(RegistryError):
    """The number of entries asked for (`n`) is not one that can be given."""

    code = "PAGINATION_NUMBER_INVALID"


class Unsupported(RegistryError):
    """The operation is one that this registry, or this registry as it is set up, does not do."""

    code = "UNSUPPORTED"


class Unauthorized(RegistryError):
    """Nobody has said who they are, and the operation is not open to everyone."""

    code = "UNAUTHORIZED"


class Denied(RegistryError):
    """Whoever asks may not do this."""

    code = "DENIED"


class TooManyRequests(RegistryError):
    """Too many requests in too short a time; `seconds` is how long to wait before the next."""

    code = "TOOMANYREQUESTS"

    def __init__(self, message: str, detail: Json = None, *, seconds: int = 1) -> None:
        super().__init__(message, detail)
        self.seconds = seconds


class PlanOutdated(RegistryError):
    """What the plan was made for has changed since: plan again."""

    code = "PLAN_OUTDATED"


class DeletionUnknown(RegistryError):
    """The journal has no such deletion."""

    code = "DELETION_UNKNOWN"


class DeletionEnded(RegistryError):
    """The deletion cannot be undone or purged (any more), or nothing of it could come back."""

    code = "DELETION_ENDED"


class PatternInvalid(RegistryError):
    """The pattern over names cannot be read."""

    code = "PATTERN_INVALID"


class RuleInvalid(RegistryError):
    """The rule on what is to stay or go cannot be read: a length of time, or a number of tags."""

    code = "RULE_INVALID"


class FilterTooWide(RegistryError):
    """The filter chooses all that there is, which nobody has confirmed."""

    code = "FILTER_TOO_WIDE"


class NothingMatched(RegistryError):
    """The filter chooses nothing."""

    code = "NOTHING_MATCHED"


class AccountInvalid(RegistryError):
    """The name of a user, robot or group, or the password, is not one that can be had; the message says which can."""

    code = "ACCOUNT_INVALID"


class AccountUnknown(RegistryError):
    """There is no such user, robot or group."""

    code = "ACCOUNT_UNKNOWN"


class AccountExists(RegistryError):
    """The name is taken."""

    code = "ACCOUNT_EXISTS"


class LastAdministrator(RegistryError):
    """After it nobody could administer the registry any more."""

    code = "LAST_ADMINISTRATOR"


class GrantInvalid(RegistryError):
    """The grant cannot be read, or is one that is never made."""

    code = "GRANT_INVALID"


class GrantUnknown(RegistryError):
    """Nothing such is granted."""

    code = "GRANT_UNKNOWN"


class Unavailable(RegistryError):
    """The registry cannot serve this now, but may in a moment."""

    code = "UNAVAILABLE"


class DiskFull(Unavailable):
    """The disk of the database is full."""
