"""Fill a registry that is not running, through its own rules, without waiting for the disk: what is measured is later.

python -m benchmarks.fill CONFIG PREFIX REPOSITORIES TAGS
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks.content import MANIFEST_TYPE, Blob, repository, version
from jettison.metadata.database import NO_LOCK, Database, Lock, Transaction
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import mount, push, uploads
from jettison.registry.registry import Registry
from jettison.server.registry import open_registry
from jettison.settings import load

T = TypeVar("T")


class Hasty:
    """A database whose writes do not wait for the disk."""

    def __init__(self, database: Database) -> None:
        self.inline = database.inline
        self._database = database

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        """As it reads."""
        return self._database.read(work, snapshot=snapshot)

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        """As it writes what need not be durable."""
        del durable
        return self._database.write(work, lock, durable=False)

    def close(self) -> None:
        """Close it."""
        self._database.close()


def main() -> None:
    """Push `REPOSITORIES` repositories of `TAGS` manifests each, all with the blobs of the first."""
    config, prefix, count, tags = sys.argv[1:]
    opened = open_registry(load(Path(config), os.environ).settings)
    registry = Registry(Hasty(opened.database), opened.blobs, opened.rules)
    first = RepositoryName.parse(f"{prefix}/r0")
    blobs = repository(first.value, 0).blobs
    for blob in blobs:
        _upload(registry, first, blob)
    for number in range(int(count)):
        name = RepositoryName.parse(f"{prefix}/r{number}")
        for blob in blobs:
            mount.mount(registry, name, Digest.parse(blob.digest), first, lambda _: True)
        for turn in range(int(tags)):
            made = version(name.value, blobs, f"v{turn}")
            push.push_manifest(registry, name, Tag.parse(made.tag), made.content, MANIFEST_TYPE)
    registry.close()


def _upload(registry: Registry, name: RepositoryName, blob: Blob) -> None:
    incoming = uploads.resume(registry, name, uploads.start(registry, name).id, 0)
    incoming.append(blob.content)
    incoming.finish(Digest.parse(blob.digest))


if __name__ == "__main__":
    main()
