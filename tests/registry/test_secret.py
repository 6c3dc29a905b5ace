from __future__ import annotations

import re
from hashlib import sha256

import pytest

from jettison.registry.secret import TOKEN_PREFIX, kept, new_token


def test_a_token_has_256_random_bits() -> None:
    """In letters that a header, a URL and a shell take as they are."""
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}", token) for token in tokens)


def test_what_is_kept_is_its_sha256() -> None:
    """And nothing else of it."""
    assert kept("jettison_x") == sha256(b"jettison_x").digest()


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "x" * 10**6], ids=["empty", "null", "half", "long"])
def test_anything_can_be_looked_for(text: str) -> None:
    """Whatever a client sends in its place."""
    assert len(kept(text)) == 32
