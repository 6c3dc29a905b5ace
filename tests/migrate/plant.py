"""A tree of distribution, written file by file: whole, or broken in the ways that real ones are."""

from __future__ import annotations

from pathlib import Path

from jettison.oci.digest import Digest
from tests.support.content import Draft


class Plant:
    """The tree below the root directory ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "docker" / "registry" / "v2"
        (self.folder / "repositories").mkdir(parents=True)
        (self.folder / "blobs").mkdir()

    def blob(self, content: bytes, algorithm: str = "sha256") -> Digest:
        """Bytes, where distribution keeps them."""
        digest = Digest.of(content, algorithm)
        self.data(digest).parent.mkdir(parents=True, exist_ok=True)
        self.data(digest).write_bytes(content)
        return digest

    def data(self, digest: Digest) -> Path:
        """The file of a blob."""
        return self.folder / "blobs" / digest.algorithm / digest.hex[:2] / digest.hex / "data"

    def layer(self, repository: str, content: bytes, *, link: str | None = None) -> Digest:
        """A blob with its link; ``link`` is what this holds instead of the digest."""
        digest = self.blob(content)
        self.layer_link(repository, digest, link)
        return digest

    def layer_link(self, repository: str, digest: Digest, link: str | None = None) -> None:
        """A link to a blob."""
        self._link(repository, f"_layers/{digest.algorithm}/{digest.hex}", str(digest) if link is None else link)

    def revision(self, repository: str, content: bytes, *, link: str | None = None) -> Digest:
        """A manifest with its link."""
        digest = self.blob(content)
        self.revision_link(repository, digest, link)
        return digest

    def revision_link(self, repository: str, digest: Digest, link: str | None = None) -> None:
        """A link to a manifest."""
        place = f"_manifests/revisions/{digest.algorithm}/{digest.hex}"
        self._link(repository, place, str(digest) if link is None else link)

    def tag(self, repository: str, name: str, digest: Digest, *, link: str | None = None) -> None:
        """A tag that points at a digest."""
        place = f"_manifests/tags/{name}"
        self._link(repository, f"{place}/current", str(digest) if link is None else link)
        self._link(repository, f"{place}/index/{digest.algorithm}/{digest.hex}", str(digest))

    def push(self, repository: str, draft: Draft, *tags: str) -> Digest:
        """A manifest with all that it needs, as distribution has it after a push."""
        for manifest in draft.closure():
            for blob in manifest.blobs:
                self.layer(repository, blob)
            self.revision(repository, manifest.content)
        for tag in tags:
            self.tag(repository, tag, draft.digest)
        return draft.digest

    def files(self) -> dict[str, tuple[bytes, int, int]]:
        """All files by their paths: what is in them, when they were written, and their inodes."""
        return {
            str(file.relative_to(self.root)): (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino)
            for file in self.folder.rglob("*")
            if file.is_file()
        }

    def _link(self, repository: str, place: str, text: str) -> None:
        folder = self.folder / "repositories" / repository / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "link").write_text(text)
