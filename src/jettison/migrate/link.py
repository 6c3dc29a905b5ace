"""Links: the files by which distribution's tree names content. Each holds a digest as text, and nothing else."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, quoted

_LONGEST = 200
"""Bytes: no digest is that long."""


class Broken(Exception):
    """A file that is not what it must be; the reason is its message."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link names, and when it was written, in microseconds since 1970."""

    digest: Digest
    written_at: int


def read_link(path: str) -> Link:
    """The link at `path`. Raises Broken; FileNotFoundError where there is none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Broken("its link is not a file")
        text = os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)
    if not text:
        raise Broken("its link is empty")
    try:
        return Link(Digest.parse(text.decode("ascii", "replace")), found.st_mtime_ns // 1000)
    except DigestInvalid:
        raise Broken(f"its link does not hold a digest but {quoted(text.decode('utf-8', 'replace'))}") from None
