"""Links: the files by which distribution's tree names content. Each holds a digest as text, and nothing else."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, quoted

LONGEST = 200
"""Bytes: no digest is that long."""


class Broken(Exception):
    """A file that is not what it must be; the reason is its message."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link names, and when it was written, in microseconds since 1970."""

    digest: Digest
    written_at: int


def require_own(digest: Digest, link: Link) -> Link:
    """What the place of ``digest`` names: itself, or a digest of another algorithm of the same bytes. Raises Broken."""
    if link.digest != digest and link.digest.algorithm == digest.algorithm:
        raise Broken(f"its link names other content, {link.digest}")
    return link


def read_link(path: str) -> Link:
    """The link at `path`. Raises Broken; FileNotFoundError where there is none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Broken("its link is not a file")
        text = os.read(descriptor, LONGEST)
    finally:
        os.close(descriptor)
    return Link(parse_link(text), found.st_mtime_ns // 1000)


def parse_link(text: bytes) -> Digest:
    """The digest in a link. Raises Broken."""
    if not text:
        raise Broken("its link is empty")
    try:
        return Digest.parse(text.decode("ascii", "replace"))
    except DigestInvalid:
        raise Broken(f"its link does not hold a digest but {quoted(text.decode('utf-8', 'replace'))}") from None
