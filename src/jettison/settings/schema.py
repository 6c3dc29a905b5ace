"""The settings that are served, nested and named as in `config.yml`.

A default here is what a configuration file gets that does not say otherwise, distribution's own wherever it has one.
Without a file, `load.BUILT_IN` comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from jettison.settings.address import Address
from jettison.settings.values import (
    BaseUrl,
    Count,
    DatabaseUrl,
    Flag,
    Folder,
    HeaderName,
    HeaderValue,
    LengthOfTime,
    LengthOfTimeOrNone,
    Listening,
    MostEntries,
    one_of,
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Http(_Section):
    """`http`: where the registry listens, and what its answers carry."""

    addr: Listening = Field(
        default=Address("127.0.0.1", 5000),
        description="Address to listen on, as host:port; `:5000` is every interface, port 0 a free one.",
    )
    host: BaseUrl | None = Field(
        default=None, description="URL by which clients reach the registry; without it, Location and Link are relative."
    )
    relativeurls: Flag = Field(
        default=False, description="Relative Location and Link headers even where `http.host` is set."
    )
    headers: Mapping[HeaderName, tuple[HeaderValue, ...]] = Field(
        default_factory=dict, description="Headers of every answer: each name with a list of its values."
    )


class Filesystem(_Section):
    """`storage.filesystem`: content as files in one folder."""

    rootdirectory: Folder = Field(default=Path("/var/lib/registry"), description="Folder in which all data lies.")


class Delete(_Section):
    """`storage.delete`: whether clients may delete."""

    enabled: Flag = Field(
        default=False, description="Whether clients may delete tags, manifests, blobs and repositories."
    )


class UploadPurging(_Section):
    """`storage.maintenance.uploadpurging`: what becomes of uploads that nobody goes on with."""

    enabled: Flag = Field(default=True, description="Whether uploads that nobody goes on with are dropped at all.")
    age: LengthOfTime = Field(
        default=timedelta(hours=168), description="How long an upload rests before it is dropped."
    )


class Maintenance(_Section):
    """`storage.maintenance`: what is done about content beside serving it."""

    uploadpurging: UploadPurging = Field(
        default=UploadPurging(), description="What becomes of uploads that nobody goes on with."
    )


class Storage(_Section):
    """`storage`: where content lies."""

    filesystem: Filesystem = Field(description="Content as files in one folder.")
    delete: Delete = Field(default=Delete(), description="Whether clients may delete.")
    maintenance: Maintenance = Field(default=Maintenance(), description="What is done about content beside serving it.")


class AccessLog(_Section):
    """`log.accesslog`: one line for each request."""

    disabled: Flag = Field(default=False, description="No line for each request.")


class Log(_Section):
    """`log`: what is logged, and how."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"], PlainValidator(one_of("debug", "info", "warn", "error"))
    ] = Field(default="info", description="Least level that is logged: debug, info, warn or error.")
    formatter: Annotated[
        Literal["text", "json"],
        PlainValidator(one_of("text", "json", refused={"logstash": "write json, whose fields have other names"})),
    ] = Field(default="text", description="Form of a line: text or json.")
    accesslog: AccessLog = Field(default=AccessLog(), description="One line for each request.")


class Catalog(_Section):
    """`catalog`: the list of repositories."""

    maxentries: MostEntries = Field(
        default=1000, description="Most repositories in one answer of `_catalog`; 0 and less mean the default."
    )


class Indexes(_Section):
    """`validation.manifests.indexes`: what an index must have when it is pushed."""

    platforms: Annotated[
        Literal["all", "none"],
        PlainValidator(
            one_of("all", "none", refused={"list": "write all, or none to take an index before its manifests"})
        ),
    ] = Field(default="all", description="Which entries of an index must have been pushed before it: all or none.")


class Manifests(_Section):
    """`validation.manifests`: what a manifest must be when it is pushed."""

    indexes: Indexes = Field(default=Indexes(), description="What an index must have when it is pushed.")


class Validation(_Section):
    """`validation`: what is checked when content is pushed."""

    manifests: Manifests = Field(default=Manifests(), description="What a manifest must be when it is pushed.")


class Database(_Section):
    """`jettison.database`: what exists, as rows."""

    url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL database, as postgresql://user@host/name; without it, SQLite in the data folder.",
        repr=False,
    )


class Completeness(_Section):
    """`jettison.validation`: what is checked beyond distribution's settings."""

    blobs: Annotated[Literal["all", "none"], PlainValidator(one_of("all", "none"))] = Field(
        default="all", description="Which blobs of an image must have been pushed before its manifest: all or none."
    )


class Limits(_Section):
    """`jettison.limits`: how much one request may bring."""

    manifest: Count = Field(default=4 * 1024 * 1024, description="Largest manifest, in bytes.")
    tags: Count = Field(default=100, description="Most tags in the parameters of one push by digest.")


class Deletions(_Section):
    """`jettison.deletions`: what becomes of what was deleted."""

    undo: LengthOfTimeOrNone = Field(
        default=timedelta(hours=24), description="How long a deletion can be undone; 0 is not at all."
    )


class Leases(_Section):
    """`jettison.leases`: how long content stays that no manifest needs yet, or any longer."""

    upload: LengthOfTime = Field(
        default=timedelta(hours=24), description="How long a blob that was uploaded waits for a manifest that needs it."
    )
    touch: LengthOfTime = Field(
        default=timedelta(hours=1),
        description="How long a blob stays at least after a client has asked for it by HEAD.",
    )


class Sweep(_Section):
    """`jettison.sweep`: how space comes back that nothing needs any more."""

    interval: LengthOfTimeOrNone = Field(
        default=timedelta(seconds=30),
        description="How often the server looks for it; 0 is never by itself, but by `jettison garbage-collect`.",
    )
    grace: LengthOfTimeOrNone = Field(
        default=timedelta(minutes=5),
        description="How long bytes stay once nothing needs them, for whoever has begun to read them or to push them.",
    )
    uploads: LengthOfTime | None = Field(
        default=None,
        description="How long an upload rests before it is dropped; without it, as"
        " `storage.maintenance.uploadpurging` says: 168h.",
    )


class Jettison(_Section):
    """`jettison`: what distribution has no word for."""

    database: Database = Field(default=Database(), description="What exists, as rows.")
    validation: Completeness = Field(
        default=Completeness(), description="What is checked beyond distribution's settings."
    )
    limits: Limits = Field(default=Limits(), description="How much one request may bring.")
    deletions: Deletions = Field(default=Deletions(), description="What becomes of what was deleted.")
    leases: Leases = Field(default=Leases(), description="How long content stays that no manifest needs.")
    sweep: Sweep = Field(default=Sweep(), description="How space comes back that nothing needs any more.")


class Settings(_Section):
    """Everything that can be set, checked and unchangeable."""

    version: Annotated[Literal["0.1"], PlainValidator(one_of("0.1"))] = Field(
        description="Version of the configuration's format: 0.1."
    )
    http: Http = Field(default=Http(), description="Where the registry listens, and what its answers carry.")
    storage: Storage = Field(description="Where content lies.")
    log: Log = Field(default=Log(), description="What is logged, and how.")
    catalog: Catalog = Field(default=Catalog(), description="The list of repositories.")
    validation: Validation = Field(default=Validation(), description="What is checked when content is pushed.")
    jettison: Jettison = Field(default=Jettison(), description="What distribution has no word for.")
