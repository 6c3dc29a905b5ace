"""No statement looks through a table that grows with the registry; what must, is named here with the reason."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import apsw
import psycopg
import pytest

from benchmarks.million import postgres
from benchmarks.million.size import Size
from benchmarks.million.sqlite import SQLite
from jettison.metadata.dialect import for_postgres, for_sqlite
from jettison.metadata.sqlite import _bound
from tests.metadata.recording import BESIDE, FOLDER, METHODS, VARIABLE, Statement
from tests.support.command import run
from tests.support.parts import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SIZE = Size(1000, large=1000)
"""Of the registries whose plans are looked at: PostgreSQL reads an empty table as a whole, whatever it is asked."""

MORE = (
    "insert into manifest_child (parent, child) select id, id + 1 from manifest where id < 16000",
    "insert into missing (manifest, repository, digest) select id, repository, digest from manifest where id <= 500",
    "insert into discarded (key, size, after, digest) select key, size, id, digest from blob where id <= 500",
    "insert into candidate (blob) select id from blob where id <= 500",
    """insert into attempt (key, failures, failed_at, until, succeeded_at, stale_at)
       select digest, 1, id, id, 0, id from blob where id <= 500""",
    "insert into notification (endpoint, event) select key, '{}' from blob where id <= 500",
    """insert into deletion (kind, state, repository, actor, reason, deleted_at, expires_at, ended_at, summary)
       select 'tag', 'expired', key, '', '', id, id, id, '{}' from blob where id <= 10000""",
    """insert into repository (name, deletion, listed, created_at)
       select repository, id, 0, deleted_at from deletion where id <= 100""",
    "update manifest set subject = digest where id > 5000 and id <= 6000",
    "update repository_blob set leased_until = blob where blob <= 300",
    "insert into moved (key, new_key, size, damaged) select key, key, size, 0 from stored",
)
"""Rows of the tables that a registry which is filled has empty."""

SUITES = (("tests/registry", "tests/metadata", "not slow and not needs"), ("tests/migrate", "not needs"))
"""Tests that between them run every statement, and which of them."""

SMALL = {
    "account": "people and robots",
    "account_group": "groups of people",
    "account_group_member": "groups of people",
    "adoption": "trees that were adopted: one, as a rule",
    "adoption_finding": "what was broken in one of them",
    "compatible": "a row for each migration that takes something away",
    "disk_day": "a year of days",
    "disk_returning": "three rows",
    "disk_shared": "a hundred rows",
    "granted": "what is granted to people and robots",
    "lease": "a row for each kind of work that one process does at a time",
    "overview_read": "one row",
    "move": "moves of this registry: one, as a rule",
    "schema_version": "a row for each migration",
    "setup_code": "a code for each start of a server without accounts",
    "signing_key": "a few keys",
    "sweep": "a thousand rows at most",
    "upload": "what is open now: a row goes when its upload ends",
}
"""Tables that do not grow with what is pushed. All others are large."""

EVERYTHING = {
    "audit.drop": "reads the first lines, as many as its limit",
    "check.broken": "jettison check looks at everything",
    "check.totals": "jettison check looks at everything",
    "disk.largest_shared": "of the whole disk, counted once in a while beside everything else",
    "exporting.names": "jettison export takes everything",
    "garbage.drop_unlinked": "reads the first candidates, as many as its limit",
    "garbage.over": "reads what is hidden, in the order of deletions, as far as its limit",
    "listed.count": "a filter that chooses everything has to be confirmed",
    "listed.count_tags": "a filter that chooses everything has to be confirmed",
    "listed.names": "a filter may match any name",
    "moves.drop_all": "jettison move takes everything",
    "moves.holds_something": "reads the first row of each table",
    "moves.unnamed": "jettison move takes everything",
    "moves.volume": "jettison move takes everything",
    "notifications.drop_others": "events that wait: few, unless an endpoint is down",
    "notifications.lengths": "events that wait: few, unless an endpoint is down",
    "overview.count": "reads as far as its limit, in all names only where few match",
    "overview.page": "reads in the order of the page, as far as its limit, in all names only where few match",
    "overview_counts.add_missing": "once at the start of a server",
    "overview_counts.has_news": "SQLite finds the last line by its key",
    "overview_counts.newest_change": "SQLite finds the last line by its key",
    "overview_counts.newest_line": "SQLite finds the last line by its key",
    "space.of_all": "the whole disk, counted once in a while beside everything else",
    "space.returning": "the whole disk, counted once in a while beside everything else",
    "sweeps.pending": "what is leased or about to be deleted now, for a person who asks",
    "transfer._page": "jettison move takes everything",
    "transfer.count": "jettison move takes everything",
    "transfer.last": "jettison move takes everything",
    "transfer.spare_named": "jettison move takes everything",
    "transfer.wipe": "jettison move takes everything",
    "untagged.suspects": "jettison garbage-collect --delete-untagged looks at everything",
    "why.awaiting": "in every repository, for a person who asks; an index by digest alone would cost every push",
    "why.named": "in every repository, for a person who asks; an index by digest alone would cost every push",
}
"""Functions of metadata/ that look at all there is, or seem to, each with the reason why they may."""

NEVER_RUN = {
    "freezing._make_function": "of PostgreSQL alone; reads no table",
    "freezing._freeze": "of PostgreSQL alone; reads no table",
    "transfer.count_on": "of PostgreSQL alone; reads no table",
}
"""Functions with a call that no test of these suites reaches on SQLite, each with the reason."""


class Plans(Protocol):
    """What a database does for a statement."""

    def scanned(self, sql: str, values: Mapping[str, Any]) -> set[str]:
        """The tables that are read as a whole, or from an end, instead of where an index leads."""

    def tables(self) -> set[str]:
        """All there are."""

    def close(self) -> None:
        """Let go of the database."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in metadata/ that runs a statement: lines ``first`` to ``last`` of ``module``, in ``function``."""

    module: str
    function: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.module}.{self.function}, line {self.first}"

    @property
    def name(self) -> str:
        """The module and the function."""
        return f"{self.module}.{self.function}"

    def ran(self, statement: Statement) -> bool:
        """Whether the statement is of this call."""
        return statement.module == self.module and self.first <= statement.line <= self.last


