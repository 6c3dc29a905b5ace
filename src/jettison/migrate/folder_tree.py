"""A tree of CNCF distribution in a folder. Nothing of it is kept in memory but the names of the repositories."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from jettison.blobs.places import TREE
from jettison.migrate.link import Broken, Link, read_link, require_own
from jettison.migrate.note import NAME, TEXT
from jettison.migrate.tree import Flaw, Revision, TreeBlob, TreeTag
from jettison.oci.digest import ALGORITHMS, Digest
from jettison.oci.errors import DigestInvalid, quoted
from jettison.oci.lenient import LARGEST
from jettison.oci.reference import LONGEST_NAME

T = TypeVar("T")
P = ParamSpec("P")


class FolderTree:
    """The tree below the root directory `root` of a distribution."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / TREE
        self.blobs = self.folder / "blobs"
        self.place = str(self.folder)

    def exists(self) -> bool:
        """Whether distribution has written here."""
        return (self.folder / "repositories").is_dir()

    def newest(self) -> int:
        """The newest time of the folders in which new content gets a place, in microseconds since 1970; 0 if none.

        Every push of new bytes changes one of them, and looking takes one call for each of at most 514 folders.
        """
        folders = [self.blobs, *(self.blobs / algorithm for algorithm in ALGORITHMS)]
        times = [0]
        for folder in folders:
            try:
                times.append(folder.stat().st_mtime_ns)
                with os.scandir(folder) as entries:
                    times += [entry.stat().st_mtime_ns for entry in entries]
            except OSError:
                continue
        return max(times) // 1000

    def glance(self) -> int:
        """The same: looking takes no time."""
        return self.newest()

    def repositories(self) -> list[FolderRepository | Flaw]:
        """All repositories in the order of their names' bytes, and what lies there besides; flaws come first."""
        found: list[FolderRepository] = []
        flaws: list[Flaw] = []
        folders = [""]
        while folders:
            name = folders.pop()
            place = self.folder / "repositories" / name
            own = False
            for entry in _entries(place):
                inner = f"{name}/{entry.name}" if name else entry.name
                if not entry.is_dir():
                    flaws.append(Flaw("leftover", quoted(inner), "a file where only folders are"))
                elif entry.name.startswith("_"):
                    own = own or entry.name in ("_layers", "_manifests", "_uploads")
                elif len(inner) > LONGEST_NAME:
                    flaws.append(Flaw("repository-name", quoted(inner), "a name of more than 255 characters"))
                else:
                    folders.append(inner)
            if own:
                found.append(FolderRepository(self, name))
        return [*flaws, *sorted(found, key=lambda each: os.fsencode(each.name))]

    def extras(self) -> Iterator[Flaw]:
        """What else lies in the root directory and was of use to distribution."""
        if (self.root / "scheduler-state.json").exists():
            reason = "what a pull-through cache would have dropped, and when: everything it holds is kept"
            yield Flaw("proxy-state", "scheduler-state.json", reason)

    def leave_note(self) -> Iterator[Flaw]:
        """Leave the note, and see whether this user may delete blobs."""
        note = self.folder / NAME
        try:
            if not note.exists():
                note.write_text(TEXT, "utf-8")
        except OSError as error:
            yield Flaw("not-writable", self.place, f"no note could be left there: {error.strerror}")
        if self.blobs.exists() and not os.access(self.blobs, os.W_OK):
            reason = "this user may delete nothing there: the space of what is deleted does not come back"
            yield Flaw("not-writable", str(self.blobs), reason)

    def data(self, digest: Digest) -> str:
        """Where the bytes of that digest lie."""
        return f"{self.blobs}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/data"

    def size(self, digest: Digest) -> int | None:
        """How many bytes lie there; None where there is no such file."""
        try:
            found = os.stat(self.data(digest))  # noqa: PTH116 - half the time
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def files(self) -> Iterator[TreeBlob | Flaw]:
        """All files of blobs, whether anything links to them or not, and what lies beside them."""
        for algorithm in ALGORITHMS:
            for first in _entries(self.blobs / algorithm):
                for place in _entries(first.path):
                    yield from self._files(algorithm, place)

    def _files(self, algorithm: str, place: os.DirEntry[str]) -> Iterator[TreeBlob | Flaw]:
        try:
            digest = Digest.parse(f"{algorithm}:{place.name}")
        except DigestInvalid:
            yield self._leftover(place, "not a blob")
            return
        others = [entry.name for entry in _entries(place.path) if entry.name != "data"]
        if others:
            yield self._leftover(place, f"left by a write that was cut short: {', '.join(sorted(others)[:3])}")
        size = self.size(digest)
        if size is None:
            yield self._leftover(place, "a folder for a blob, without one")
        else:
            yield TreeBlob(digest, digest, size)

    def _leftover(self, place: os.DirEntry[str], reason: str) -> Flaw:
        return Flaw("leftover", quoted(os.path.relpath(place.path, self.folder)), reason)


