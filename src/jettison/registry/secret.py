"""Secrets that are made here: random, told once, kept as their hash."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final

TOKEN_PREFIX: Final = "jettison_"  # noqa: S105  (what one is known by)
"""What tokens begin with, so that who looks for secrets in the wrong places can find them."""


def new_token() -> str:
    """256 random bits as text that stands in a header, a URL or a shell as it is."""
    return f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"


def kept(secret: str) -> bytes:
    """What is kept of it: its SHA-256. Of that much randomness nothing can be guessed, so it needs no slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
