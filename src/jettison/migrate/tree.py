"""CNCF distribution's tree, read where it lies, in a folder or a bucket: what is in it, and what of it is broken.

    docker/registry/v2/blobs/<algorithm>/<two>/<hex>/data
    docker/registry/v2/repositories/<name>/_layers/<algorithm>/<hex>/link
                                          /_manifests/revisions/<algorithm>/<hex>/link
                                          /_manifests/tags/<tag>/current/link
                                          /_uploads/<id>/...

Each thing is what distribution would serve of it, or a `Flaw` that says why it would not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something of the tree that cannot be adopted; `kind` is one word for programs."""

    kind: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class TreeBlob:
    """A blob of a repository: its digest, the one that names its file, and the file's size in bytes."""

    digest: Digest
    file: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A manifest of a repository: its digest, the one that names its file, when it was linked, and its bytes.

    `content` is None where there are more than distribution reads.
    """

    digest: Digest
    file: Digest
    linked_at: int
    size: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class TreeTag:
    """A tag of a repository, with the digest that it names and when it was pointed there."""

    name: str
    digest: Digest
    pointed_at: int


class TreeRepository(Protocol):
    """One repository of a tree. It is read once, in the order of these methods."""

    @property
    def name(self) -> str:
        """As it is written, valid or not."""

    def layers(self) -> Iterator[TreeBlob | Flaw]:
        """The blobs that it has a link to."""

    def revisions(self) -> Iterator[Revision | Flaw]:
        """The manifests that it has a link to."""

    def tags(self) -> Iterator[TreeTag | Flaw]:
        """Its tags, by what they name now; their history is passed over."""

    def uploads(self) -> int:
        """How many uploads were begun and not finished."""


class Tree(Protocol):
    """The tree in the root directory of a distribution. Raises OSError, BlobsError for what cannot be read at all."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def exists(self) -> bool:
        """Whether distribution has written here."""

    def newest(self) -> int:
        """When new content last got a place in it, in microseconds since 1970; 0 if never."""

    def glance(self) -> int:
        """The same as far as a short look shows it: not later than that."""

    def repositories(self) -> Sequence[TreeRepository | Flaw]:
        """All repositories in the order of their names' bytes, and what lies there besides; flaws come first."""

    def files(self) -> Iterator[TreeBlob | Flaw]:
        """All files of blobs, whether anything links to them or not, and what lies beside them."""

    def extras(self) -> Iterator[Flaw]:
        """What else lies in the root directory and was of use to distribution."""

    def leave_note(self) -> Iterator[Flaw]:
        """Leave a note there for whoever wants to start distribution again; what cannot be written or deleted."""
