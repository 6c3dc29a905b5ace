"""What both databases promise: the same tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.metadata.database import NO_LOCK, Database, Lock, Transaction
from jettison.metadata.dialect import schema
from tests.support.clock import Clock
from tests.support.place import Place

SECONDS = 20
A_MOMENT = 0.2
"""Long enough for who does not wait to be done."""

TABLE = "create table note (id {serial}, number {integer}, word {text}, packed {bytes})"


@pytest.fixture
def notes(database: Database, place: Place) -> Iterator[Database]:
    """The database, with an empty table of the test's own."""
    database.write(lambda tx: tx.run(schema(TABLE, place.dialect)))
    yield database
    database.write(lambda tx: tx.run("drop table note"))


def add(tx: Transaction, number: int) -> int:
    """A row; how many were written."""
    return tx.run("insert into note (number) values (:number)", number=number)


def numbers(database: Database) -> list[int]:
    """All rows' numbers, sorted."""
    return [row[0] for row in database.read(lambda tx: tx.all("select number from note order by number"))]


def test_a_write_is_there_for_the_next_read(notes: Database, place: Place) -> None:
    """In this process and in another, with what the write returned."""
    assert notes.write(lambda tx: add(tx, 7)) == 1
    assert numbers(notes) == [7]
    assert numbers(place.open_database()) == [7]


def test_an_error_rolls_a_write_back(notes: Database) -> None:
    """The error that the work raised reaches its caller, and of the work there is nothing left."""
    error = LookupError("in the middle")

    def work(tx: Transaction) -> None:
        add(tx, 1)
        raise error

    with pytest.raises(LookupError) as raised:
        notes.write(work)
    assert raised.value is error
    assert numbers(notes) == []
    notes.write(lambda tx: add(tx, 2))
    assert numbers(notes) == [2]


def test_values_come_back_as_they_went_in(notes: Database) -> None:
    """Large numbers, bytes with zeros, text that looks like SQL, and nothing at all."""
    rows = [
        (2**62, "it's :word; 100% -- 'ä' %(x)s", b"\0\xff\0"),
        (-1, "", b""),
        (None, None, None),
    ]
    for number, word, packed in rows:
        notes.write(
            lambda tx, number=number, word=word, packed=packed: tx.run(  # type: ignore[misc]
                "insert into note (number, word, packed) values (:number, :word, :packed)",
                number=number,
                word=word,
                packed=packed,
            )
        )
    assert notes.read(lambda tx: tx.all("select number, word, packed from note order by id")) == rows


def test_a_write_tells_how_many_rows_it_changed(notes: Database) -> None:
    """Of an update and a deletion, none among them."""
    notes.write(lambda tx: [add(tx, number) for number in range(5)])
    assert notes.write(lambda tx: tx.run("update note set word = 'x' where number < 3")) == 3
    assert notes.write(lambda tx: tx.run("update note set word = 'x' where number > 99")) == 0
    assert notes.write(lambda tx: tx.run("delete from note")) == 5


def test_one_is_the_first_row_or_none(notes: Database) -> None:
    """Whether the statement reads or returns what it wrote."""
    made = notes.write(lambda tx: tx.one("insert into note (number) values (7) returning number"))
    assert made == (7,)
    assert notes.read(lambda tx: tx.one("select number from note where number = 8")) is None


def test_many_rows_in_one_call(notes: Database) -> None:
    """A statement for each mapping of values, and for none."""
    rows = [{"number": number, "word": str(number)} for number in range(1000)]
    notes.write(lambda tx: tx.many("insert into note (number, word) values (:number, :word)", rows))
    notes.write(lambda tx: tx.many("insert into note (number, word) values (:number, :word)", []))
    assert notes.read(lambda tx: tx.one("select count(*), count(distinct word) from note")) == (1000, 1000)


