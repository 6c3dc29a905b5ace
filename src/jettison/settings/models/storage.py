"""`storage`: where content lies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from jettison.settings.models.section import Section
from jettison.settings.values import Flag, Folder, LengthOfTime


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


class Maintenance(Section):
    """`storage.maintenance`: what is done about content beside serving it."""

    uploadpurging: UploadPurging = Field(
        default=UploadPurging(), description="What becomes of uploads that nobody goes on with."
    )
    readonly: ReadOnly = Field(default=ReadOnly(), description="A registry that is not written to.")


class Storage(Section):
    """`storage`: where content lies."""

    filesystem: Filesystem = Field(description="Content as files in one folder.")
    delete: Delete = Field(default=Delete(), description="Whether clients may delete.")
    maintenance: Maintenance = Field(default=Maintenance(), description="What is done about content beside serving it.")
