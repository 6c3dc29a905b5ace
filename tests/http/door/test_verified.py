from __future__ import annotations

from jettison.http.door.verified import MOST_ALLOWED, Verified
from jettison.registry.access import ANONYMOUS, EVERYONE, Action


def test_a_token_is_known_until_it_ends() -> None:
    """To the byte, and not a moment longer."""
    now = 100.0
    verified = Verified(clock=lambda: now)
    verified.keep(b"Bearer a", ANONYMOUS, 110.0)
    assert verified.caller(b"Bearer a") is ANONYMOUS
    assert verified.caller(b"Bearer b") is None
    now = 110.1
    assert verified.caller(b"Bearer a") is None


def test_only_so_much_is_kept() -> None:
    """Whoever sends many tokens fills no memory: the oldest are verified again."""
    verified = Verified(most=10_000)
    for number in range(100):
        verified.keep(b"%d" % number, ANONYMOUS, 1e12)
    known = [number for number in range(100) if verified.caller(b"%d" % number)]
    assert known == list(range(91, 100))
    verified.keep(b"x" * 20_000, ANONYMOUS, 1e12)
    assert verified.caller(b"x" * 20_000) is None


def test_what_was_allowed_is_remembered_with_its_token() -> None:
    """That token, that action and that repository; not beyond its end, nor more than so much."""
    now = 100.0
    verified = Verified(clock=lambda: now)
    verified.allow(b"a", Action.PULL, "app")
    assert verified.allowed(b"a", Action.PULL, "app") is None
    verified.keep(b"a", ANONYMOUS, 110.0)
    verified.keep(b"b", ANONYMOUS, 110.0)
    assert verified.allowed(b"a", Action.PULL, "app") is None
    verified.allow(b"a", Action.PULL, "app")
    assert verified.allowed(b"a", Action.PULL, "app") is ANONYMOUS
    for header, needs, name in ((b"b", Action.PULL, "app"), (b"a", Action.PUSH, "app"), (b"a", Action.PULL, "ap")):
        assert verified.allowed(header, needs, name) is None
    for number in range(1000):
        verified.allow(b"b", Action.PULL, str(number))
    assert len(verified._kept[b"b"].allowed) == MOST_ALLOWED
    now = 111.0
    assert verified.allowed(b"a", Action.PULL, "app") is None


def test_what_was_verified_is_forgotten_when_keys_change() -> None:
    """A token whose key was revoked is not remembered as good."""
    verified = Verified()
    verified.keep(b"a", ANONYMOUS, 1e12)
    verified.clear()
    assert verified.caller(b"a") is None
    verified.keep(b"a", EVERYONE, 1e12)
    verified.keep(b"a", ANONYMOUS, 1e12)
    assert verified.caller(b"a") is ANONYMOUS
