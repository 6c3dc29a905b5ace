"""What must be visible of a repository after pushes and deletions, kept in plain sets: a second opinion on rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.universe import NAMES, SIGNERS_TAGS, SUBJECTS, children_of


@dataclass(slots=True)
class Taken:
    """What deletions took from a name, ever: a push across them may have it back."""

    manifests: set[str] = field(default_factory=set)
    blobs: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Model:
    """One repository name. Manifests go by their names in the universe; ``lacks`` are an index's lost children.

    ``links`` are its blobs, each with the time until when it is leased, None while a manifest needs it.
    """

    manifests: set[str] = field(default_factory=set)
    lacks: dict[str, set[str]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    links: dict[bytes, int | None] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)

    def visible_blobs(self, now: int) -> set[bytes]:
        """Blobs that a manifest needs or whose lease runs."""
        return {blob for blob, until in self.links.items() if until is None or until > now}

    def referrers(self, subject: str) -> set[str]:
        """The manifests whose subject it is."""
        return {name for name in self.manifests if SUBJECTS.get(name) == subject}

    def exists(self) -> bool:
        """Whether there is anything to delete."""
        return bool(self.manifests or self.links)

    # ---------------------------------------------------------------------------------------------------------- pushing

    def upload(self, blob: bytes, until: int) -> None:
        """A blob came, leased until then."""
        held = self.links.get(blob, 0)
        if held is not None:
            self.links[blob] = max(held, until)

    def missing(self, name: str) -> tuple[set[bytes], set[str]]:
        """The blobs and the children without which a push of the manifest is refused."""
        if name in self.manifests and not self.lacks.get(name):
            return set(), set()
        blobs = {blob for blob in NAMES[name].blobs if blob not in self.links and blob not in self.taken.blobs}
        return blobs, {child for child in children_of(name) if child not in self.manifests | self.taken.manifests}

    def push(self, name: str, tag: str | None) -> None:
        """A manifest came, and nothing is missing."""
        if name not in self.manifests or self.lacks.get(name):
            for child in children_of(name):
                if child not in self.manifests:
                    self._complete(child)
            self._add(name)
        if tag is not None:
            self.tags[tag] = name

    def _complete(self, name: str) -> None:
        for child in children_of(name):
            self._complete(child)
        self._add(name)

    def _add(self, name: str) -> None:
        self.manifests.add(name)
        for blob in NAMES[name].blobs:
            self.links[blob] = None
        for parent in self.manifests:
            self.lacks[parent] = self.lacks.get(parent, set()) - {name}

    # --------------------------------------------------------------------------------------------------------- deleting

    def holds(self, parent: str) -> set[str]:
        """The children that an index has and holds."""
        return set(children_of(parent)) - self.lacks.get(parent, set())

    def closure(self, name: str) -> set[str]:
        """A manifest and all that it holds."""
        return {name}.union(*(self.closure(child) for child in self.holds(name)))

    def cascade(self, target: str) -> set[str]:
        """What goes with a manifest: a round after the other, until one changes nothing."""
        going = {target}
        while True:
            more = {name for name in self.manifests - going if self._follows(name, going)}
            if not more:
                return going
            going |= more

    def _follows(self, name: str, going: set[str]) -> bool:
        tags = {tag for tag, manifest in self.tags.items() if manifest == name}
        signing = {tag for tag in tags if SIGNERS_TAGS.get(tag) in going}
        holders = {parent for parent in self.manifests if name in self.holds(parent)}
        subject = SUBJECTS.get(name)
        concerned = bool(signing or holders & going or subject in going)
        return concerned and tags == signing and holders <= going and subject not in self.manifests - going

    def delete_manifest(self, target: str) -> None:
        """The manifest goes with all that follows it."""
        going = self.cascade(target)
        kept = set[str]().union(*(self.closure(name) for name in going))
        self._take(kept)
        self.manifests -= going
        self.tags = {tag: manifest for tag, manifest in self.tags.items() if manifest not in going}
        for parent in self.manifests:
            self.lacks[parent] = set(children_of(parent)) - self.manifests
        for name in going:
            self.lacks.pop(name, None)
        needed = {blob for name in self.manifests for blob in NAMES[name].blobs}
        self.links = {blob: until for blob, until in self.links.items() if until is not None or blob in needed}

    def delete_tag(self, tag: str) -> None:
        """The tag goes alone."""
        self._take(self.closure(self.tags.pop(tag)))

    def delete_blob(self, blob: bytes) -> None:
        """A blob that no manifest needs goes."""
        del self.links[blob]
        self.taken.blobs.add(blob)

    def delete_repository(self) -> None:
        """All of it goes."""
        self._take(self.manifests)
        self.taken.blobs |= self.links.keys()
        self.manifests, self.lacks, self.tags, self.links = set(), {}, {}, {}

    def _take(self, manifests: set[str]) -> None:
        self.taken.manifests |= manifests
        self.taken.blobs |= {blob for name in manifests for blob in NAMES[name].blobs}
