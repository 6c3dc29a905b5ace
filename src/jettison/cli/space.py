"""Where the bytes of repositories are, as far as tags lead: what each has alone, and what it shares with others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.oci.media_types import MANIFEST_TYPES

if TYPE_CHECKING:
    from jettison.cli.contents import Contents
    from jettison.client.manifest import Manifest
    from jettison.oci.digest import Digest
    from jettison.oci.errors import Json


@dataclass(frozen=True, slots=True)
class Used:
    """What one thing (a repository, or a version with its tags) uses, in bytes.

    `exclusive` bytes nothing else has, and come back when it goes; `shared` ones others have too.
    """

    name: str
    exclusive: int
    shared: int
    tags: tuple[str, ...] = ()
    versions: int = 0

    def to_json(self, kind: str) -> dict[str, Json]:
        """The same as a JSON object, named by its `kind`."""
        tags: Json = len(self.tags) if kind == "repository" else list(self.tags)
        sizes: dict[str, Json] = {"exclusive": self.exclusive, "shared": self.shared}
        return {kind: self.name, "bytes": sizes, "tags": tags, "versions": self.versions}


@dataclass(frozen=True, slots=True)
class Space:
    """All of it, the largest first. `total` counts each byte once; `shared` those of it that several have."""

    used: tuple[Used, ...]
    total: int
    shared: int


def of_repositories(contents: Sequence[Contents]) -> Space:
    """What each repository uses of its registry."""
    parts = [_pieces(each.manifests.values()) for each in contents]
    return _space(
        [
            (str(each.repository.name), tuple(map(str, sorted(each.tags))), len(each.manifests), pieces)
            for each, pieces in zip(contents, parts, strict=True)
        ]
    )


def of_versions(contents: Contents) -> Space:
    """What each version that has tags uses of its repository, its platforms counted with it."""
    roots = {each.digest: each for each in contents.tags.values()}
    held = contents.manifests
    return _space(
        [
            (str(digest), tuple(map(str, sorted(contents.tags_of(digest)))), len(below), _pieces(below))
            for digest, root in roots.items()
            for below in [_below(root, held)]
        ]
    )


def size_of(manifest: Manifest, held: Mapping[Digest, Manifest]) -> int:
    """Bytes of a manifest and all that it holds, each once."""
    return sum(_pieces(_below(manifest, held)).values())


def _space(named: Sequence[tuple[str, tuple[str, ...], int, Mapping[Digest, int]]]) -> Space:
    holders = Counter(digest for *_, pieces in named for digest in pieces)
    sizes = {digest: size for *_, pieces in named for digest, size in pieces.items()}
    used = []
    for name, tags, versions, pieces in named:
        alone = sum(size for digest, size in pieces.items() if holders[digest] == 1)
        used.append(Used(name, alone, sum(pieces.values()) - alone, tags, versions))
    used.sort(key=lambda each: (-each.exclusive, -each.shared, each.name))
    shared = sum(size for digest, size in sizes.items() if holders[digest] > 1)
    return Space(tuple(used), sum(sizes.values()), shared)


def _below(root: Manifest, held: Mapping[Digest, Manifest]) -> list[Manifest]:
    """A manifest and those that it lists, down to the last, each once."""
    found = {root.digest: root}
    front = [root]
    while front:
        listed = [held[child.digest] for each in front for child in each.children if child.digest in held]
        front = list({each.digest: each for each in listed if each.digest not in found}.values())
        found |= {each.digest: each for each in front}
    return list(found.values())


def _pieces(manifests: Iterable[Manifest]) -> dict[Digest, int]:
    """What these need: each manifest and blob once, with its size."""
    pieces: dict[Digest, int] = {}
    for each in manifests:
        pieces[each.digest] = len(each.content)
        for needed in (*each.blobs, *each.children):
            # A manifest that an index lists need not be there: where it is, it is counted for itself.
            if needed.media_type not in MANIFEST_TYPES:
                pieces.setdefault(needed.digest, needed.size)
    return pieces
