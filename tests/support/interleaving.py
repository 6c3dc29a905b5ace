"""Two rules at once, one stopping in the middle while the other runs: the same order of events at every run.

A rule stops before one of its steps: a named point of :mod:`jettison.registry.points`, or on PostgreSQL any statement
of its transactions that writes or locks, and their ends. SQLite has one writer: nothing comes between the statements of
one transaction. Only one of the two ever runs. Who waits for a lock of the other is found out by asking the database.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

import psycopg

from jettison.metadata.database import NO_LOCK, Database, Lock, Row, Transaction
from jettison.registry import points

T = TypeVar("T")
SECONDS = 20.0
"""After that, whoever has not come to a step or an end hangs."""

COMMIT, ROLLBACK = "commit", "rollback"
"""The steps before the end of a transaction; the others are points, or the beginnings of statements."""

_ENDS = (COMMIT, ROLLBACK)

_TABLE = re.compile(r"\b(?:from|join|into|update) ([a-z_]+)")
_STEP = re.compile(r"insert |update |delete |.* for (?:no key update|update|key share)", re.DOTALL)
_SWEEPERS_OWN = re.compile(r"\b(?:into|from|update) (?:lease|sweep)\b")
"""Rows that no other rule looks at: stops before them tell nothing."""

LOOK = 0.01
"""Seconds after which a rule that has not come to a step may be waiting for a lock: it is looked up, not assumed."""

_own = threading.local()
_changed = threading.Condition()


class Stuck(AssertionError):
    """A rule neither ended nor came to a step nor waited for the other."""


class State(Enum):
    """What an act does."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class Act:
    """One of the two: ``work`` in a thread of its own, which stops before its step number ``stop`` (None: nowhere).

    With ``coarse`` no statement is a step, with ``points`` nothing else but points is one.
    """

    def __init__(
        self, work: Callable[[], object], stop: int | None = None, *, coarse: bool = False, points: bool = False
    ) -> None:
        self.coarse = coarse or points
        self.points = points
        self.side = 0
        """Which of the two it is: 1 or 2."""
        self.inside = False
        """Whether it is in a transaction in which it does not stop."""
        self.steps: list[str] = []
        self.touched: list[set[str]] = []
        """For each step, the tables that it and what only reads after it have to do with."""
        self.value: object = None
        self.error: BaseException | None = None
        self.waited_after: str | None = None
        self.state = State.STOPPED
        self.backends: set[int] = set()
        self._stop = stop
        self._may_run = False
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    @property
    def waited(self) -> bool:
        """Whether it had to wait for the other."""
        return self.waited_after is not None

    @property
    def stopped_at(self) -> str | None:
        """The step before which it stopped; None if it never came to it."""
        return self.steps[self._stop] if self._stop is not None and self._stop < len(self.steps) else None

    def touch(self, tables: set[str]) -> None:
        """Note that it has to do with these tables."""
        if self.touched:
            self.touched[-1] |= tables

    def step(self, name: str) -> None:
        """Called in the thread of the act (or for it) before each step: waits while it is the other's turn."""
        if self.inside:
            return
        with _changed:
            self.steps.append(name)
            self.touched.append(set())
            if self._stop == len(self.steps) - 1:
                self._may_run = False
            self._wait()

    def go(self) -> None:
        """Its turn."""
        with _changed:
            self._may_run = True
            # At once, not when its thread wakes up: until it has, it would seem to be stopped still.
            if self.state is State.STOPPED:
                self.state = State.RUNNING
            _changed.notify_all()

    def hold(self) -> None:
        """It waits for the other: have it stop at its next step."""
        with _changed:
            self._may_run = False
            self.waited_after = self.waited_after or self.steps[-1]

    def rests(self, seconds: float) -> bool:
        """Whether it ends or stops within that time."""
        with _changed:
            return _changed.wait_for(lambda: self.state is not State.RUNNING, seconds)

    def _run(self, work: Callable[[], object]) -> None:
        _own.act = self
        try:
            with _changed:
                self._wait()
            self.value = work()
        except BaseException as error:  # noqa: BLE001 - the test judges it
            self.error = error
        with _changed:
            self.state = State.ENDED
            _changed.notify_all()

    def _wait(self) -> None:
        if not self._may_run:
            self.state = State.STOPPED
            _changed.notify_all()
            if not _changed.wait_for(lambda: self._may_run, 3 * SECONDS):
                raise Stuck("nobody has let this act go on")
            self.state = State.RUNNING


