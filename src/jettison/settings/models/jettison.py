"""`jettison`: what distribution has no word for."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from jettison.settings.models.auth import SignIn
from jettison.settings.models.limits import Limits
from jettison.settings.models.section import Section
from jettison.settings.values import Count, DatabaseUrl, LengthOfTime, LengthOfTimeOrNone, Name, Proxy, one_of


class Database(Section):
    """`jettison.database`: what exists, as rows."""

    url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL database, as postgresql://user@host/name, with libpq's options; what it leaves out,"
        " `PG*` variables say. Without it, SQLite in the data folder.",
        repr=False,
    )
    connections: Count = Field(default=16, description="Most connections to PostgreSQL that each process opens.")


class Completeness(Section):
    """`jettison.validation`: what is checked beyond distribution's settings."""

    blobs: Annotated[Literal["all", "none"], PlainValidator(one_of("all", "none"))] = Field(
        default="all", description="Which blobs of an image must have been pushed before its manifest: all or none."
    )


class Deletions(Section):
    """`jettison.deletions`: what becomes of what was deleted."""

    undo: LengthOfTimeOrNone = Field(
        default=timedelta(hours=24), description="How long a deletion can be undone; 0 is not at all."
    )


class Leases(Section):
    """`jettison.leases`: how long content stays that no manifest needs yet, or any longer."""

    upload: LengthOfTime = Field(
        default=timedelta(hours=24), description="How long a blob that was uploaded waits for a manifest that needs it."
    )
    touch: LengthOfTime = Field(
        default=timedelta(hours=1),
        description="How long a blob stays at least after a client has asked for it by HEAD.",
    )


class Sweep(Section):
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


class Audit(Section):
    """`jettison.audit`: who did what."""

    keep: LengthOfTimeOrNone = Field(
        default=timedelta(days=90), description="How long the audit log keeps a line; 0 is for ever."
    )


class Jettison(Section):
    """`jettison`: what distribution has no word for."""

    database: Database = Field(default=Database(), description="What exists, as rows.")
    replica: Name | None = Field(
        default=None,
        description="What this process is called among those that share a bucket, in `X-Jettison-Replica` and the"
        " metrics; without it, as its machine, where content lies in a bucket.",
    )
    validation: Completeness = Field(
        default=Completeness(), description="What is checked beyond distribution's settings."
    )
    limits: Limits = Field(default=Limits(), description="How much anybody may ask of the registry.")
    proxies: tuple[Proxy, ...] = Field(
        default=(),
        description="Addresses and networks of the proxies in front, as 10.0.0.7 or 10.0.0.0/8; `unix` is whoever comes"
        " by the socket. Only they are believed about those for whom they ask.",
    )
    signin: SignIn = Field(default=SignIn(), description="How names and passwords may arrive.")
    audit: Audit = Field(default=Audit(), description="Who did what.")
    deletions: Deletions = Field(default=Deletions(), description="What becomes of what was deleted.")
    leases: Leases = Field(default=Leases(), description="How long content stays that no manifest needs.")
    sweep: Sweep = Field(default=Sweep(), description="How space comes back that nothing needs any more.")
