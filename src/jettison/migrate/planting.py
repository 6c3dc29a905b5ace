"""A tree of CNCF distribution in the making: its files, in the places where it looks for them."""

from __future__ import annotations

import os
from pathlib import Path

from jettison.blobs.copies import Taken, bring
from jettison.blobs.places import TREE
from jettison.blobs.store import Blobs, Key
from jettison.oci.digest import Digest


class Planting:
    """The tree below the root directory `root`, which is made. Raises OSError, as every method does."""

    def __init__(self, root: Path) -> None:
        self._folder = root / TREE
        (self._folder / "blobs").mkdir(parents=True)
        (self._folder / "repositories").mkdir()

    def blob(self, digest: Digest, blobs: Blobs, key: Key, size: int) -> Taken:
        """Have a blob's bytes, which `blobs` has at `key`. Raises BytesMissing, NoSpace."""
        data = self._data(digest)
        if data.exists():
            return Taken.THERE
        data.parent.mkdir(parents=True, exist_ok=True)
        try:
            return bring(blobs, key, size, data)
        except BaseException:
            if not any(data.parent.iterdir()):
                data.parent.rmdir()
            raise

    def content(self, digest: Digest, content: bytes) -> None:
        """Have the bytes of a manifest."""
        data = self._data(digest)
        if not data.exists():
            data.parent.mkdir(parents=True, exist_ok=True)
            data.write_bytes(content)

    def layer(self, repository: str, digest: Digest) -> None:
        """Let the repository have the blob."""
        self._link(f"{repository}/_layers/{digest.algorithm}/{digest.hex}", digest)

    def revision(self, repository: str, digest: Digest) -> None:
        """Let the repository have the manifest."""
        self._link(f"{repository}/_manifests/revisions/{digest.algorithm}/{digest.hex}", digest)

    def tag(self, repository: str, name: str, digest: Digest) -> None:
        """Point a tag of the repository at the manifest."""
        tag = f"{repository}/_manifests/tags/{name}"
        self._link(f"{tag}/current", digest)
        self._link(f"{tag}/index/{digest.algorithm}/{digest.hex}", digest)

    def sync(self) -> None:
        """Have all of it on the disk."""
        os.sync()

    def _data(self, digest: Digest) -> Path:
        return self._folder / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex / "data"

    def _link(self, place: str, digest: Digest) -> None:
        folder = self._folder / "repositories" / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "link").write_text(str(digest), "ascii")
