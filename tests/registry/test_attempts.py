from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from jettison.metadata.audit import Entry
from jettison.oci.errors import TooManyRequests
from jettison.registry import attempts, audit
from jettison.registry.access import Caller, Kind
from jettison.registry.attempts import REMEMBERED, network_of
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.sweep import sweep
from tests.support.clock import Clock
from tests.support.place import Place

HERE, THERE = Origin(id="r1", address="192.0.2.1"), Origin(id="r2", address="198.51.100.1")
ANN = Caller(Kind.USER, "ann")
DAY = 24 * 3600


def waits(registry: Registry, origin: Origin = HERE, name: str = "ann") -> int:
    """How many seconds a sign-in has to wait; 0 if it is looked at now."""
    try:
        attempts.check(registry, origin, name)
    except TooManyRequests as error:
        return error.seconds
    return 0


def fail(registry: Registry, times: int = 1, origin: Origin = HERE, name: str = "ann") -> None:
    """Fail so often at once, whatever there would be to wait."""
    for _ in range(times):
        attempts.failed(registry, origin, name)


def log(registry: Registry) -> list[Entry]:
    """The audit log, the newest line first."""
    return audit.page(registry, 1000).entries


def test_a_few_mistakes_cost_nothing(registry: Registry) -> None:
    """People mistype."""
    fail(registry, 4)
    assert waits(registry) == 0