class FolderRepository:
    """One repository of a tree."""

    def __init__(self, tree: FolderTree, name: str) -> None:
        self.tree = tree
        self.name = name
        self.folder = f"{tree.folder}/repositories/{name}"

    def layers(self) -> Iterator[TreeBlob | Flaw]:
        """The blobs that it has a link to."""
        for found in self._digests("_layers"):
            yield found if isinstance(found, Flaw) else _read("layer-link", str(found[0]), self._layer, *found)

    def revisions(self) -> Iterator[Revision | Flaw]:
        """The manifests that it has a link to."""
        for found in self._digests("_manifests/revisions"):
            yield found if isinstance(found, Flaw) else _read("manifest-link", str(found[0]), self._revision, *found)

    def tags(self) -> Iterator[TreeTag | Flaw]:
        """Its tags, by what they name now; their history is passed over."""
        for entry in _entries(f"{self.folder}/_manifests/tags"):
            yield _read("tag-link", quoted(entry.name), self._tag, entry)

    def uploads(self) -> int:
        """How many uploads were begun and not finished."""
        return sum(1 for _ in _entries(f"{self.folder}/_uploads"))

    def _layer(self, digest: Digest, folder: str) -> TreeBlob | Flaw:
        link = _named(digest, folder)
        size = self.tree.size(link.digest)
        if size is None:
            return Flaw("layer-missing", str(digest), "there is a link to it, and no file")
        return TreeBlob(digest, link.digest, size)

    def _revision(self, digest: Digest, folder: str) -> Revision | Flaw:
        link = _named(digest, folder)
        try:
            with open(self.tree.data(link.digest), "rb", buffering=0) as file:  # noqa: PTH123 - half the time
                size = os.fstat(file.fileno()).st_size
                content = file.read(size) if size <= LARGEST else None
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return Flaw("manifest-missing", str(digest), "there is a link to it, and no file")
        if content is not None and Digest.of(content, digest.algorithm) != digest:
            what = f"other content ({size} bytes)" if content else "nothing in it"
            return Flaw("manifest-content", str(digest), f"its file has {what}")
        return Revision(digest, link.digest, link.written_at, size, content)

    def _tag(self, entry: os.DirEntry[str]) -> TreeTag | Flaw:
        if not entry.is_dir():
            return Flaw("leftover", quoted(f"{self.name}/_manifests/tags/{entry.name}"), "not a tag")
        try:
            link = read_link(f"{entry.path}/current/link")
        except (FileNotFoundError, NotADirectoryError):
            return Flaw("tag-link", quoted(entry.name), "it has no link to what it names now")
        return TreeTag(entry.name, link.digest, link.written_at)

    def _digests(self, below: str) -> Iterator[tuple[Digest, str] | Flaw]:
        """The digests that have a folder in the one named `below`, each with it; or what else is there."""
        for algorithm in _entries(f"{self.folder}/{below}"):
            for entry in _entries(algorithm.path):
                text = f"{algorithm.name}:{entry.name}"
                try:
                    yield Digest.parse(text), entry.path
                except DigestInvalid:
                    yield Flaw("digest", quoted(text), "not a digest of sha256 or sha512: no other can be served")


def _named(digest: Digest, folder: str) -> Link:
    """What the folder of `digest` names: itself, or a digest of another algorithm of the same bytes."""
    try:
        return require_own(digest, read_link(f"{folder}/link"))
    except (FileNotFoundError, NotADirectoryError):
        raise Broken("it has no link") from None


def _read(kind: str, subject: str, read: Callable[P, T | Flaw], *args: P.args, **kwargs: P.kwargs) -> T | Flaw:
    """What `read` returns, or the flaw that keeps it from it. A file that this user may not read is no flaw of its."""
    try:
        return read(*args, **kwargs)
    except Broken as error:
        return Flaw(kind, subject, str(error))
    except PermissionError:
        raise
    except OSError as error:
        return Flaw("unreadable", subject, error.strerror or str(error))


def _entries(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, in no order; nothing if it is none."""
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
