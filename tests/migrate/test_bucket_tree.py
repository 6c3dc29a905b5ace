"""A tree of distribution in a bucket: read as the same tree in a folder is."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from pathlib import Path

import pytest

from jettison.blobs.bucket import Bucket
from jettison.blobs.bucket_listing import BucketListing
from jettison.blobs.s3 import S3Blobs
from jettison.blobs.store import Key
from jettison.metadata.migrate import migrate
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.migrate import bucket_tree
from jettison.migrate.adopt import adopt
from jettison.migrate.bucket_tree import BucketTree
from jettison.migrate.folder_tree import FolderTree
from jettison.migrate.note import NAME
from jettison.migrate.tree import Flaw, Tree
from jettison.oci.digest import Digest
from jettison.registry.registry import Registry
from tests.migrate.dirty import APP, LIST, MULTI, plant_dirty
from tests.migrate.plant import Plant
from tests.support.repository import Repository
from tests.support.s3 import S3Engine

pytestmark = [pytest.mark.slow, pytest.mark.needs("s3")]


def bring(bucket: Bucket, root: Path) -> None:
    """Put all files below a folder into the bucket."""
    with contextlib.closing(bucket.client()) as client:
        for file in sorted(file for file in root.rglob("*") if file.is_file()):
            name = f"{bucket.prefix}/{file.relative_to(root)}".lstrip("/")
            client.put_object(Bucket=bucket.name, Key=name, Body=file.read_bytes())


def seen(tree: Tree) -> tuple[list[object], ...]:
    """All that a tree tells, times left out."""
    repositories = tree.repositories()
    told: list[object] = [each for each in repositories if isinstance(each, Flaw)]
    names: list[object] = []
    for each in repositories:
        if isinstance(each, Flaw):
            continue
        names.append(each.name)
        told += [(each.name, layer) for layer in each.layers()]
        for revision in each.revisions():
            told.append((each.name, revision if isinstance(revision, Flaw) else (revision.digest, revision.content)))
        for tag in each.tags():
            told.append((each.name, tag if isinstance(tag, Flaw) else (tag.name, tag.digest)))
        told.append((each.name, each.uploads()))
    return names, sorted(told, key=repr), sorted(tree.files(), key=repr)


@pytest.mark.parametrize("prefix", ["", "some/where"])
def test_a_whole_tree_is_the_same_in_a_folder_and_in_a_bucket(s3_engine: S3Engine, tmp_path: Path, prefix: str) -> None:
    """Repositories in their order, layers, manifests, tags, files: whatever the root directory."""
    plant = Plant(tmp_path)
    for name in ("a", "a/b", "a-b", "a/b/c", "zeta"):
        plant.push(name, APP, "1", "1-a", "latest")
        plant.push(name, MULTI, "multi")
    plant.push("a", LIST, "list")
    bucket = s3_engine.bucket(prefix)
    bring(bucket, tmp_path)
    tree = BucketTree(BucketListing(bucket))
    assert tree.exists()
    assert seen(tree) == seen(FolderTree(tmp_path))
    assert tree.newest() > 0
    assert tree.glance() <= tree.newest()


def test_a_short_look_notices_what_was_pushed_since(
    s3_engine: S3Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that was written after the adoption has begun is newer than all before it, once its folder is chosen."""
    monkeypatch.setattr(bucket_tree, "_GLANCES", 256)
    plant = Plant(tmp_path)
    plant.push("app", APP, "1")
    bucket = s3_engine.bucket()
    bring(bucket, tmp_path)
    before = BucketTree(BucketListing(bucket)).newest()
    tree = BucketTree(BucketListing(bucket))
    assert tree.glance() == before
    time.sleep(1.1)  # engines tell whole seconds
    digest = plant.blob(b"pushed since")
    with contextlib.closing(bucket.client()) as client:
        name = str(plant.data(digest).relative_to(tmp_path))
        client.put_object(Bucket=bucket.name, Key=name, Body=b"pushed since")
    assert tree.glance() > before


def test_what_is_broken_is_found_in_a_bucket_too(s3_engine: S3Engine, tmp_path: Path) -> None:
    """Each kind of flaw, as in a folder; but for what only a folder can have."""
    plant = Plant(tmp_path)
    plant_dirty(plant)
    bucket = s3_engine.bucket()
    bring(bucket, tmp_path)
    names, told, _ = seen(BucketTree(BucketListing(bucket)))
    expected_names, expected, _ = seen(FolderTree(tmp_path))
    only_folders = {"leftover", "unreadable", "digest"}

    def comparable(each: object) -> bool:
        flaw = each[1] if isinstance(each, tuple) else each
        # A bucket has no folders that are empty.
        return not (isinstance(flaw, Flaw) and (flaw.kind in only_folders or "no link" in flaw.reason))

    assert names == expected_names
    assert [each for each in told if comparable(each)] == [each for each in expected if comparable(each)]
    kinds = Counter(each[1].kind for each in told if isinstance(each, tuple) and isinstance(each[1], Flaw))
    assert kinds.keys() >= {"layer-link", "layer-missing", "manifest-link", "manifest-missing", "manifest-content"}
    assert kinds["tag-link"] == 2


def test_an_adopted_bucket_is_served_and_deleted_from(s3_engine: S3Engine, tmp_path: Path) -> None:
    """Content comes from where distribution has put it; a note lies beside; adopting again changes nothing."""
    plant = Plant(tmp_path / "tree")
    plant.push("app", APP, "1")
    plant.push("app/multi", MULTI, "multi")
    bucket = s3_engine.bucket("root")
    bring(bucket, plant.root)
    database = SQLiteDatabase(tmp_path / "jettison.db")
    migrate(database, "sqlite")
    with contextlib.closing(Registry(database, S3Blobs(bucket))) as registry:
        listing = BucketListing(bucket)
        tree = BucketTree(listing)
        adopted = adopt(registry, tree)
        assert adopted.findings == {}
        assert (adopted.counts["repositories"], adopted.counts["tags"], adopted.counts["manifests"]) == (2, 2, 4)
        app = Repository(registry, "app")
        assert app.has("1")
        assert [blob for blob in APP.blobs if not app.has_blob(blob)] == []
        assert listing.some(f"docker/registry/v2/{NAME}", 1)
        assert adopt(registry, BucketTree(listing)).before
        registry.blobs.delete(_key(registry, APP.blobs[1]))
        assert listing.some(f"docker/registry/v2/blobs/sha256/{Digest.of(APP.blobs[1]).hex[:2]}/", 1) == []


def _key(registry: Registry, content: bytes) -> Key:
    digest = Digest.of(content).packed
    row = registry.database.read(lambda tx: tx.one("select key from blob where digest = :digest", digest=digest))
    assert row is not None
    return Key(row[0])
