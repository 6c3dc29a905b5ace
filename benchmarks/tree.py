"""A tree of CNCF distribution as its pushes leave it, written file by file: pushing as much would take an hour."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.content import Repository, repository

TREE = Path("docker", "registry", "v2")


def plant(root: Path, repositories: int, tags: int, copies: int = 1) -> None:
    """Write `repositories` with `tags` each below the root directory `root`, without the history of the tags.

    Each is there under `copies` names, all of its manifests and tags too. Bytes are stored once in any case. A copy has
    folders of its own for its revisions, with the first one's files by hard links, and the first one's folder of tags
    by a symbolic link: folders are what takes long to make, and longer to remove.
    """
    tree = (root / TREE).absolute()
    for number in range(256):
        (tree / "blobs" / "sha256" / f"{number:02x}").mkdir(parents=True)
    for number in range(repositories):
        planted = repository(f"adopted/g{number % 50}/r{number}", tags)
        first = f"{tree}/repositories/{planted.name}"
        _plant(str(tree), first, planted)
        for copy in range(1, copies):
            _plant_copy(first, f"{tree}/repositories/copied{copy}/g{number % 50}/r{number}", planted)


def _plant(tree: str, place: str, planted: Repository) -> None:
    _make_folders(place, "_layers/sha256", "_manifests/revisions/sha256", "_manifests/tags")
    for blob in planted.blobs:
        _write(_data(tree, blob.digest), "data", blob.content)
        _write(_layer(place, blob.digest), "link", blob.digest.encode())
    for version in planted.versions:
        _write(_data(tree, version.digest), "data", version.content)
        _write(_revision(place, version.digest), "link", version.digest.encode())
        _make(_tag(place, version.tag))
        _write(f"{_tag(place, version.tag)}/current", "link", version.digest.encode())


def _plant_copy(first: str, place: str, planted: Repository) -> None:
    _make_folders(place, "_layers/sha256", "_manifests/revisions/sha256")
    Path(place, "_manifests", "tags").symlink_to(f"{first}/_manifests/tags")
    for blob in planted.blobs:
        _link(_layer(first, blob.digest), _layer(place, blob.digest))
    for version in planted.versions:
        _link(_revision(first, version.digest), _revision(place, version.digest))


def _make_folders(place: str, *folders: str) -> None:
    for folder in folders:
        Path(place, folder).mkdir(parents=True)


def _data(tree: str, digest: str) -> str:
    digits = digest.partition(":")[2]
    return f"{tree}/blobs/sha256/{digits[:2]}/{digits}"


def _layer(place: str, digest: str) -> str:
    return f"{place}/_layers/{digest.replace(':', '/')}"


def _revision(place: str, digest: str) -> str:
    return f"{place}/_manifests/revisions/{digest.replace(':', '/')}"


def _tag(place: str, tag: str) -> str:
    return f"{place}/_manifests/tags/{tag}"


def _make(folder: str) -> None:
    os.mkdir(folder)  # noqa: PTH102 - half the time


def _write(folder: str, name: str, content: bytes) -> None:
    _make(folder)
    descriptor = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)


def _link(first: str, folder: str) -> None:
    _make(folder)
    os.link(f"{first}/link", f"{folder}/link")
