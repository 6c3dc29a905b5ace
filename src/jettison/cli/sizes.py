"""Numbers of bytes and of things, for a person."""

from __future__ import annotations


def size(count: int) -> str:
    """`1.2 MB (1234567 bytes)`; only the second where the first says no more."""
    return f"{short_size(count)} ({count} bytes)" if count >= 1000 else short_size(count)


def short_size(count: int) -> str:
    """`1.2 MB`."""
    from rich.filesize import decimal

    return decimal(count)


def number(count: int, noun: str, nouns: str = "") -> str:
    """`1 file`, `2 files`; ``nouns`` is the plural where it is not that."""
    return f"{count} {noun if count == 1 else nouns or f'{noun}s'}"