LISTS: dict[str, list[list[object]]] = {
    "number": [[], [1], [3, 1, 1], [1, 2**40], [99]],
    "word": [[], ["one"], ["three", "one"], ["1"]],
    "packed": [[], [b"\1"], [b"\3\0", b"\1"], [b""]],
}


@pytest.mark.parametrize(("column", "wanted"), [(column, each) for column, lists in LISTS.items() for each in lists])
def test_lists_of_values(notes: Database, column: str, wanted: list[object]) -> None:
    """A value is in a list or not in it, whatever it is made of and however long; in an empty list is nothing."""
    rows: list[dict[str, object]] = [
        {"number": 1, "word": "one", "packed": b"\1"},
        {"number": 2**40, "word": "two", "packed": b"\2"},
        {"number": 3, "word": "three", "packed": b"\3\0"},
    ]
    notes.write(lambda tx: tx.many("insert into note (number, word, packed) values (:number, :word, :packed)", rows))

    def found(operator: str) -> list[object]:
        sql = f"select {column} from note where {column} {operator} :wanted order by id"
        return [row[0] for row in notes.read(lambda tx: tx.all(sql, wanted=wanted))]

    assert found("in") == [row[column] for row in rows if row[column] in wanted]
    assert found("not in") == [row[column] for row in rows if row[column] not in wanted]


def test_a_list_may_be_long(notes: Database) -> None:
    """Longer than any limit on the number of parameters."""
    notes.write(lambda tx: add(tx, 99_999))
    sql, wanted = "select number from note where number in :wanted", list(range(100_000))
    assert notes.read(lambda tx: tx.all(sql, wanted=wanted)) == [(99_999,)]


def test_text_is_ordered_by_bytes(database: Database) -> None:
    """Pages do not depend on a locale; compared is likewise."""
    words = ["Z", "a", "a-b", "a.b", "a/b", "a_b", "ab", "b", "B", "1", "10", "1-0", "ä"]
    for word in words:
        database.write(
            lambda tx, word=word: tx.run(  # type: ignore[misc]
                "insert into repository (name, listed, created_at) values (:word, 0, 0)", word=word
            )
        )
    expected = sorted(words, key=str.encode)
    assert [row[0] for row in database.read(lambda tx: tx.all("select name from repository order by name"))] == expected
    after = database.read(lambda tx: tx.all("select name from repository where name > :last order by name", last="a"))
    assert [row[0] for row in after] == expected[expected.index("a") + 1 :]


def test_time_stands_still_within_a_transaction(database: Database, clock: Clock) -> None:
    """All that one transaction writes has one time, the clock's when it first asked; the next has another."""

    def twice(tx: Transaction) -> tuple[int, int]:
        first = tx.now
        clock.advance(5)
        return first, tx.now

    began = clock.now
    assert database.write(twice) == (began, began)
    assert database.read(twice) == (began + 5_000_000, began + 5_000_000)


def test_a_snapshot_sees_one_moment(notes: Database) -> None:
    """What another writes between two statements of a read shows in the second, unless it is a snapshot."""
    notes.write(lambda tx: add(tx, 1))

    def count_around_a_write(tx: Transaction) -> list[object]:
        counts = [tx.one("select count(*) from note")]
        _in_a_thread(lambda: notes.write(lambda other: add(other, 2)))
        return [*counts, tx.one("select count(*) from note")]

    assert notes.read(count_around_a_write, snapshot=True) == [(1,), (1,)]
    assert notes.read(count_around_a_write) == [(2,), (3,)]
    assert len(numbers(notes)) == 3


def test_a_snapshot_that_fails_leaves_nothing_open(notes: Database) -> None:
    """The next one sees what was written since."""

    def fail(tx: Transaction) -> None:
        tx.one("select count(*) from note")
        raise LookupError

    with pytest.raises(LookupError):
        notes.read(fail, snapshot=True)
    notes.write(lambda tx: add(tx, 1))
    assert notes.read(lambda tx: tx.one("select count(*) from note"), snapshot=True) == (1,)


