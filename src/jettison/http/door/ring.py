"""The registry's own keys, as this process knows them: the one that signs, and those whose tokens are believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from joserfc.jwk import ECKey

from jettison.http.door.refusals import UnknownKey
from jettison.http.door.trust import Key
from jettison.metadata.keys import SigningKey
from jettison.registry.keys import ensure_key, signing_keys
from jettison.registry.registry import MICROSECONDS, Registry

ALGORITHM: Final = "ES256"
"""What everything that verifies tokens knows: CNCF distribution 2 has no EdDSA, which is no faster either."""

SECONDS: Final = 10.0
"""How often the keys are looked at, so that what is revoked is forgotten."""


class KeyRing:
    """The keys of ``registry``; ``changed`` is called when they are others than they were.

    :meth:`refresh` reads them anew. It may be called by any thread. Raises Unavailable.
    """

    def __init__(self, registry: Registry, changed: Callable[[], None], clock: Callable[[], float] = time.time) -> None:
        self._registry = registry
        self._clock = clock
        self._changed = changed
        self._kept: tuple[SigningKey, ...] = ()
        self._keys: Mapping[str, ECKey] = {}
        self._read_at = 0.0
        ensure_key(registry)
        self.refresh()

    def refresh(self) -> None:
        """Read the keys anew."""
        self._read_at = time.monotonic()
        kept = tuple(signing_keys(self._registry))
        if kept != self._kept:
            self._keys = {key.id: self._keys.get(key.id) or _read(key) for key in kept}
            self._kept = kept
            self._changed()

    @property
    def stale(self) -> bool:
        """Whether an unknown key is worth a look: it is looked for once a second, whoever sends what."""
        return time.monotonic() - self._read_at > 1.0

    def key(self, header: Mapping[str, Any]) -> Key:
        """The key of that name, while its tokens are believed. Raises UnknownKey."""
        name = header.get("kid")
        found = self._keys.get(name) if isinstance(name, str) else None
        if found is None:
            raise UnknownKey("the token was not made by this registry, or its key was revoked: get another")
        return found

    @property
    def signing(self) -> tuple[str, Key]:
        """The key that signs, with its name before it."""
        name = self._kept[0].id
        return name, self._keys[name]

    def published(self) -> dict[str, Any]:
        """The public keys as a JWK Set (RFC 7517)."""
        now = self._clock() * MICROSECONDS
        believed = [key.id for key in self._kept if key.ends_at is None or key.ends_at > now]
        return {
            "keys": [
                {**self._keys[name].as_dict(private=False), "kid": name, "use": "sig", "alg": ALGORITHM}
                for name in believed
            ]
        }


def _read(key: SigningKey) -> ECKey:
    private = load_der_private_key(key.private, None)
    return ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
