"""`storage.s3`: content as objects in a bucket."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, model_validator

from jettison.settings.models.section import Section
from jettison.settings.values import Flag, Text, one_of, read_text, shown, whole

_SMALLEST_PART, _LARGEST_PART = 5 * 1024**2, 5 * 1024**3
_CLASSES = (
    "NONE",
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "OUTPOSTS",
    "GLACIER_IR",
    "EXPRESS_ONEZONE",
)
_are_visible = re.compile(r"[\x21-\x7e]+").fullmatch
_is_region = re.compile(r"[A-Za-z0-9-]*").fullmatch
_is_bucket = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}").fullmatch
_is_folder = re.compile(r"[A-Za-z0-9!_.*'()/-]*").fullmatch


def _read_region(value: object) -> str:
    text = read_text(value)
    if not _is_region(text):
        raise ValueError(f"{shown(text)} is no region: write it like eu-central-1")
    return text


def _read_bucket(value: object) -> str:
    text = read_text(value)
    if not _is_bucket(text):
        raise ValueError(f"{shown(text)} is not the name of a bucket")
    return text


def _read_endpoint(value: object) -> str:
    """The address of an S3 engine: a URL, or a host and maybe a port."""
    text = read_text(value)
    if text and not _is_endpoint(text if "://" in text else f"https://{text}"):
        # It may hold a password, so it is not repeated.
        raise ValueError("is not the address of an S3 engine: write it like https://s3.example.com:9000")
    return text.rstrip("/")


def _is_endpoint(text: str) -> bool:
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  (raises where the port is not one)
    except ValueError:
        return False
    plain = url.path in {"", "/"} and not url.query and not url.fragment and url.username is None
    return url.scheme in {"http", "https"} and bool(url.hostname) and plain and _are_visible(text) is not None


def _read_public_endpoint(value: object) -> str:
    text = _read_endpoint(value)
    if text and "://" not in text:
        raise ValueError("has no scheme: write it like https://s3.example.com")
    return text


def _read_folder(value: object) -> str:
    text = read_text(value)
    if not _is_folder(text) or {".", ".."} & set(text.split("/")):
        raise ValueError(f"{shown(text)} cannot be part of an object's name: letters, digits, / and !-_.*'() can")
    return text


def _read_part(value: object) -> int:
    size = whole(_SMALLEST_PART)(value)
    if size > _LARGEST_PART:
        raise ValueError(f"{size} is too large: it is at most {_LARGEST_PART}")
    return size


_read_class = one_of(*(name.lower() for name in _CLASSES))

Endpoint: TypeAlias = Annotated[str, PlainValidator(_read_endpoint)]
PublicEndpoint: TypeAlias = Annotated[str, PlainValidator(_read_public_endpoint)]
Region: TypeAlias = Annotated[str, PlainValidator(_read_region)]
BucketName: TypeAlias = Annotated[str, PlainValidator(_read_bucket)]
FolderInBucket: TypeAlias = Annotated[str, PlainValidator(_read_folder)]
PartSize: TypeAlias = Annotated[int, PlainValidator(_read_part)]
StorageClass: TypeAlias = Annotated[str, PlainValidator(lambda value: _read_class(value).upper())]


class S3Storage(Section):
    """`storage.s3`: content as objects in a bucket, which any number of processes share."""

    accesskey: Text = Field(
        default="",
        description="Name of the key by which the bucket is opened; without it, credentials are looked for where boto3"
        " does: its variables, its files, the role of the machine.",
        repr=False,
    )
    secretkey: Text = Field(default="", description="The key itself.", repr=False)
    region: Region = Field(
        default="", description="Region of the bucket; it may be missing where there is a `regionendpoint`."
    )
    regionendpoint: Endpoint = Field(
        default="", description="Address of an S3 engine that is not Amazon's, as https://s3.example.com:9000."
    )
    redirectendpoint: PublicEndpoint = Field(
        default="",
        description="Its address for clients, who are redirected there, where that is another.",
    )
    forcepathstyle: Flag | None = Field(
        default=None,
        description="Whether the bucket is named in paths, in place of host names; without it, it is where there is a"
        " `regionendpoint`.",
    )
    bucket: BucketName = Field(description="Name of the bucket, which must be there.")
    encrypt: Flag = Field(default=False, description="Whether the engine is asked to encrypt what it stores.")
    keyid: Text = Field(default="", description="The KMS key with which it does; without it, one of its own (AES256).")
    secure: Flag = Field(
        default=True, description="Whether the engine is spoken to by HTTPS, where `regionendpoint` does not say."
    )
    skipverify: Flag = Field(default=False, description="Whether its certificate is believed unseen.")
    chunksize: PartSize = Field(
        default=10 * 1024**2,
        description="Bytes of a part, at least, in which uploads are sent to it: 5242880 to 5368709120.",
    )
    rootdirectory: FolderInBucket = Field(default="", description="What the names of all objects begin with.")
    storageclass: StorageClass = Field(
        default="STANDARD", description=f"Class of what is stored: {', '.join(_CLASSES)}, the first naming none."
    )

    @property
    def in_paths(self) -> bool:
        """Whether the bucket is named in paths."""
        return bool(self.regionendpoint) if self.forcepathstyle is None else self.forcepathstyle

    @model_validator(mode="after")
    def _whole(self) -> S3Storage:
        if bool(self.accesskey) != bool(self.secretkey):
            raise ValueError("has one of `accesskey` and `secretkey`: give both, or none and let boto3 find them")
        if not self.region and not self.regionendpoint:
            raise ValueError("says nowhere where the bucket is: add `region`, or `regionendpoint`")
        return self
