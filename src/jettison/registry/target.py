"""What somebody asks to delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is to go. Without a ``reference`` the whole repository; ``blob`` tells a blob from a manifest."""

    repository: RepositoryName
    reference: Tag | Digest | None = None
    blob: bool = False

    @property
    def kind(self) -> str:
        """One of repository, tag, manifest, blob."""
        if self.reference is None:
            return "repository"
        if isinstance(self.reference, Tag):
            return "tag"
        return "blob" if self.blob else "manifest"

    def __str__(self) -> str:
        if self.reference is None:
            return str(self.repository)
        return f"{self.repository}{':' if isinstance(self.reference, Tag) else '@'}{self.reference}"


class Choice(Protocol):
    """What chooses targets by what there is, in place of naming each."""

    def matching(self, tx: Transaction) -> Sequence[str]:
        """The names of the repositories of which something is chosen."""

    def choose(self, tx: Transaction, names: Sequence[str]) -> Sequence[Target]:
        """What is chosen of these repositories, whose names are held when it goes."""
