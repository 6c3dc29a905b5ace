"""Failed sign-ins: whoever guesses passwords waits longer after each guess, and as far as can be, nobody else does.

What is counted, in the database, so that replicas know of each other's:

- An account at an address. After a few failures it waits there, longer each time. At other addresses it need not: who
  guesses somebody's password does not lock that person out. A success there forgets them.
- An address, with whatever accounts: one password tried with a hundred names is a hundred guesses. Accounts that have
  signed in from it within REMEMBERED need not wait: many people may share it. A success forgets nothing, else whoever
  has an account could go on guessing those of others.
- An account, at whatever addresses. It never waits for that, but while it has failed as often as an address may, an
  address that it never signed in from has one guess and no more.

Failures fade with time, and no wait is longer than `Lockout.longest`: nobody is locked out for good. What is refused
here is not compared and not counted. An account that there is none of is counted as any other, so that nobody learns
which there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from jettison.metadata import attempts
from jettison.metadata.attempts import Attempts
from jettison.metadata.database import Transaction
from jettison.oci.errors import TooManyRequests
from jettison.registry import audit
from jettison.registry.access import Caller, Kind
from jettison.registry.audit import Deed, Result
from jettison.registry.lockout import Lockout
from jettison.registry.origin import Origin
from jettison.registry.registry import MICROSECONDS, Registry

REMEMBERED = 30 * 24 * 3600 * MICROSECONDS
"""How long an address from which an account has signed in is one that it knows."""

NOTED_EVERY = 24 * 3600 * MICROSECONDS
"""How often the audit log has a sign-in of one account from one address."""

SHARED_FADE = 60 * MICROSECONDS
"""How long one failure of an address, or of an account at all of them, takes to fade."""

ALL_FADE = 10 * MICROSECONDS
"""The same of all failures together, of which only the audit log wants to know."""

NOTED = 10
ALL_NOTED = 1000
"""Failures that the audit log has one by one, of one account or address and of all; beyond, each that doubles them."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """What an attempt is counted as. They tell nothing of what they are made of: a name may be a password."""

    both: bytes
    account: bytes
    address: bytes | None
    all: bytes

    @classmethod
    def of(cls, origin: Origin, name: str) -> _Keys:
        where = network_of(origin.address)
        # Clients whose address is not known must not be taken for one.
        address = _key("address", where) if where else None
        return cls(_key("both", name, where), _key("account", name), address, _key("all"))


def check(registry: Registry, origin: Origin, name: str) -> None:
    """Raise TooManyRequests, which says how long to wait, if a sign-in as ``name`` is not looked at now.

    To be called right before a password is compared, in the thread that does it: guesses that are compared at the
    same moment are not told of each other.
    """
    if not registry.rules.lockout.failures:
        return
    keys = _Keys.of(origin, name)
    wait = registry.database.read(lambda tx: _wait(tx, keys))
    if wait > 0:
        seconds = -(-wait // MICROSECONDS)
        raise TooManyRequests(
            f"too many sign-ins of this account, or from this address, have failed: try again in {seconds} s",
            seconds=seconds,
        )


def _wait(tx: Transaction, keys: _Keys) -> int:
    found = attempts.find(tx, [key for key in (keys.both, keys.address) if key is not None])
    both = found.get(keys.both, attempts.NONE)
    address = found.get(keys.address, attempts.NONE) if keys.address is not None else attempts.NONE
    until = both.until if both.succeeded_at else max(both.until, address.until)
    return until - tx.now if until else 0


def failed(registry: Registry, origin: Origin, name: str, *, known: bool = True) -> None:
    """Count a refused sign-in as ``name``, and note it in the audit log unless many were before it.

    ``known`` is whether there is such an account: what is none may be a password in the wrong place, so the log has
    no word of it.
    """
    keys, lockout = _Keys.of(origin, name), registry.rules.lockout

    def work(tx: Transaction) -> None:
        counted = _count(tx, keys, lockout)
        both, account = counted[keys.both], counted[keys.account]
        strange = account.failures > lockout.address and not both.succeeded_at
        wait = lockout.longest if strange else lockout.after(both.failures, lockout.failures)
        _hold(tx, keys.both, both, wait, lockout.longest)
        _hold(tx, keys.account, account, 0, SHARED_FADE)
        if keys.address is not None:
            address = counted[keys.address]
            _hold(tx, keys.address, address, lockout.after(address.failures, lockout.address), SHARED_FADE)
        _hold(tx, keys.all, counted[keys.all], 0, ALL_FADE)
        if all(_is_news(each.failures, ALL_NOTED if key == keys.all else NOTED) for key, each in counted.items()):
            who = Caller(Kind.ANONYMOUS, name if known else "")
            detail = {"failures": both.failures, "of_account": account.failures, "known": known}
            audit.note(tx, origin, who, Deed.SIGN_IN, result=Result.REFUSED, detail=detail)

    registry.database.write(work, durable=False)


def _count(tx: Transaction, keys: _Keys, lockout: Lockout) -> dict[bytes, Attempts]:
    fades = {keys.both: lockout.longest, keys.account: SHARED_FADE, keys.all: ALL_FADE}
    if keys.address is not None:
        fades[keys.address] = SHARED_FADE
    # In one order: who counts at the same moment must not wait for us while we wait for them.
    return {key: attempts.count(tx, key, fades[key]) for key in sorted(fades)}


def _hold(tx: Transaction, key: bytes, counted: Attempts, wait: int, fade: int) -> None:
    until = tx.now + wait if wait else counted.until
    known_until = counted.succeeded_at + REMEMBERED if counted.succeeded_at else 0
    attempts.hold(tx, key, until, stale_at=max(until, tx.now + counted.failures * fade, known_until))


def succeeded(registry: Registry, origin: Origin, name: str, caller: Caller) -> None:
    """Forget what has failed as ``name`` at this address; the audit log has the sign-in, once a day from each.

    It writes no more often than that.
    """
    key = _Keys.of(origin, name).both

    def work(tx: Transaction) -> None:
        found = attempts.find(tx, [key]).get(key, attempts.NONE)
        if _is_old(tx, found):
            audit.note(tx, origin, caller, Deed.SIGN_IN)
        attempts.succeed(tx, key, stale_at=tx.now + REMEMBERED)

    def has_to_write(tx: Transaction) -> bool:
        found = attempts.find(tx, [key]).get(key, attempts.NONE)
        return found.failures > 0 or _is_old(tx, found)

    if registry.database.read(has_to_write):
        registry.database.write(work, durable=False)


def _is_old(tx: Transaction, found: Attempts) -> bool:
    return tx.now - found.succeeded_at >= NOTED_EVERY


def _is_news(failures: int, at_most: int) -> bool:
    return failures <= at_most or failures & (failures - 1) == 0


def network_of(address: str) -> str:
    """Where somebody is that has that address: of IPv6, whoever has one has all of its network of 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(IPv6Address(int(parsed) >> 64 << 64))


def _key(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
