"""A simulated registry as it is measured: what is asked of it, and where its files lie."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.million.size import LARGE_NAME, SPARE, Size, name_of
from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.database import Database
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry.registry import Registry, Rules

ASKED = 1000
"""Repositories that everything is asked of: in the smaller registry they are all that there are."""


@dataclass(frozen=True, slots=True)
class Site:
    """A registry of ``size``. ``asked`` are ids of repositories, chosen over all of it, in no order."""

    registry: Registry
    size: Size
    asked: tuple[int, ...]
    spare: Iterator[int]
    folder: Path
    chance: random.Random = field(default_factory=lambda: random.Random(9))

    @classmethod
    def open(cls, database: Database, size: Size, folder: Path) -> Site:
        """The registry whose rows are in ``database``; its blobs have no bytes, and ``folder`` is where they were."""
        asked = random.Random(7).sample(range(1, size.repositories + 1), min(ASKED, size.repositories))
        spare = iter(range(size.repositories + 1, size.repositories + SPARE + 1))
        return cls(Registry(database, FilesystemBlobs(folder), Rules()), size, tuple(asked), spare, folder)

    @property
    def large(self) -> RepositoryName:
        """The repository of many tags."""
        return RepositoryName.parse(LARGE_NAME)

    @property
    def without_grace(self) -> Registry:
        """The same registry, in which bytes go as soon as nobody needs them."""
        return replace(self.registry, rules=replace(self.registry.rules, sweep_grace=0))

    def name(self, repository: int) -> RepositoryName:
        """The name of the repository of that id."""
        return RepositoryName.parse(name_of(repository))

    def version(self) -> Tag:
        """Some tag that an ordinary repository has."""
        return Tag.parse(f"v{self.chance.randrange(self.size.versions)}")