def calls(module: str, source: str) -> Iterator[Call]:
    """Every call of a transaction's method in a file."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef) and any(arg.arg == "tx" for arg in _arguments(function)):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _is_of_transaction(node.func):
                    yield Call(module, function.name, node.lineno, node.end_lineno or node.lineno)


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.args, *function.args.kwonlyargs]


def _is_of_transaction(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr in METHODS and ast.unparse(called.value) == "tx"


def all_calls() -> list[Call]:
    """Those of metadata/, but of what opens a database and describes it."""
    return [
        call
        for file in sorted(FOLDER.glob("*.py"))
        if file.stem not in BESIDE
        for call in calls(file.stem, file.read_text("utf-8"))
    ]


class SQLitePlans:
    """What SQLite does for a statement."""

    def __init__(self, folder: Path) -> None:
        database = SQLite(folder)
        database.fill(SIZE, lambda _: None)
        self._connection = apsw.Connection(str(database.path(SIZE)))
        for statement in MORE:
            self._connection.execute(statement)
        self._connection.pragma("foreign_keys", True)
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._tables: dict[int, str] = dict(self._connection.execute("select rootpage, tbl_name from sqlite_master"))

    def scanned(self, sql: str, values: Mapping[str, Any]) -> set[str]:
        """The tables that are read from an end of them or of an index, keys that are looked after among them."""
        program: list[Any] = self._connection.execute(f"explain {for_sqlite(sql)}", _bound(values)).fetchall()
        cursors: dict[int, str] = {}
        begun, going_on, bounded, counted = set(), set(), set(), set()
        for address, operation, first, second, *_ in program:
            if address == 0:
                cursors = {}  # of another program: what a key has done to other rows
            what = (cursors.get(first, ""), first)
            if operation in ("OpenRead", "OpenWrite", "ReopenIdx") and second in self._tables:
                cursors[first] = self._tables[second]
            elif operation in ("OpenEphemeral", "OpenPseudo", "OpenAutoindex", "SorterOpen", "VOpen"):
                cursors.pop(first, None)
            elif operation in ("Rewind", "Last"):
                begun.add(what)
            elif operation in ("Next", "Prev"):
                going_on.add(what)
            elif operation in ("IdxGT", "IdxGE", "IdxLT", "IdxLE"):
                # An index that is read up to something has no other beginning than its own.
                bounded.add(what)
            elif operation == "Count":
                counted.add(what)
        return {
            table for table, _ in (begun & going_on - bounded) | counted if table and not table.startswith("sqlite_")
        }

    def tables(self) -> set[str]:
        return {name for name in self._tables.values() if not name.startswith("sqlite_")}

    def close(self) -> None:
        self._connection.close()


class PostgresPlans:
    """What PostgreSQL does for a statement if it does without reading a table as a whole wherever it can.

    What it chooses depends on how many rows there are, and these are not a million.
    """

    def __init__(self, url: str) -> None:
        postgres.fill(url, SIZE, lambda _: None)
        self._connection = psycopg.connect(url, autocommit=True)
        for statement in (*MORE, "analyze"):
            self._connection.execute(statement.encode())
        for what in ("seqscan", "hashjoin", "mergejoin", "material"):
            self._connection.execute(f"set enable_{what} = off".encode())
        rows = self._connection.execute(
            "select indexname, tablename, indexdef from pg_indexes where schemaname = 'public'"
        )
        self._indexes = {
            name: (table, definition.split("(")[1].split(",")[0].split()[0].rstrip(")"))
            for name, table, definition in rows
        }

    def scanned(self, sql: str, values: Mapping[str, Any]) -> set[str]:
        """The tables that are read as a whole, or by an index without a condition on it."""
        if "sqlite_" in sql:
            return set()  # of SQLite alone
        explained = self._connection.execute(f"explain (format json) {for_postgres(sql)}".encode(), values).fetchone()
        assert explained is not None
        return set(self._whole(explained[0][0]["Plan"]))

    def _whole(self, node: Mapping[str, Any]) -> Iterator[str]:
        kind = node["Node Type"]
        if kind == "Seq Scan":
            yield node["Relation Name"]
        elif kind.startswith(("Index", "Bitmap Index")):
            table, leading = self._indexes[node["Index Name"]]
            if re.search(rf"\b{leading}\b", node.get("Index Cond", "")) is None:
                yield table
        for below in node.get("Plans", ()):
            yield from self._whole(below)

    def tables(self) -> set[str]:
        rows = self._connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {row[0] for row in rows}

    def close(self) -> None:
        self._connection.close()


def _is_planned(sql: str) -> bool:
    return sql.split(maxsplit=1)[0].lower() in ("select", "insert", "update", "delete", "with")


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> list[Statement]:
    """All that the suites ran, on SQLite: the texts are the same on both databases."""
    folder = tmp_path_factory.mktemp("statements")
    environ = {**os.environ, VARIABLE: str(folder)}
    for *suites, chosen in SUITES:
        command = [sys.executable, "-m", "pytest", *suites, "-m", chosen, "-k", "not postgres"]
        command += ["-p", "tests.metadata.recording", "-p", "no:cacheprovider", "--continue-on-collection-errors", "-q"]
        # What fails there is reported there, and what it keeps from running is missed here.
        run(command, cwd=ROOT, environ=environ, seconds=400, check=False)
    return [Statement.from_json(line) for file in folder.iterdir() for line in file.read_text().splitlines()]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgresql"))])
def plans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    """Either database's."""
    if request.param == "sqlite":
        made: Plans = SQLitePlans(tmp_path_factory.mktemp("plans"))
    else:
        made = PostgresPlans(request.getfixturevalue("postgres").create_database())
    with closing(made):
        yield made