def test_reading_does_not_wait_for_a_write(notes: Database) -> None:
    """While a transaction is open, readers see what was before it."""

    def work(tx: Transaction) -> list[int]:
        add(tx, 1)
        return _in_a_thread(lambda: numbers(notes))

    assert notes.write(work) == []
    assert numbers(notes) == [1]


def test_many_threads_write_each_its_own(notes: Database) -> None:
    """Nothing is lost and nothing done twice; every other one fails, and takes nobody along."""

    def work(number: int) -> Callable[[Transaction], int]:
        def inner(tx: Transaction) -> int:
            add(tx, number)
            if number % 2:
                raise LookupError(number)
            return number

        return inner

    def attempt(number: int) -> object:
        try:
            return notes.write(work(number), durable=number % 3 == 0)
        except LookupError as error:
            return error.args

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(attempt, range(80)))

    assert results == [(number,) if number % 2 else number for number in range(80)]
    assert numbers(notes) == list(range(0, 80, 2))


def test_what_is_read_and_written_under_a_lock_is_not_written_in_between(notes: Database, place: Place) -> None:
    """Two processes count up, each reading before it writes: every step counts."""
    notes.write(lambda tx: add(tx, 0))
    databases = [notes, place.open_database()]

    def step(number: int) -> None:
        def work(tx: Transaction) -> None:
            row = tx.one("select number from note")
            assert row is not None
            tx.run("update note set number = :number", number=row[0] + 1)

        databases[number % 2].write(work, Lock.alone("counter"), durable=False)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(step, range(60)))
    assert numbers(notes) == [60]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(Lock.shared("app"), Lock.alone("app"), id="a deletion waits for a push"),
        pytest.param(Lock.alone("app"), Lock.shared("app"), id="a push waits for a deletion"),
        pytest.param(Lock.alone("app"), Lock.alone("app"), id="a deletion waits for a deletion"),
        pytest.param(Lock.alone("app", "other"), Lock.alone("zoo", "other"), id="one name in common"),
    ],
)
def test_locks_of_one_name_wait_for_each_other(notes: Database, first: Lock, second: Lock) -> None:
    """Whoever comes second begins after the first has committed, and sees what it wrote."""
    holding, may_end = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        holding.set()
        assert may_end.wait(SECONDS)
        add(tx, 1)

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(notes.write, hold, first)
        assert holding.wait(SECONDS)
        two = threads.submit(notes.write, lambda tx: tx.one("select count(*) from note"), second)
        threading.Event().wait(A_MOMENT)
        assert not two.done()
        may_end.set()
        one.result(SECONDS)
        assert two.result(SECONDS) == (1,)


def test_locks_are_let_go_after_an_error(notes: Database) -> None:
    """Whoever failed holds nobody up."""

    def fail(_: Transaction) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        notes.write(fail, Lock.alone("app"))
    with ThreadPoolExecutor(1) as threads:
        threads.submit(notes.write, lambda tx: add(tx, 1), Lock.alone("app")).result(SECONDS)


def test_locks_of_several_names_never_block_each_other_for_good(notes: Database) -> None:
    """Names are taken in sorted order, however they are given."""
    with ThreadPoolExecutor(4) as threads:
        done = [
            threads.submit(notes.write, lambda tx: add(tx, 1), Lock.alone(*("a", "b")[:: 1 - 2 * (number % 2)]))
            for number in range(40)
        ]
        for each in done:
            each.result(SECONDS)
    assert len(numbers(notes)) == 40


def test_a_lock_sorts_its_names_and_names_each_once() -> None:
    """Shared or exclusive."""
    assert Lock.shared("b", "a", "b") == Lock(("a", "b"))
    assert Lock.alone("b", "a") == Lock(("a", "b"), exclusive=True)
    assert NO_LOCK.names == ()


def _in_a_thread(work: Callable[[], object]) -> list[int]:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(SECONDS)  # type: ignore[return-value]