def test_each_failure_more_waits_twice_as_long_up_to_an_end(registry: Registry, clock: Clock) -> None:
    """From a second to a quarter of an hour; nobody is locked out for good."""
    fail(registry, 4)
    seen = []
    for _ in range(12):
        fail(registry)
        seen.append(waits(registry))
        clock.advance(seen[-1])
        assert waits(registry) == 0
    assert seen[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert seen[10:] == [900, 900]


def test_a_wait_is_told_in_whole_seconds_and_ends(registry: Registry, clock: Clock) -> None:
    """A client that waits for as long as it is told to is not refused once more."""
    fail(registry, 7)
    clock.advance(0.5)
    assert waits(registry) == 4
    clock.advance(4)
    assert waits(registry) == 0


def test_the_same_account_signs_in_from_elsewhere(registry: Registry) -> None:
    """Who guesses somebody's password does not lock that person out."""
    fail(registry, 100)
    assert waits(registry) == 900
    assert waits(registry, THERE) == 0


def test_success_forgets_what_failed_before_it(registry: Registry) -> None:
    """At that address; elsewhere somebody else may still be guessing."""
    fail(registry, 4)
    fail(registry, 10, THERE)
    attempts.succeeded(registry, HERE, "ann", ANN)
    fail(registry, 4)
    assert waits(registry) == 0
    assert waits(registry, THERE) > 0


def test_failures_fade(registry: Registry, clock: Clock) -> None:
    """Those of last week are no reason to wait today."""
    fail(registry, 10)
    clock.advance(DAY)
    fail(registry)
    assert waits(registry) == 0


def test_an_address_that_tries_many_accounts_waits(registry: Registry) -> None:
    """One password for a hundred names is a hundred guesses."""
    for number in range(40):
        fail(registry, 1, HERE, f"user{number}")
    assert waits(registry, HERE, "another") > 0
    assert waits(registry, THERE, "another") == 0


def test_accounts_that_an_address_knows_need_not_wait_for_others(registry: Registry, clock: Clock) -> None:
    """An office has one address: a colleague's mistakes keep nobody out who has signed in from there."""
    attempts.succeeded(registry, HERE, "ann", ANN)
    for number in range(40):
        fail(registry, 1, HERE, f"user{number}")
    assert waits(registry, HERE, "ann") == 0
    assert waits(registry, HERE, "bob") > 0
    fail(registry, 6)
    assert waits(registry, HERE, "ann") > 0
    clock.advance(REMEMBERED // MICROSECONDS + DAY)
    sweep(registry, "test")
    for number in range(40):
        fail(registry, 1, HERE, f"user{number}")
    assert waits(registry, HERE, "ann") > 0


def test_a_success_does_not_let_an_address_go_on_guessing(registry: Registry) -> None:
    """Else whoever has an account could try those of all others."""
    for number in range(40):
        fail(registry, 1, HERE, f"user{number}")
        attempts.succeeded(registry, HERE, "mallory", Caller(Kind.USER, "mallory"))
    assert waits(registry, HERE, "victim") > 0


def test_an_account_that_is_guessed_from_everywhere_gives_strangers_one_guess(registry: Registry) -> None:
    """Where it has signed in before, its owner has as many as ever, and elsewhere none waits before the first."""
    attempts.succeeded(registry, HERE, "ann", ANN)
    for number in range(40):
        fail(registry, 1, Origin(address=f"203.0.113.{number}"))
    fail(registry, 3)
    assert waits(registry, HERE) == 0
    assert waits(registry, THERE) == 0
    fail(registry, 1, THERE)
    assert waits(registry, THERE) == 900


def test_accounts_that_there_are_none_of_are_counted_alike(registry: Registry) -> None:
    """Nobody learns from the waiting which there are."""
    for _ in range(8):
        attempts.failed(registry, HERE, "nobody", known=False)
        attempts.failed(registry, THERE, "ann")
    assert waits(registry, HERE, "nobody") == waits(registry, THERE, "ann") > 0


def test_clients_whose_address_is_not_known_are_not_taken_for_one(registry: Registry) -> None:
    """By a unix socket many may come."""
    for number in range(40):
        fail(registry, 1, NOBODY, f"user{number}")
    assert waits(registry, NOBODY, "another") == 0


def test_without_a_limit_nobody_waits(place: Place) -> None:
    """And the audit log is written all the same."""
    from jettison.registry.lockout import Lockout

    registry = place.open_registry(lockout=Lockout(failures=0))
    fail(registry, 50)
    assert waits(registry) == 0
    assert log(registry)


def test_replicas_know_of_each_others_failures(place: Place) -> None:
    """They are counted in the database."""
    first, second = place.open_registry(), place.open_registry()
    for _ in range(3):
        fail(first)
        fail(second)
    assert waits(first) == waits(second) > 0


def test_refused_sign_ins_are_in_the_audit_log(registry: Registry, clock: Clock) -> None:
    """With who, from where, and how many there were; of an account that is none there is no word."""
    fail(registry)
    attempts.failed(registry, HERE, "my-secret-password", known=False)
    unknown, known = log(registry)
    assert (known.action, known.result, known.who, known.address, known.request) == (
        "sign-in",
        "refused",
        "ann",
        "192.0.2.1",
        "r1",
    )
    assert known.at == clock.now
    assert json.loads(known.detail) == {"failures": 1, "of_account": 1, "known": True}
    assert unknown.who == ""
    assert "my-secret" not in str(log(registry))


@pytest.mark.parametrize(
    "attack",
    [
        lambda number: (HERE, "ann"),
        lambda number: (HERE, f"user{number}"),
        lambda number: (Origin(address=f"203.0.113.{number % 256}"), "ann"),
    ],
    ids=["one", "many accounts", "many addresses"],
)
def test_many_refused_sign_ins_do_not_fill_the_log(
    registry: Registry, attack: Callable[[int], tuple[Origin, str]]
) -> None:
    """Ten one by one, then each that doubles them."""
    for number in range(150):
        attempts.failed(registry, *attack(number))
    assert 10 <= len(log(registry)) <= 14


def test_a_sign_in_is_noted_once_a_day_from_each_address(registry: Registry, clock: Clock) -> None:
    """Clients sign in with each request."""
    for origin in (HERE, HERE, THERE, HERE):
        attempts.succeeded(registry, origin, "ann", ANN)
    clock.advance(DAY)
    attempts.succeeded(registry, HERE, "ann", ANN)
    lines = [(each.who, each.kind, each.address, each.result) for each in reversed(log(registry))]
    assert lines == [("ann", "user", address, "done") for address in ("192.0.2.1", "198.51.100.1", "192.0.2.1")]


def test_counts_that_say_nothing_are_swept(registry: Registry, clock: Clock) -> None:
    """Whoever invents names leaves nothing for long."""
    for number in range(60):
        attempts.failed(registry, HERE, f"user{number}")

    def rows() -> int:
        row = registry.database.read(lambda tx: tx.one("select count(*) from attempt"))
        assert row is not None
        return int(row[0])

    assert rows() > 60
    clock.advance(DAY)
    sweep(registry, "test")
    assert rows() == 0


def test_an_address_is_a_whole_network_of_ipv6() -> None:
    """Who has one of them has all."""
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::") == "2001:db8:1:2::"
    assert network_of("2001:db8:1:3::") != network_of("2001:db8:1:2::")
    assert network_of("") == ""