def test_every_statement_is_seen(statements: list[Statement]) -> None:
    """Each call that runs one is reached by a test, or is named with the reason why not."""
    unseen = {call.name for call in all_calls() if not any(call.ran(statement) for statement in statements)}

    assert unseen - NEVER_RUN.keys() == set()
    assert NEVER_RUN.keys() - {call.name for call in all_calls()} == set()


def test_no_statement_looks_through_a_large_table(statements: list[Statement], plans: Plans) -> None:
    """Whatever the registry holds, what is asked for is found by an index; what looks at everything is named."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        calls_of_it = [call for call in all_calls() if call.ran(statement)]
        scanned = plans.scanned(statement.sql, statement.values) - SMALL.keys() if _is_planned(statement.sql) else set()
        for call in calls_of_it:
            if scanned:
                found.setdefault(call.name, set()).update(scanned)

    assert {name: tables for name, tables in found.items() if name not in EVERYTHING} == {}


def test_every_reason_belongs_to_something() -> None:
    """A function that is gone, or got another name, would leave room for another."""
    assert EVERYTHING.keys() - {call.name for call in all_calls()} == set()


def test_every_small_table_is_there(plans: Plans) -> None:
    """A table that is small belongs to the schema."""
    assert SMALL.keys() - plans.tables() == set()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select id from manifest where repository = :id and digest = :digest", set()),
        ("select id from manifest where media_type = :type", {"manifest"}),
        ("select m.id from repository r join manifest m on m.repository = r.id where r.listed = 0", {"repository"}),
        ("select count(*) from tag", {"tag"}),
        ("delete from manifest_blob where blob = :id", {"manifest_blob"}),
    ],
)
def test_a_statement_that_looks_through_a_table_is_found_out(plans: Plans, sql: str, expected: set[str]) -> None:
    """These plans tell one that finds what it wants by an index from one that does not."""
    assert plans.scanned(sql, {"id": 1, "digest": b"1", "type": "x"}) == expected


def test_a_call_that_nobody_ran_is_found_out() -> None:
    """Whatever it is called in."""
    [call] = calls("m", "def f(tx: Transaction) -> None:\n    g()\n    tx.run(\n        'select 1'\n    )")

    assert str(call) == "m.f, line 3"
    assert call.ran(Statement("m", 4, "select 1", {}))
    assert not call.ran(Statement("m", 2, "select 1", {}))
