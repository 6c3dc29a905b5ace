"""The registry that settings describe: its database, its bytes, its rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import structlog

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import Blobs
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate, migrations
from jettison.registry.lockout import Lockout
from jettison.registry.policy import Policy
from jettison.registry.registry import Registry, Rules
from jettison.server.bucket import bucket_of
from jettison.server.notifying import events
from jettison.settings import Settings
from jettison.settings.models.limits import SignIns

DATABASE = "jettison.db"

NEVER = 10**17
"""Microseconds, more than 3,000 years of them: older than anything is."""

_log = structlog.get_logger("jettison.database")


def open_registry(settings: Settings) -> Registry:
    """The registry that ``settings`` describe.

    Raises Unavailable, NewerSchema, or Unsuitable for its data folder or bucket.
    """
    if settings.storage.folder is not None:
        settings.storage.folder.mkdir(parents=True, exist_ok=True)
    database = open_database(settings)
    try:
        return Registry(database, open_blobs(settings), rules(settings), events=events(settings))
    except BaseException:
        database.close()
        raise


def open_blobs(settings: Settings) -> Blobs:
    """The bytes in the data folder, which must be there, or in the bucket. Raises Unsuitable."""
    s3, folder = settings.storage.s3, settings.storage.folder
    if s3 is None:
        if folder is None:
            raise AssertionError("settings name a data folder or a bucket")
        return FilesystemBlobs(folder)
    # Imported where it is used: boto3 costs a part of every start.
    from jettison.blobs.s3 import S3Blobs  # noqa: PLC0415

    return S3Blobs(bucket_of(s3))


def open_database(settings: Settings) -> Database:
    """SQLite in the data folder, or the PostgreSQL of ``jettison.database.url``, with this version's schema."""
    database, dialect = connect(settings)
    try:
        found = migrate(database, dialect, _wait)
    except BaseException:
        database.close()
        raise
    if found > max(migrations()):
        _log.info("a newer program has brought the database to its schema, which this one can serve", schema=found)
    return database


def connect(settings: Settings) -> tuple[Database, str]:
    """That database as it is, and the word by which :func:`migrate` knows its kind. Raises Unavailable."""
    wanted, folder = settings.jettison.database, settings.storage.folder
    # Each driver is imported where it is used: the other one costs a tenth of a second of every start.
    if wanted.url is None:
        from jettison.metadata.sqlite import SQLiteDatabase  # noqa: PLC0415

        if folder is None:
            raise AssertionError("settings name a PostgreSQL where there is no data folder")
        return SQLiteDatabase(folder / DATABASE, reserve=True), "sqlite"
    from jettison.metadata.postgres import PostgresDatabase  # noqa: PLC0415

    return PostgresDatabase(str(wanted.url), connections=wanted.connections), "postgres"


def _wait() -> None:
    _log.info("another replica brings the database to this version's schema: waiting for it")


def rules(settings: Settings) -> Rules:
    """The rules that ``settings`` set."""
    own = settings.jettison
    return Rules(
        delete_enabled=settings.storage.delete.enabled,
        children_required=settings.validation.checked.indexes.platforms != "none",
        blobs_required=own.validation.blobs == "all",
        manifest_limit=own.limits.manifest,
        tag_limit=own.limits.tags,
        catalog_limit=settings.catalog.maxentries,
        list_limit=settings.tags.maxtags,
        policy=_policy(settings),
        undo=_microseconds(own.deletions.undo),
        upload_lease=_microseconds(own.leases.upload),
        touch_lease=_microseconds(own.leases.touch),
        sweep_grace=_microseconds(own.sweep.grace),
        upload_age=_upload_age(settings),
        blob_limit=own.limits.blob,
        audit_kept=_microseconds(own.audit.keep),
        lockout=_lockout(own.limits.signins),
        read_only=settings.storage.maintenance.readonly.enabled,
    )


def _lockout(signins: SignIns) -> Lockout:
    return Lockout(signins.failures, signins.address, _microseconds(signins.wait), _microseconds(signins.longest))


def _policy(settings: Settings) -> Policy:
    checked = settings.validation.checked
    listed = checked.indexes.platformlist if checked.indexes.platforms == "list" else ()
    return Policy(
        classes=frozenset(settings.policy.repository.classes),
        platforms=frozenset((platform.architecture, platform.os) for platform in listed),
        allowed=_any(checked.urls.allow),
        denied=_any(checked.urls.deny),
    )


def _any(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None


def _upload_age(settings: Settings) -> int:
    """How long an upload rests: our own word for it comes before distribution's."""
    purging = settings.storage.maintenance.uploadpurging
    own = settings.jettison.sweep.uploads
    if own is None and not purging.enabled:
        return NEVER
    return _microseconds(own or purging.age)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
