"""Choosing what is to go by patterns over names, in place of naming each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jettison.metadata import listed
from jettison.metadata.database import Transaction
from jettison.metadata.untagged import suspects
from jettison.oci.errors import FilterTooWide, NothingMatched
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry.target import Target
from jettison.registry.untagged import unneeded
from jettison.selection.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Filter:
    """The repositories whose name matches; or, of these, their tags that match ``tag``, and, if ``untagged``, the
    manifests that no tag, index or subject needs.

    ``everything`` confirms that it may choose all that there is. A repository that is named without a wildcard needs
    no confirmation.
    """

    repository: Pattern
    tag: Pattern | None = None
    untagged: bool = False
    everything: bool = False

    @property
    def whole(self) -> bool:
        """Whether it chooses whole repositories."""
        return self.tag is None and not self.untagged

    def matching(self, tx: Transaction) -> list[str]:
        """The names of the repositories of which something is chosen, in the order of bytes. Raises NothingMatched."""
        if self.repository.literal:
            names = listed.among(tx, [self.repository.text])
        else:
            names = [name for name in listed.names(tx) if self.repository.matches(name)]
        if not self.whole:
            names = list(dict.fromkeys(str(target.repository) for target in self._contents(tx, names)))
        if not names:
            raise self._nothing()
        return names

    def choose(self, tx: Transaction, names: Sequence[str]) -> list[Target]:
        """What is chosen of the repositories ``names``, which matched.

        Raises NothingMatched, and FilterTooWide where it is all that there is.
        """
        there = listed.among(tx, list(names))
        chosen = [Target(RepositoryName(name)) for name in there] if self.whole else self._contents(tx, there)
        if not chosen:
            raise self._nothing()
        if not (self.everything or self.repository.literal) and self._is_everything(tx, chosen):
            raise FilterTooWide(
                f"the filter {self} matches everything in this registry: if that is what is meant, send all=true",
                {"repositories": len(there), "targets": len(chosen)},
            )
        return chosen

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        return f"{self.repository}{tag}{' (untagged)' if self.untagged else ''}"

    def _contents(self, tx: Transaction, names: list[str]) -> list[Target]:
        chosen: list[Target] = []
        if self.tag is not None:
            matches = self.tag.matches
            chosen += [Target(RepositoryName(name), Tag(tag)) for name, tag in listed.tags(tx, names) if matches(tag)]
        if self.untagged:
            there = set(names)
            chosen += [
                Target(RepositoryName(name), digest)
                for name in suspects(tx)
                if name in there
                for digest in unneeded(tx, name)
            ]
        return chosen

    def _is_everything(self, tx: Transaction, chosen: list[Target]) -> bool:
        """Whether no repository stays; or, where tags and versions are chosen, no tag of any."""
        if self.whole:
            return len(chosen) == listed.count(tx)
        tags = sum(isinstance(target.reference, Tag) for target in chosen)
        return tags == listed.count_tags(tx)

    def _nothing(self) -> NothingMatched:
        return NothingMatched(f"the filter {self} matches nothing in this registry: nothing is deleted")
