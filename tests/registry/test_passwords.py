from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.oci.errors import AccountInvalid, TooManyRequests
from jettison.registry import passwords as module
from jettison.registry.passwords import AT_ONCE, LONGEST, WAITING, Passwords, check_password

PASSWORD = "correct horse battery staple"


@pytest.fixture
def passwords(monkeypatch: pytest.MonkeyPatch) -> Passwords:
    """Ones that are cheap to check."""
    monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(module, "MEMORY", 64)
    return Passwords()


def test_a_password_is_kept_as_argon2id_with_its_parameters() -> None:
    """Those of this version, and a salt of its own."""
    passwords = Passwords()
    first, second = passwords.hash(PASSWORD), passwords.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert first != second
    assert passwords.matches(first, PASSWORD)
    assert not passwords.outdated(first)


def test_only_the_password_itself_matches(passwords: Passwords) -> None:
    """All of it counts: no part of a long one is cut off, as bcrypt cuts at 72 bytes."""
    long = "x" * 200
    kept = passwords.hash(long)
    assert passwords.matches(kept, long)
    assert not passwords.matches(kept, long[:-1])
    assert not passwords.matches(kept, "x" * 72)
    assert not passwords.matches(kept, "")


def test_without_a_hash_nothing_matches_and_it_takes_a_hash_all_the_same(passwords: Passwords) -> None:
    """Not even the password against which it is checked."""
    checked: list[str] = []
    hasher = passwords._hasher

    class Watched:
        def verify(self, kept: str, password: bytes) -> bool:
            checked.append(kept)
            return hasher.verify(kept, password)

        def hash(self, password: bytes) -> str:
            return hasher.hash(password)

    passwords.__dict__["_hasher"] = Watched()
    assert not passwords.matches(None, PASSWORD)
    assert not passwords.matches(None, PASSWORD)
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == hasher.hash("x").split("$")[:4], "it costs what others cost"


def test_what_was_right_is_known_again_without_hashing(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the hash is the same; what was wrong is looked at each time."""
    kept, other = passwords.hash(PASSWORD), passwords.hash("another one")
    assert passwords.matches(kept, PASSWORD)
    monkeypatch.setattr(passwords, "_turns", threading.Semaphore(0))
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    assert passwords.matches(kept, PASSWORD)
    for wrong in ((kept, "another one"), (other, PASSWORD), (None, PASSWORD)):
        with pytest.raises(TooManyRequests):
            passwords.matches(*wrong)


def test_a_bounded_number_is_remembered(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was used longest ago is forgotten."""
    monkeypatch.setattr(module, "REMEMBERED", 2)
    kept = passwords.hash(PASSWORD)
    passwords.matches(kept, PASSWORD)
    passwords.matches(passwords.hash("second"), "second")
    passwords.matches(kept, PASSWORD)
    passwords.matches(passwords.hash("third"), "third")
    assert len(passwords._right) == 2
    monkeypatch.setattr(passwords, "_turns", threading.Semaphore(0))
    assert passwords.matches(kept, PASSWORD)


def test_nothing_that_is_remembered_tells_the_password(passwords: Passwords) -> None:
    """It is hashed under a key that each process makes for itself."""
    kept, other = passwords.hash(PASSWORD), Passwords()
    passwords.matches(kept, PASSWORD)
    other.matches(kept, PASSWORD)
    assert len(passwords._right) == len(other._right) == 1
    assert not set(passwords._right) & set(other._right)


def test_a_bounded_number_is_hashed_at_once(passwords: Passwords) -> None:
    """The others wait for their turn, and get it."""
    hasher, lock, running, most = passwords._hasher, threading.Lock(), 0, 0

    class Slow:
        def hash(self, password: bytes) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return hasher.hash(password)

    passwords.__dict__["_hasher"] = Slow()
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(passwords.hash, ["the same"] * 16))) == 16
    assert most == AT_ONCE


def test_no_more_than_so_many_wait(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are told to come again at once, so that whoever sends passwords keeps only so many threads."""
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    turns = threading.Semaphore(0)
    monkeypatch.setattr(passwords, "_turns", turns)
    with ThreadPoolExecutor(AT_ONCE + WAITING) as threads:
        waiting = [threads.submit(passwords.hash, PASSWORD) for _ in range(AT_ONCE + WAITING)]
        began = time.monotonic()
        while passwords._places.acquire(blocking=False):
            passwords._places.release()
            assert time.monotonic() - began < 4, "they have not come to wait"
            time.sleep(0.01)
        with pytest.raises(TooManyRequests, match="try again"):
            passwords.hash(PASSWORD)
        assert time.monotonic() - began < 4
        turns.release(AT_ONCE)
        assert len({each.result() for each in waiting}) == len(waiting)
    assert passwords.hash(PASSWORD)


def test_who_waits_too_long_is_told_to_come_again(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """TooManyRequests, with how long to wait."""
    monkeypatch.setattr(passwords, "_turns", threading.Semaphore(0))
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    with pytest.raises(TooManyRequests, match="try again") as caught:
        passwords.hash(PASSWORD)
    assert caught.value.seconds > 0


def test_a_hash_of_other_parameters_is_outdated(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still checked by its own."""
    kept = passwords.hash(PASSWORD)
    monkeypatch.setattr(module, "ROUNDS", 2)
    later = Passwords()
    assert later.outdated(kept)
    assert later.matches(kept, PASSWORD)
    assert not later.outdated(later.hash(PASSWORD))


def test_what_looks_the_same_is_the_same(passwords: Passwords) -> None:
    """An umlaut may be typed as one character or as two."""
    assert passwords.matches(passwords.hash("Fu\u0308\u00dfe am Meer"), "F\u00fc\u00dfe am Meer")


@pytest.mark.parametrize("password", ["\ud800" * 8, "\x00" * 8, "😀" * 8, " " * 8])
def test_any_text_can_be_checked(passwords: Passwords, password: str) -> None:
    """Nothing that a client sends makes it fail."""
    assert passwords.matches(passwords.hash(password), password)


def test_what_is_too_long_is_wrong_without_being_hashed(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can have it."""
    monkeypatch.setattr(passwords, "_turns", threading.Semaphore(0))
    assert not passwords.matches("$argon2id$", "x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("seven c", "has 7 characters: take at least 8"),
        ("", "has 0 characters"),
        ("x" * 1025, "has 1025 characters: at most 1024"),
        ("Ana@example.com", "is the account's name"),
        ("two\nlines of it", "characters that cannot be sent"),
        ("half \ud800 of one", "characters that cannot be sent"),
    ],
)
def test_a_password_that_cannot_be_had_is_refused_with_the_reason(password: str, message: str) -> None:
    """And never told again in it."""
    with pytest.raises(AccountInvalid, match=message) as caught:
        check_password(password, "ana@example.com")
    assert not password or password not in caught.value.message


@pytest.mark.parametrize("password", ["eight ch", "x" * 1024])
def test_a_password_on_the_border_is_taken(password: str) -> None:
    """The shortest and the longest."""
    check_password(password, "ana")
