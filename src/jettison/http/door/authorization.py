"""The Authorization header: Basic (RFC 7617) and Bearer (RFC 6750), read strictly. What it holds is never repeated."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from jettison.oci.errors import Unauthorized

LONGEST: Final = 32 * 1024
"""Bytes of the header. Tokens of outside servers name every repository that they are for."""

LONGEST_NAME: Final = 255
LONGEST_PASSWORD: Final = 4096

_header = re.compile(rb"([A-Za-z]{1,20}) +([A-Za-z0-9._~+/-]+=*)").fullmatch
_controls = re.compile(r"[\x00-\x1f\x7f]").search


@dataclass(frozen=True, slots=True)
class Basic:
    """A name and a password."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, whatever is in it."""

    token: str = field(repr=False)


Shown: TypeAlias = Basic | Bearer


def header_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The one Authorization header, or None.

    Raises Unauthorized for several: a proxy in front may have read another of them than we would.
    """
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) > 1:
        raise Unauthorized("the Authorization header is there twice: which is meant?")
    return found[0] if found else None


def parse(header: bytes) -> Shown | None:
    """What it shows; None for a name and a password that are both empty, by which skopeo and podman say that they have
    none. Raises Unauthorized.
    """
    if len(header) > LONGEST:
        raise Unauthorized(f"the Authorization header has {len(header)} bytes: at most {LONGEST} are read")
    match = _header(header)
    if match is None:
        raise Unauthorized("the Authorization header cannot be read: it is Basic or Bearer, and what goes with it")
    scheme, text = match[1].lower(), match[2]
    if scheme == b"basic":
        return _basic(text)
    if scheme == b"bearer":
        return Bearer(text.decode("ascii"))
    raise Unauthorized("the Authorization header is of a scheme that is not known here: it is Basic or Bearer")


def _basic(text: bytes) -> Basic | None:
    try:
        # Some clients leave the padding out.
        decoded = b64decode(text + b"=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unauthorized("the Basic Authorization is no base64 of a name, a colon and a password in UTF-8") from error
    name, colon, password = decoded.partition(":")
    if not colon:
        raise Unauthorized("the Basic Authorization is no name, colon and password")
    return credentials(name, password) if name or password else None


def credentials(name: str, password: str) -> Basic:
    """A name and a password, however they came, that somebody could have. Raises Unauthorized."""
    if not name or _controls(name) or _controls(password):
        raise Unauthorized("a name and a password are text without line breaks and the like, and the name is not empty")
    if len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
        raise Unauthorized(
            f"the name or the password is too long: at most {LONGEST_NAME} and {LONGEST_PASSWORD} characters are read"
        )
    return Basic(name, password)
