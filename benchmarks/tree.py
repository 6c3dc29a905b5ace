"""A tree of CNCF distribution as its pushes leave it, written file by file: pushing as much would take an hour."""

from __future__ import annotations

from pathlib import Path

from benchmarks.content import Repository, repository

TREE = Path("docker", "registry", "v2")


def plant(root: Path, repositories: int, tags: int) -> None:
    """Write `repositories` with `tags` each below the root directory `root`, without the history of the tags."""
    for number in range(repositories):
        _plant(root / TREE, repository(f"adopted/g{number % 50}/r{number}", tags))


def _plant(tree: Path, repository: Repository) -> None:
    place = tree / "repositories" / repository.name
    for blob in repository.blobs:
        _write(_data(tree, blob.digest), blob.content)
        _write(place / "_layers" / blob.digest.replace(":", "/") / "link", blob.digest.encode())
    for version in repository.versions:
        _write(_data(tree, version.digest), version.content)
        revision = place / "_manifests" / "revisions" / version.digest.replace(":", "/")
        _write(revision / "link", version.digest.encode())
        _write(place / "_manifests" / "tags" / version.tag / "current" / "link", version.digest.encode())


def _data(tree: Path, digest: str) -> Path:
    algorithm, _, digits = digest.partition(":")
    return tree / "blobs" / algorithm / digits[:2] / digits / "data"


def _write(file: Path, content: bytes) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
