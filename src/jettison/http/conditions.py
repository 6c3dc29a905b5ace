"""Conditional requests: whether the client has already what it asks for."""

from __future__ import annotations

from jettison.oci.digest import Digest


def etag(digest: Digest) -> str:
    """The entity tag of content: its digest names its version, and is strong."""
    return f'"{digest}"'


def client_has(if_none_match: str | None, digest: Digest) -> bool:
    """Whether If-None-Match names this digest (RFC 9110, 13.1.2: weak comparison, a list or `*`)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return "*" in tags or str(digest) in tags
