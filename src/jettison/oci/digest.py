"""Digests: the names of content, from OCI image 1.1, "Digests"."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from jettison.oci.errors import DigestInvalid, quoted

DIGEST_PATTERN: Final = r"(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})"
ACCEPTED: Final = (
    "a digest is sha256: and 64 hexadecimal digits in lower case, or sha512: and 128 hexadecimal digits in lower case"
)

_matches = re.compile(DIGEST_PATTERN).fullmatch


class Hash(Protocol):
    """A hash of bytes in the making, as `hashlib` makes them."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Adds `data` to what is hashed."""

    def digest(self) -> bytes:
        """The hash of all that was added, 32 or 64 bytes."""

    def hexdigest(self) -> str:
        """The same in hexadecimal digits."""

    def copy(self) -> Hash:
        """A hash that goes on from here on its own."""


_HASHES: Final[dict[str, Callable[[], Hash]]] = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_PREFIXES: Final = {"sha256": b"\x01", "sha512": b"\x02"}
_PACKED: Final = {(1, 33): "sha256", (2, 65): "sha512"}

ALGORITHMS: Final = tuple(_HASHES)


def new_hash(algorithm: str) -> Hash:
    """An empty hash of `algorithm`. Raises DigestInvalid for an algorithm other than sha256 and sha512."""
    try:
        return _HASHES[algorithm]()
    except KeyError:
        raise DigestInvalid(f"digest algorithm {quoted(algorithm)} is not supported: use sha256 or sha512") from None


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The digest of some content; digests order as their texts do."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """The digest that `text` writes, as in `sha256:6c3c...`. Raises DigestInvalid."""
        if _matches(text) is None:
            raise DigestInvalid(f"digest {quoted(text)} is not valid: {ACCEPTED}")
        return cls(text[:6], text[7:])

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of `content`. Raises DigestInvalid for an algorithm that is not supported."""
        made = new_hash(algorithm)
        made.update(content)
        return cls(algorithm, made.hexdigest())

    @classmethod
    def unpack(cls, packed: bytes) -> Digest:
        """The digest whose `packed` this is. Raises DigestInvalid for bytes that are not a packed digest."""
        algorithm = _PACKED.get((packed[0], len(packed))) if packed else None
        if algorithm is None:
            raise DigestInvalid(f"{len(packed)} bytes are no packed digest: {packed[:8].hex()}...")
        return cls(algorithm, packed[1:].hex())

    @property
    def packed(self) -> bytes:
        """The digest as bytes: the algorithm's number (1 sha256, 2 sha512), then the 32 or 64 of the hash."""
        return _PREFIXES[self.algorithm] + bytes.fromhex(self.hex)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
