from __future__ import annotations

import pytest

from jettison.metadata.dialect import for_postgres, for_sqlite, schema


@pytest.mark.parametrize(
    ("sql", "sqlite", "postgres"),
    [
        pytest.param(
            "select a from t where b = :name and c=:other",
            "select a from t where b = :name and c=:other",
            "select a from t where b = %(name)s and c=%(other)s",
            id="values",
        ),
        pytest.param(
            "select 1 where id in :ids",
            "select 1 where id in (select value from carray(:ids))",
            "select 1 where id = any(%(ids)s)",
            id="a list",
        ),
        pytest.param(
            "select 1 where id not in :ids and x = :ids_too",
            "select 1 where id not in (select value from carray(:ids)) and x = :ids_too",
            "select 1 where id <> all(%(ids)s) and x = %(ids_too)s",
            id="not in a list",
        ),
        pytest.param(
            "select 1 where a in (select b from c where d in :many)",
            "select 1 where a in (select b from c where d in (select value from carray(:many)))",
            "select 1 where a in (select b from c where d = any(%(many)s))",
            id="a list within a subquery",
        ),
        pytest.param(
            "select (now())::bigint, '10%' where a like :like",
            "select (now())::bigint, '10%' where a like :like",
            "select (now())::bigint, '10%%' where a like %(like)s",
            id="casts and percent signs",
        ),
    ],
)
def test_one_text_becomes_that_of_each_database(sql: str, sqlite: str, postgres: str) -> None:
    """Values by their names, lists as SQLite's carray and PostgreSQL's arrays, the rest as it stands."""
    assert for_sqlite(sql) == sqlite
    assert for_postgres(sql) == postgres


@pytest.mark.parametrize(
    "lock",
    ["for update", "for no key update", "for share", "for key share", "for key share of l", "for update skip locked"],
)
def test_row_locks_are_for_postgres_alone(lock: str) -> None:
    """SQLite has one writer: whatever a statement locks at its end is left out there."""
    sql = f"select id from t l where id = :id order by id {lock}"
    assert for_sqlite(sql) == "select id from t l where id = :id order by id"
    assert for_postgres(sql) == f"select id from t l where id = %(id)s order by id {lock}"


def test_only_the_end_of_a_statement_is_a_row_lock() -> None:
    """Words that look like one elsewhere stay."""
    sql = "select name from notes where text = 'for update of prices' and id = :id"
    assert for_sqlite(sql) == sql


def test_a_schema_names_types_for_both() -> None:
    """Each placeholder is a type that the database has; on PostgreSQL text compares by bytes."""
    text = "create table t (id {serial}, n {integer}, b {bytes}, t {text} not null) {by_key}"
    assert schema(text, "sqlite").startswith("create table t (id integer primary key")
    assert schema(text, "sqlite").endswith("n integer, b blob, t text not null) without rowid")
    assert 'b bytea, t text collate "C" not null' in schema(text, "postgres")
