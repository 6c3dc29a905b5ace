"""What a test of rows gets: an empty database with this version's schema, on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.support.place import clock, database, database_url, place, registry, shared_url

__all__ = ["clock", "database", "database_url", "place", "registry", "shared_url"]
