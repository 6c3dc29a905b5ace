"""`storage`: where content lies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, model_validator

from jettison.settings.models.s3 import S3Storage
from jettison.settings.models.section import Section
from jettison.settings.values import Flag, Folder, LengthOfTime

NOWHERE = "says nowhere where content lies: add `storage: {filesystem: {rootdirectory: /var/lib/registry}}`"


class Filesystem(Section):
    """`storage.filesystem`: content as files in one folder."""

    rootdirectory: Folder = Field(default=Path("/var/lib/registry"), description="Folder in which all data lies.")


class Delete(Section):
    """`storage.delete`: whether clients may delete."""

    enabled: Flag = Field(
        default=False, description="Whether clients may delete tags, manifests, blobs and repositories."
    )


class UploadPurging(Section):
    """`storage.maintenance.uploadpurging`: what becomes of uploads that nobody goes on with."""

    enabled: Flag = Field(default=True, description="Whether uploads that nobody goes on with are dropped at all.")
    age: LengthOfTime = Field(
        default=timedelta(hours=168), description="How long an upload rests before it is dropped."
    )


class ReadOnly(Section):
    """`storage.maintenance.readonly`: a registry that is not written to."""

    enabled: Flag = Field(default=False, description="Whether pushes and deletions are refused, by 405.")


class Redirect(Section):
    """`storage.redirect`: how blobs get from a bucket to clients."""

    disable: Flag = Field(
        default=False,
        description="Whether blobs of a bucket go through the registry, in place of clients being redirected to it.",
    )


class Maintenance(Section):
    """`storage.maintenance`: what is done about content beside serving it."""

    uploadpurging: UploadPurging = Field(
        default=UploadPurging(), description="What becomes of uploads that nobody goes on with."
    )
    readonly: ReadOnly = Field(default=ReadOnly(), description="A registry that is not written to.")


class Storage(Section):
    """`storage`: where content lies. One of `filesystem` and `s3`."""

    filesystem: Filesystem | None = Field(default=None, description="Content as files in one folder.")
    s3: S3Storage | None = Field(default=None, description="Content as objects in a bucket.")
    delete: Delete = Field(default=Delete(), description="Whether clients may delete.")
    redirect: Redirect = Field(default=Redirect(), description="How blobs get from a bucket to clients.")
    maintenance: Maintenance = Field(default=Maintenance(), description="What is done about content beside serving it.")

    @property
    def folder(self) -> Path | None:
        """The data folder; None where content lies in a bucket."""
        return None if self.filesystem is None else self.filesystem.rootdirectory

    @model_validator(mode="after")
    def _one(self) -> Storage:
        if self.filesystem is not None and self.s3 is not None:
            raise ValueError("names filesystem and s3: keep one")
        if self.filesystem is None and self.s3 is None:
            raise ValueError(NOWHERE)
        return self