def joined() -> Callable[[], None]:
    """Called in another thread, makes it one of the act that called this."""
    act = acting()

    def join() -> None:
        _own.act = act

    return join


def acting() -> Act | None:
    """The act of this thread."""
    act: Act | None = getattr(_own, "act", None)
    return act


class Stage:
    """Where acts meet. ``url`` is that of the PostgreSQL database, None with SQLite or where acts are ``coarse``."""

    def __init__(self, url: str | None, *, coarse: bool = False) -> None:
        self._coarse = coarse
        self.neighbours: dict[str, set[str]] = {}
        self._watching = psycopg.connect(url, autocommit=True) if url is not None else None
        self._tables: list[str] = []

    def close(self) -> None:
        """Let go of the database."""
        if self._watching is not None:
            self._watching.close()

    def empty(self) -> None:
        """Delete every row of a PostgreSQL database, keys or not."""
        assert self._watching is not None
        if not self._tables:
            rows = self._watching.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            self._tables = [row[0] for row in rows if row[0] != "schema_version"]
            self._watching.execute("set session_replication_role = replica")
        self._watching.execute("; ".join(f"delete from {table}" for table in self._tables).encode())

    def meet(self, first: Callable[[], object], second: Callable[[], object], stop: int | None) -> tuple[Act, Act]:
        """Run ``first`` up to its step number ``stop``, then ``second``, then the rest of ``first``.

        Where ``second`` has to wait for ``first``, the two take turns at whatever locks they wait for.
        """
        return self._play(lambda: Act(first, stop, coarse=self._coarse), lambda: Act(second, coarse=self._coarse))

    def cross(
        self, first: Callable[[], object], second: Callable[[], object], stops: tuple[int, int]
    ) -> tuple[Act, Act]:
        """Run ``first`` up to a point, ``second`` up to one, the rest of ``first``, the rest of ``second``."""
        return self._play(lambda: Act(first, stops[0], points=True), lambda: Act(second, stops[1], points=True))

    def _play(self, first: Callable[[], Act], second: Callable[[], Act]) -> tuple[Act, Act]:
        with watched():
            one, other = first(), second()
            one.side, other.side = 1, 2
            self._turn(one, other)
            turn, rest = other, one
            deadline = time.monotonic() + SECONDS
            while not (one.state is State.ENDED and other.state is State.ENDED):
                if time.monotonic() > deadline:
                    raise Stuck(f"both wait: {one.steps[-3:]} and {other.steps[-3:]}")
                if turn.state is not State.ENDED:
                    self._turn(turn, rest)
                turn, rest = rest, turn
        return one, other

    def stops(self, first: Act, second: Act) -> list[int]:
        """The steps at which to stop ``first``, which ran alone, then ``second``.

        A statement that has to do with none of the tables of ``second`` is left out: it makes no difference whether it
        comes before or after. Keys between tables make neighbours of them.
        """
        theirs = self._with_neighbours(set().union(*second.touched))
        return [
            number
            for number in range(len(first.steps))
            if number == 0 or _is_point(first.steps[number - 1]) or first.touched[number - 1] & theirs
        ]

    def _with_neighbours(self, tables: set[str]) -> set[str]:
        if not self.neighbours and self._watching is not None:
            rows = self._watching.execute(
                "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'"
            ).fetchall()
            for one, other in rows:
                self.neighbours.setdefault(one, set()).add(other)
                self.neighbours.setdefault(other, set()).add(one)
        return tables.union(*(self.neighbours.get(table, set()) for table in tables))

    def _turn(self, act: Act, other: Act) -> None:
        act.backends = set()
        act.go()
        deadline = time.monotonic() + SECONDS
        while not act.rests(LOOK):
            waiting = self._waiting() - other.backends
            if waiting:
                act.backends = waiting
                act.hold()
                return
            if time.monotonic() > deadline:
                raise Stuck(f"nothing comes after {act.steps[-3:]}")

    def _waiting(self) -> set[int]:
        if self._watching is None:
            return set()
        rows = self._watching.execute(
            "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchall()
        return {row[0] for row in rows}


@contextmanager
def watched() -> Iterator[None]:
    """Points are steps of whose thread reaches them."""

    def reached(point: str) -> None:
        act = acting()
        if act is not None:
            act.step(point)

    points.watch(reached)
    try:
        yield
    finally:
        points.watch(None)


class StagedDatabase:
    """A database of whose writes every statement is a step; with SQLite, none."""

    def __init__(self, database: Database) -> None:
        self.inline = database.inline
        self._database = database

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        act = acting()
        if act is None:
            return self._database.read(work, snapshot=snapshot)
        return self._database.read(lambda tx: work(_StagedTransaction(tx, act)), snapshot=snapshot)

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        act = acting()
        if act is None:
            return self._database.write(work, lock, durable=durable)
        if act.coarse or self.inline:
            return self._database.write(_without_stops(work, act), lock, durable=durable)

        def staged(tx: Transaction) -> T:
            staged_tx = _StagedTransaction(tx, act)
            try:
                result = work(staged_tx)
            except Exception:
                act.step(ROLLBACK)
                act.touch(staged_tx.touched)
                raise
            if staged_tx.stepped:
                act.step(COMMIT)
                act.touch(staged_tx.touched)
            return result

        return self._database.write(staged, lock, durable=durable)

    def close(self) -> None:
        self._database.close()


def _without_stops(work: Callable[[Transaction], T], act: Act) -> Callable[[Transaction], T]:
    def whole(tx: Transaction) -> T:
        act.inside = True
        try:
            return work(tx)
        finally:
            act.inside = False

    return whole


class _StagedTransaction:
    def __init__(self, tx: Transaction, act: Act) -> None:
        self._tx = tx
        self._act = act
        self.stepped = False
        self.touched: set[str] = set()

    @property
    def now(self) -> int:
        return self._tx.now

    def all(self, sql: str, **values: object) -> list[Row]:
        self._step(sql)
        return self._tx.all(sql, **values)

    def one(self, sql: str, **values: object) -> Row | None:
        self._step(sql)
        return self._tx.one(sql, **values)

    def run(self, sql: str, **values: object) -> int:
        self._step(sql)
        return self._tx.run(sql, **values)

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self._step(sql)
        self._tx.many(sql, rows)

    def _step(self, sql: str) -> None:
        if _STEP.match(sql.lstrip()) and not _SWEEPERS_OWN.search(sql):
            self.stepped = True
            self._act.step(" ".join(sql.split()[:16]))
        tables = set(_TABLE.findall(sql))
        self.touched |= tables
        self._act.touch(tables)


def _is_point(step: str) -> bool:
    return " " not in step and step not in _ENDS


def later_stops(stops: list[int], first: Act, second: Act, stop: int) -> list[int]:
    """Those of ``stops`` that remain after ``stop``.

    If ``second`` waited for a name's lock there, it will wait at the same place until the transaction ends: one such
    stop tells as much as all of them.
    """
    if second.waited_after is not None and " " not in second.waited_after:
        stop = next(number for number, step in enumerate(first.steps) if number >= stop and step in _ENDS)
    return [number for number in stops if number > stop]
