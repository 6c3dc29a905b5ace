"""A repository with a memory: what deletions took, until when it can come back, and what lies on the disk for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.support.model import Model, Taken
from tests.support.universe import NAMES, children_of


@dataclass(slots=True)
class Hidden:
    """What one deletion took out of one name. ``copied`` manifests are there only for what needs them."""

    manifests: set[str] = field(default_factory=set)
    copied: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    links: dict[bytes, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, going: Iterable[str], needed: set[str], tags: dict[str, str]) -> Hidden:
        """Manifests that go, and all that they need, whose blobs are held."""
        moved = set(going)
        links: dict[bytes, int | None] = dict.fromkeys(blobs_of(needed))
        return cls(set(needed), needed - moved, tags, links)

    def closure(self, roots: Iterable[str]) -> set[str]:
        """These manifests and all that they hold here."""
        found: set[str] = set()
        for root in roots:
            found |= {root, *self.closure(child for child in children_of(root) if child in self.manifests)}
        return found


@dataclass(slots=True)
class Journaled:
    """An entry of the journal: what it took, by name; None once that is dropped or restored."""

    state: str
    expires_at: int
    hidden: dict[str, Hidden] | None


@dataclass(slots=True)
class UndoModel(Model):
    """A model that hands what a deletion takes to ``record``, and takes it back."""

    record: Callable[[Hidden], None] = lambda _: None

    def delete_manifest(self, target: str) -> None:
        """The manifest goes with all that follows it."""
        going = self.cascade(target)
        needed = set[str]().union(*(self.closure(name) for name in going))
        tags = {tag: manifest for tag, manifest in self.tags.items() if manifest in going}
        self.record(Hidden.of(going, needed, tags))
        super(UndoModel, self).delete_manifest(target)

    def delete_tag(self, tag: str) -> None:
        """The tag goes alone."""
        manifest = self.tags[tag]
        self.record(Hidden.of((), self.closure(manifest), {tag: manifest}))
        super(UndoModel, self).delete_tag(tag)

    def delete_blob(self, blob: bytes) -> None:
        """A blob that no manifest needs goes."""
        self.record(Hidden(links={blob: None}))
        super(UndoModel, self).delete_blob(blob)

    def delete_repository(self) -> None:
        """All of it goes."""
        self.record(Hidden(set(self.manifests), set(), dict(self.tags), dict(self.links)))
        super(UndoModel, self).delete_repository()

    def remember(self, hidden: Iterable[Hidden]) -> None:
        """What a push across deletions may have back is what these still have."""
        taken = Taken()
        for each in hidden:
            taken.manifests |= each.manifests
            taken.blobs |= each.links.keys()
        self.taken = taken

    def nothing_comes(self, hidden: Hidden) -> bool:
        """Whether all that it has is tags that were pushed since."""
        coming = hidden.tags.keys() - self.tags.keys()
        return self.stays(hidden) and not coming and not hidden.manifests - hidden.copied

    def stays(self, hidden: Hidden) -> bool:
        """Whether it has a tag that points elsewhere by now."""
        return any(self.tags.get(tag, manifest) != manifest for tag, manifest in hidden.tags.items())

    def restore(self, hidden: Hidden, until: int) -> None:
        """Take it back: no tag that was pushed since is touched. Blobs that nothing needs are leased until then."""
        coming = {tag: manifest for tag, manifest in hidden.tags.items() if tag not in self.tags}
        back = hidden.closure({*(hidden.manifests - hidden.copied), *coming.values()})
        self.manifests |= back
        self.tags |= coming
        for blob in hidden.links.keys() - blobs_of(hidden.manifests):
            self.upload(blob, until)
        for blob in blobs_of(back):
            self.links[blob] = None
        for name in self.manifests:
            self.lacks[name] = set(children_of(name)) - self.manifests

    def _complete(self, name: str) -> None:
        # What was taken back had lost children to other deletions, which may be gone for good by now.
        for child in children_of(name):
            if child in self.manifests | self.taken.manifests:
                self._complete(child)
        self._add(name)
        for each in self.manifests:
            self.lacks[each] = set(children_of(each)) - self.manifests


def blobs_of(manifests: Iterable[str]) -> set[bytes]:
    """The blobs that these manifests need."""
    return {blob for name in manifests for blob in NAMES[name].blobs}
