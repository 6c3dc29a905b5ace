from __future__ import annotations

import psycopg
import pytest

from tests.support.postgres import PostgresCluster

pytestmark = pytest.mark.needs("postgresql")


def test_each_database_is_fresh(postgres: PostgresCluster) -> None:
    """What one test writes, the next does not see."""
    first, second = postgres.create_database(), postgres.create_database()
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute("create table t (a int)")

    with psycopg.connect(second) as connection:
        found = connection.execute("select count(*) from pg_tables where tablename = 't'").fetchone()

    assert found == (0,)
    postgres.drop_database(first)
    postgres.drop_database(second)


def test_text_is_not_ordered_by_bytes_by_itself(postgres_url: str) -> None:
    """The cluster sorts as people do, so that SQL which forgets to ask for the order of bytes is found out."""
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("select x from (values ('B'), ('a'), ('c')) v (x) order by x").fetchall()

    assert [row[0] for row in rows] == ["a", "B", "c"]


def test_a_killed_cluster_comes_back_with_what_was_committed() -> None:
    """After kill -9 of all its processes it starts again on the same port, with its rows."""
    with PostgresCluster() as cluster:
        url = cluster.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table t as select 7 as a")
            cluster.kill()
        cluster.start()

        with psycopg.connect(url) as connection:
            assert connection.execute("select a from t").fetchone() == (7,)
    assert not cluster.folder.exists()
