"""Passwords: which can be had, how they are kept (argon2id, RFC 9106), and how many are looked at once."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from jettison.oci.errors import AccountInvalid, TooManyRequests

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 8
LONGEST: Final = 1024
"""Characters. argon2 takes more, and everything counts; but nobody types it, and hashing it takes its time."""

ROUNDS: Final = 3
MEMORY: Final = 32 * 1024
"""KiB that one hash takes while it is made."""

AT_ONCE: Final = 2
"""How many are hashed in a process at a time: each has a processor to itself, for a tenth of a second, and MEMORY."""

PATIENCE: Final = 5.0
"""Seconds to wait for one's turn."""

WAITING: Final = 10
"""How many may wait for theirs: each keeps a thread, of which uploads need some too."""

REMEMBERED: Final = 1000

_UNSENDABLE = ("Cc", "Cs")
"""Control characters (RFC 7617, 2, has none), and halves of a character."""


class Passwords:
    """Makes and checks hashes, in the thread that calls. Any number of threads may; AT_ONCE hash, the others wait.

    What was right is remembered, so that a client that sends its password with every request is not slowed down: as a
    hash under a key that only this process has, of the password together with the hash that it was checked against.
    """

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def hash(self, password: str) -> str:
        """The hash to keep, with its own salt. Raises TooManyRequests."""
        with self._turn():
            return self._hasher.hash(_bytes(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether ``kept`` was made of it. Without one it is not, which takes as long. Raises TooManyRequests."""
        from argon2.exceptions import VerificationError  # noqa: PLC0415  (see _hasher)

        if len(password) > LONGEST:
            return False
        seen = blake2b(f"{kept}\n".encode() + _bytes(password), key=self._key, digest_size=32).digest()
        if kept is not None and self._recall(seen):
            return True
        with self._turn():
            nobodys = self._nobodys  # made with the first check, whatever that is of
            try:
                self._hasher.verify(nobodys if kept is None else kept, _bytes(password))
            except VerificationError:
                return False
        self._remember(seen)
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether ``kept`` was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        # Imported only here: most processes never see a password.
        from argon2 import PasswordHasher  # noqa: PLC0415

        return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY, parallelism=1)

    @cached_property
    def _nobodys(self) -> str:
        """A hash of a password that nobody knows, with the parameters of all others."""
        return self._hasher.hash(secrets.token_bytes(32))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._turns.acquire(timeout=PATIENCE):
                raise _busy()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()

    def _recall(self, seen: bytes) -> bool:
        with self._lock:
            if seen not in self._right:
                return False
            self._right.move_to_end(seen)
            return True

    def _remember(self, seen: bytes) -> None:
        with self._lock:
            self._right[seen] = None
            if len(self._right) > REMEMBERED:
                self._right.popitem(last=False)


def _busy() -> TooManyRequests:
    return TooManyRequests("too many passwords are being checked: try again in a moment", seconds=5)


def check_password(password: str, name: str) -> None:
    """Raise AccountInvalid, saying what to do, for a password that ``name`` cannot have."""
    if len(password) < SHORTEST:
        raise AccountInvalid(
            f"the password has {len(password)} characters: take at least {SHORTEST}, better a sentence"
        )
    if len(password) > LONGEST:
        raise AccountInvalid(f"the password has {len(password)} characters: at most {LONGEST} are taken")
    if any(unicodedata.category(letter) in _UNSENDABLE for letter in password):
        raise AccountInvalid("the password has characters that cannot be sent, such as a line's end: leave them out")
    if password.casefold() == name.casefold():
        raise AccountInvalid("the password is the account's name: take another")


def _bytes(password: str) -> bytes:
    """As what looks the same is typed on every system (RFC 8265, OpaqueString, takes NFC too)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
