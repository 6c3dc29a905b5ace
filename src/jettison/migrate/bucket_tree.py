"""A tree of CNCF distribution in a bucket, read by listing.

A listing tells an object's ETag, which is the MD5 of what was put at once and without a key of KMS. So most links need
not be read: what they should hold is known, and its MD5 too. Where an ETag is anything else, the link is read.

The size of each blob is kept in memory, since to ask for one at a time would take as long as reading it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from jettison.blobs.bucket_listing import BucketListing, Listed
from jettison.blobs.places import TREE
from jettison.blobs.store import BlobsError
from jettison.migrate.link import LONGEST, Broken, Link, parse_link, require_own
from jettison.migrate.note import NAME, TEXT
from jettison.migrate.tree import Flaw, Revision, TreeBlob, TreeTag
from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, quoted
from jettison.oci.lenient import LARGEST
from jettison.oci.reference import LONGEST_NAME

T = TypeVar("T")
R = TypeVar("R")
_ROOT = f"{TREE.as_posix()}/"
_BLOBS = f"{_ROOT}blobs/"
_REPOSITORIES = f"{_ROOT}repositories/"
_OWN = ("_layers", "_manifests", "_uploads")
_THREADS = 16
_AHEAD = 64
"""What is asked for before it is needed; a manifest has a few KiB, and may have 4 MiB."""

_GLANCES = 8
"""Of 256 folders of blobs, which a short look lists from the start."""


class BucketTree:
    """The tree in a bucket. ``listing`` is below the root directory of a distribution."""

    def __init__(self, listing: BucketListing) -> None:
        self.listing = listing
        self.place = f"{listing.place}/{TREE.as_posix()}"
        self._threads = ThreadPoolExecutor(_THREADS, "read-tree")
        self._scanning = threading.Lock()
        self._scanned: _Scan | None = None

    def exists(self) -> bool:
        """Whether distribution has written here."""
        return bool(self.listing.some(_REPOSITORIES, 1))

    def newest(self) -> int:
        """The newest time of a blob, in microseconds since 1970; 0 if there is none. All of them are listed, once."""
        return self._scan.newest

    def glance(self) -> int:
        """The newest time of those that a few requests list, other ones each time."""
        chosen = random.sample(range(256), _GLANCES)
        found = self.each(lambda two: self.listing.some(f"{_BLOBS}sha256/{two:02x}/", 1000), chosen)
        return max((each.written_at for page in found for each in page), default=0)

    def repositories(self) -> list[BucketRepository | Flaw]:
        """All repositories in the order of their names' bytes, and what lies there besides; flaws come first."""
        found: list[BucketRepository] = []
        flaws: list[Flaw] = []
        names = [""]
        while names:
            inside: list[str] = []
            for name, (folders, objects) in zip(names, self.each(self._level, names), strict=True):
                before = f"{name}/" if name else ""
                flaws += [_leftover(f"{before}{each.name}", "a file where only folders are") for each in objects]
                for folder in folders:
                    if folder.startswith("_"):
                        continue
                    if len(before + folder) > LONGEST_NAME:
                        reason = "a name of more than 255 characters"
                        flaws.append(Flaw("repository-name", quoted(before + folder), reason))
                    else:
                        inside.append(before + folder)
                if any(folder in _OWN for folder in folders):
                    found.append(BucketRepository(self, name))
            names = inside
        return [*flaws, *sorted(found, key=lambda each: os.fsencode(each.name))]

    def files(self) -> Iterator[TreeBlob | Flaw]:
        """All files of blobs, whether anything links to them or not, and what lies beside them."""
        yield from self._scan.flaws
        for packed, size in self._scan.sizes.items():
            digest = Digest.unpack(packed)
            yield TreeBlob(digest, digest, size)

    def extras(self) -> Iterator[Flaw]:
        """What else lies in the root directory and was of use to distribution."""
        if any(each.name == "" for each in self.listing.some("scheduler-state.json", 1)):
            reason = "what a pull-through cache would have dropped, and when: everything it holds is kept"
            yield Flaw("proxy-state", "scheduler-state.json", reason)

    def leave_note(self) -> Iterator[Flaw]:
        """Leave the note."""
        try:
            if not self.listing.some(f"{_ROOT}{NAME}", 1):
                self.listing.put(f"{_ROOT}{NAME}", TEXT.encode())
        except BlobsError as error:
            yield Flaw("not-writable", self.place, f"no note could be left there: {error}")

    def size(self, digest: Digest) -> int | None:
        """How many bytes a blob has; None where there is none."""
        return self._scan.sizes.get(digest.packed)

    def content(self, digest: Digest) -> tuple[int, bytes | None] | None:
        """A blob's size, and its bytes where distribution would read so many; None where there is none."""
        return self.listing.read(f"{_BLOBS}{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/data", LARGEST)

    def link(self, name: str, found: Listed, expected: Iterable[Digest]) -> Link:
        """The link ``found`` below ``name``, which most likely holds one of the digests ``expected``. Raises Broken."""
        for digest in expected:
            text = str(digest).encode()
            if found.size == len(text) and found.etag == hashlib.md5(text, usedforsecurity=False).hexdigest():
                return Link(digest, found.written_at)
        read = self.listing.read(name, LONGEST)
        if read is None:
            raise Broken("it has no link")
        return Link(parse_link(read[1] if read[1] is not None else b"too long"), found.written_at)

    def each(self, work: Callable[[T], R], things: Iterable[T]) -> Iterator[R]:
        """What ``work`` makes of each, in their order; some are worked on before they are asked for."""
        waiting: deque[Future[R]] = deque()
        rest = iter(things)
        while True:
            waiting.extend(self._threads.submit(work, thing) for thing in itertools.islice(rest, _AHEAD - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft().result()

    def _level(self, name: str) -> tuple[list[str], list[Listed]]:
        folders, objects = self.listing.level(f"{_REPOSITORIES}{name}/" if name else _REPOSITORIES)
        # Some engines list a folder that somebody made as an object of its own.
        return folders, [each for each in objects if each.name]

    @property
    def _scan(self) -> _Scan:
        with self._scanning:
            if self._scanned is None:
                scan = _Scan()
                for found in self.listing.all(_BLOBS):
                    scan.add(found)
                self._scanned = scan
            return self._scanned


@dataclass(slots=True)
class _Scan:
    """All blobs: their sizes by digest, when the newest was written, and what lies beside them."""

    sizes: dict[bytes, int] = field(default_factory=dict)
    newest: int = 0
    flaws: list[Flaw] = field(default_factory=list)

    def add(self, found: Listed) -> None:
        if found.name.endswith("/"):
            return
        algorithm, _, rest = found.name.partition("/")
        _, _, rest = rest.partition("/")
        name, _, file = rest.partition("/")
        try:
            digest = Digest.parse(f"{algorithm}:{name}")
        except DigestInvalid:
            self.flaws.append(_leftover(f"blobs/{found.name}", "not a blob"))
            return
        if file != "data":
            self.flaws.append(_leftover(f"blobs/{found.name}", "left by a write that was cut short"))
            return
        self.sizes[digest.packed] = found.size
        self.newest = max(self.newest, found.written_at)


@dataclass(frozen=True, slots=True)
class _Group:
    """Objects that lie in one folder: its name, and theirs below it."""

    name: str
    objects: dict[str, Listed]


class BucketRepository:
    """One repository of a tree. Its objects are listed once, in the order in which its methods are to be called."""

    def __init__(self, tree: BucketTree, name: str) -> None:
        self.tree = tree
        self.name = name
        self._place = f"{_REPOSITORIES}{name}/"
        self._rest: Iterator[Listed] = iter(())
        self._next: Listed | None = None

    def layers(self) -> Iterator[TreeBlob | Flaw]:
        """The blobs that it has a link to."""
        self._rest = self.tree.listing.all(f"{self._place}_")
        self._next = next(self._rest, None)
        return self.tree.each(self._layer, self._groups("layers/", 2))

    def revisions(self) -> Iterator[Revision | Flaw]:
        """The manifests that it has a link to."""
        return self.tree.each(self._revision, self._groups("manifests/revisions/", 2))

    def tags(self) -> Iterator[TreeTag | Flaw]:
        """Its tags, by what they name now; their history is passed over."""
        return self.tree.each(self._tag, self._groups("manifests/tags/", 1))

    def uploads(self) -> int:
        """How many uploads were begun and not finished."""
        return sum(1 for _ in self._groups("uploads/", 1))

    def _groups(self, below: str, depth: int) -> Iterator[_Group]:
        """What lies in each folder so deep ``below``."""
        while self._next is not None and self._next.name < below:
            self._next = next(self._rest, None)
        group: _Group | None = None
        while self._next is not None and self._next.name.startswith(below):
            parts = self._next.name[len(below) :].split("/", depth)
            name = "/".join(parts[:depth])
            if group is None or group.name != name:
                if group is not None:
                    yield group
                group = _Group(name, {})
            group.objects[parts[depth] if len(parts) > depth else ""] = self._next
            self._next = next(self._rest, None)
        if group is not None:
            yield group

    def _layer(self, group: _Group) -> TreeBlob | Flaw:
        digest = _digest(group.name)
        if isinstance(digest, Flaw):
            return digest
        try:
            link = self._link("_layers", digest, group)
        except Broken as error:
            return Flaw("layer-link", str(digest), str(error))
        size = self.tree.size(link.digest)
        if size is None:
            return Flaw("layer-missing", str(digest), "there is a link to it, and no file")
        return TreeBlob(digest, link.digest, size)

    def _revision(self, group: _Group) -> Revision | Flaw:
        digest = _digest(group.name)
        if isinstance(digest, Flaw):
            return digest
        try:
            link = self._link("_manifests/revisions", digest, group)
        except Broken as error:
            return Flaw("manifest-link", str(digest), str(error))
        read = self.tree.content(link.digest)
        if read is None:
            return Flaw("manifest-missing", str(digest), "there is a link to it, and no file")
        size, content = read
        if content is not None and Digest.of(content, digest.algorithm) != digest:
            what = f"other content ({size} bytes)" if content else "nothing in it"
            return Flaw("manifest-content", str(digest), f"its file has {what}")
        return Revision(digest, link.digest, link.written_at, size, content)

    def _tag(self, group: _Group) -> TreeTag | Flaw:
        if "" in group.objects:
            return _leftover(f"{self.name}/_manifests/tags/{group.name}", "not a tag")
        current = group.objects.get("current/link")
        if current is None:
            return Flaw("tag-link", quoted(group.name), "it has no link to what it names now")
        # Of whatever it has ever named there is a link too.
        before = (name.split("/") for name in group.objects if name.startswith("index/"))
        expected = (_digest("/".join(parts[1:3])) for parts in before)
        place = f"{self._place}_manifests/tags/{group.name}/current/link"
        try:
            link = self.tree.link(place, current, (each for each in expected if isinstance(each, Digest)))
        except Broken as error:
            return Flaw("tag-link", quoted(group.name), str(error))
        return TreeTag(group.name, link.digest, link.written_at)

    def _link(self, below: str, digest: Digest, group: _Group) -> Link:
        found = group.objects.get("link")
        if found is None:
            raise Broken("it has no link")
        return require_own(digest, self.tree.link(f"{self._place}{below}/{group.name}/link", found, [digest]))


def _digest(name: str) -> Digest | Flaw:
    text = name.replace("/", ":", 1)
    try:
        return Digest.parse(text)
    except DigestInvalid:
        return Flaw("digest", quoted(text), "not a digest of sha256 or sha512: no other can be served")


def _leftover(name: str, reason: str) -> Flaw:
    return Flaw("leftover", quoted(name), reason)
