"""Two replicas: registries that share a database and the bytes, and nothing in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from jettison.metadata import leases
from jettison.oci.digest import Digest
from jettison.oci.errors import Denied, TooManyRequests, Unauthorized
from jettison.oci.reference import RepositoryName
from jettison.registry import attempts, audit, points, restore, robots, sessions, setup, sweeps, uploads, users
from jettison.registry.access import EVERYONE, Action
from jettison.registry.accounts import anonymous, by_token, sign_in
from jettison.registry.counting import Counting
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.sessions import Purpose
from jettison.registry.sweep import LEASE, LEASE_NAME, sweep
from tests.support.accounts import PASSWORD, add_robot, add_user, cheap_passwords, give, take
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")

NAME = RepositoryName("app")
Pair = tuple[Registry, Registry]


@pytest.fixture
def pair(place: Place) -> Pair:
    """The two of them."""
    return place.open_registry(place.open_database()), place.open_registry(place.open_database())


def test_an_upload_goes_on_wherever_its_next_request_comes(pair: Pair) -> None:
    """Each PATCH at the other one; the last one commits it, and the first has it."""
    one, two = pair
    content = b"a layer in five pieces"
    id, sent = uploads.start(one, NAME).id, 0
    for turn in range(5):
        piece = content[sent : sent + 5] if turn < 4 else content[sent:]
        incoming = uploads.resume(pair[turn % 2], NAME, id, sent)
        incoming.append(piece)
        incoming.pause()
        incoming.close()
        sent += len(piece)
        assert uploads.status(pair[(turn + 1) % 2], NAME, id).received == sent
    uploads.resume(two, NAME, id, None).finish(Digest.of(content))
    assert Repository(one).has_blob(content)


def test_what_one_deletes_is_gone_at_the_other_at_once_and_comes_back_there(pair: Pair) -> None:
    """The undo too is of the registry, not of the process that deleted."""
    one, two = (Repository(registry) for registry in pair)
    draft = image(b"layer")
    one.push(draft, "v1")
    assert two.has("v1")
    deleted = one.delete()
    assert not two.has("v1")
    assert not two.has(draft)
    restore.restore(two.registry, deleted.id)
    assert one.has("v1")


def test_one_of_them_sweeps_at_a_time(pair: Pair) -> None:
    """While one is in the middle of it the other does nothing; afterwards it may."""
    one, two = pair
    Repository(one).upload(b"loose")
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        assert go_on.wait(20)

    with ThreadPoolExecutor(1) as threads, at("sweep.leases", wait):
        first = threads.submit(sweep, one, "one")
        assert inside.wait(20)
        assert sweep(two, "two") is None
        assert sweeps.status(two, 1).running
        go_on.set()
        assert first.result(20) is not None
    assert sweep(two, "two") is not None


def test_a_sweep_is_taken_over_from_one_that_was_killed(pair: Pair, clock: Clock) -> None:
    """When its lease is over, by the database's time."""
    one, two = pair

    one.database.write(lambda tx: leases.take(tx, LEASE_NAME, "one", LEASE))
    assert sweep(two, "two") is None
    clock.advance(LEASE / MICROSECONDS + 1)
    assert sweep(two, "two") is not None


def test_one_of_them_counts_at_a_time(pair: Pair, clock: Clock) -> None:
    """And the other goes on when the lease of that one is over."""
    one, two = Counting(pair[0], lambda _: None), Counting(pair[1], lambda _: None)
    Repository(pair[0]).push(image(b"layer"), "v1")
    assert one.turn() == 1
    Repository(pair[1], "other").push(image(b"layer"), "v1")
    assert two.turn() == 0, "the first holds the lease"
    clock.advance(61)
    assert two.turn() >= 1


def test_a_session_is_good_everywhere_until_anybody_ends_it(pair: Pair) -> None:
    """Of the console and of docker alike; ended at one, it is ended at the other with its next use."""
    one, two = pair
    ana = add_user(one, "ana", "team/**:pull")
    for purpose in Purpose:
        token = sessions.issue(one, ana, purpose, "docker")
        assert sessions.use(two, token, purpose) == ana
        sessions.revoke(two, token)
        with pytest.raises(Unauthorized):
            sessions.use(one, token, purpose)


def test_a_password_that_was_changed_at_one_is_changed_at_the_other(pair: Pair) -> None:
    """Also where the old one was right a moment ago, and is remembered."""
    one, two = pair
    add_user(one, "ana")
    sign_in(two, "ana", PASSWORD)
    users.set_password(one, EVERYONE, NOBODY, "ana", "another sentence that is long")
    with pytest.raises(Unauthorized):
        sign_in(two, "ana", PASSWORD)
    assert sign_in(two, "ana", "another sentence that is long").name == "ana"


def test_a_robot_and_its_grants_are_known_and_revoked_everywhere(pair: Pair) -> None:
    """With the next request."""
    one, two = pair
    token = add_robot(one, "ci", "team/**:pull")
    assert by_token(two, token).may(Action.PULL, "team/app")
    give(two, "anonymous", "open/**:pull")
    assert anonymous(one).may(Action.PULL, "open/app")
    take(one, "anonymous", "open/**")
    assert not anonymous(two).may(Action.PULL, "open/app")
    robots.revoke(two, EVERYONE, NOBODY, "ci")
    with pytest.raises(Unauthorized):
        by_token(one, token)


def test_failed_sign_ins_are_counted_together(pair: Pair) -> None:
    """Whoever guesses waits at every replica, wherever the guesses went."""
    here = Origin(id="r1", address="192.0.2.1")
    for number in range(5):
        attempts.failed(pair[number % 2], here, "ana")
    for registry in pair:
        with pytest.raises(TooManyRequests):
            attempts.check(registry, here, "ana")


def test_a_setup_code_is_good_at_any_of_them_and_then_none_is(pair: Pair) -> None:
    """Each prints its own; there is one first administrator."""
    one, two = pair
    codes = [setup.new_code(registry) for registry in pair]
    assert codes[0] is not None
    assert codes[1] is not None
    setup.use(two, NOBODY, codes[0], "root", PASSWORD)
    with pytest.raises(Denied):
        setup.use(one, NOBODY, codes[1], "second", PASSWORD)


def test_pulls_that_each_has_noted_come_together(pair: Pair, clock: Clock) -> None:
    """The later time stays, whoever writes last."""
    one, two = pair
    Repository(one).push(image(b"layer"), "v1")
    Repository(one).has("v1")
    clock.advance(100)
    Repository(two).has("v1")
    two.pulls.flush(two.database)
    later = one.database.read(lambda tx: tx.all("select at from tag_pulled"))
    one.pulls.flush(one.database)
    assert one.database.read(lambda tx: tx.all("select at from tag_pulled")) == later == [(clock.now,)]


def test_the_audit_log_is_one(pair: Pair) -> None:
    """Whoever did it where, the lines stand in one order."""
    for number in range(4):
        users.add(pair[number % 2], EVERYONE, NOBODY, f"user-{number}", PASSWORD)
    targets = [entry.target for entry in audit.page(pair[0], 10).entries]
    assert targets == [entry.target for entry in audit.page(pair[1], 10).entries]
    assert targets == [f"user-{number}" for number in (3, 2, 1, 0)]


@contextmanager
def at(point: str, do: Callable[[], None]) -> Iterator[None]:
    """Have this done when a point is reached."""
    points.watch(lambda reached: do() if reached == point else None)
    try:
        yield
    finally:
        points.watch(None)
