"""Keys that sign tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key by its name, PKCS #8 as DER. Times are in microseconds; without ``ends_at`` it is the one that signs."""

    id: str
    private: bytes = field(repr=False)
    created_at: int
    ends_at: int | None


def all_of(tx: Transaction) -> list[SigningKey]:
    """Those whose tokens are believed, first the one that signs, then the newest first."""
    rows = tx.all(
        """select id, private, created_at, ends_at from signing_key
           where ends_at is null or ends_at > :now
           order by case when ends_at is null then 0 else 1 end, created_at desc, id""",
        now=tx.now,
    )
    return [SigningKey(id, bytes(private), created_at, ends_at) for id, private, created_at, ends_at in rows]


def add(tx: Transaction, id: str, private: bytes) -> None:
    """The key that signs from now on; the others are to be retired before."""
    tx.run(
        "insert into signing_key (id, private, created_at, ends_at) values (:id, :private, :now, null)",
        id=id,
        private=private,
        now=tx.now,
    )


def retire(tx: Transaction, ends_at: int) -> int:
    """Let no key sign any more; the tokens of those that did are believed until ``ends_at``. How many there were."""
    return tx.run("update signing_key set ends_at = :ends_at where ends_at is null", ends_at=ends_at)


def drop_ended(tx: Transaction) -> int:
    """Forget the keys whose tokens have ended; how many."""
    return tx.run("delete from signing_key where ends_at <= :now", now=tx.now)


def drop_all(tx: Transaction) -> int:
    """Forget every key: no token is believed any more. How many there were."""
    return tx.run("delete from signing_key")
