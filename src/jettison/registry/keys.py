"""The keys that sign this registry's own tokens: made at the first start, rotated by command.

One key signs at a time. When another takes its place, its tokens are still believed until the last of them has ended;
replicas learn of a new key with the first token that it signed.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from jettison.metadata import keys
from jettison.metadata.database import Lock, Transaction
from jettison.metadata.keys import SigningKey
from jettison.registry import audit
from jettison.registry.access import EVERYONE, Caller
from jettison.registry.audit import Deed
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.registry import MICROSECONDS, Registry

LONGEST_TOKEN: Final = 24 * 3600 * MICROSECONDS
"""How long a token can be good for at most, whatever `auth.jettison.lifetime` said when it was made."""

SPARE: Final = 120 * MICROSECONDS
"""By how much clocks may differ, twice."""

_LOCK = Lock.alone("jettison/keys")


def signing_keys(registry: Registry) -> list[SigningKey]:
    """Those whose tokens are believed, first the one that signs; none before the first start. Raises Unavailable."""
    return registry.database.read(keys.all_of)


def ensure_key(registry: Registry) -> None:
    """Make a key if none signs. Replicas that start together make one. Raises Unavailable."""

    def work(tx: Transaction) -> None:
        if all(key.ends_at is not None for key in keys.all_of(tx)):
            keys.add(tx, *_new())
            audit.note(tx, NOBODY, EVERYONE, Deed.KEYS, detail={"made": True})

    if all(key.ends_at is not None for key in signing_keys(registry)):
        registry.database.write(work, _LOCK)


def rotate(
    registry: Registry, *, revoke: bool = False, origin: Origin = NOBODY, caller: Caller = EVERYONE
) -> SigningKey:
    """Another key signs from now on, which is returned; with ``revoke`` no earlier token is believed any more.

    Raises Unavailable.
    """

    def work(tx: Transaction) -> SigningKey:
        keys.drop_ended(tx)
        if revoke:
            keys.drop_all(tx)
        else:
            keys.retire(tx, tx.now + LONGEST_TOKEN + SPARE)
        id, private = _new()
        keys.add(tx, id, private)
        audit.note(tx, origin, caller, Deed.KEYS, id, detail={"revoked": revoke})
        return SigningKey(id, private, tx.now, None)

    return registry.database.write(work, _LOCK)


def _new() -> tuple[str, bytes]:
    """A key for ES256 (RFC 7518, 3.4) under a random name."""
    key = ec.generate_private_key(ec.SECP256R1())
    return secrets.token_hex(8), key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
