from __future__ import annotations

import errno
import json
import os
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.migrate import migrate
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.migrate.adopt import adopt
from jettison.migrate.export import Exported, NotEmpty, export
from jettison.migrate.folder_tree import FolderTree
from jettison.oci.digest import Digest
from jettison.oci.media_types import DOCKER_IMAGE
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import push, sweep
from jettison.registry.registry import Registry
from tests.migrate.dirty import APP, LIST, MULTI, SIGNATURE, schema2, untyped
from tests.migrate.plant import Plant
from tests.support.content import Draft, artifact, image
from tests.support.place import Place
from tests.support.repository import Repository

pytestmark = pytest.mark.slow


@pytest.fixture
def target(place: Place) -> Path:
    """Where the export goes: on the same filesystem as the registry."""
    return place.folder / "outside" / "export"


def back(folder: Path) -> Registry:
    """A registry that adopts an export, as distribution would serve it."""
    database = SQLiteDatabase(folder / "jettison.db")
    migrate(database, "sqlite")
    registry = Registry(database, FilesystemBlobs(folder))
    assert adopt(registry, FolderTree(folder)).findings == {}
    return registry


def kinds(exported: Exported) -> Counter[str]:
    """The findings by kind."""
    return Counter(finding.kind for finding in exported.findings)


def test_what_is_live_comes_back(registry: Registry, target: Path) -> None:
    """Tags, untagged manifests, indexes, lists, blobs that nothing needs yet: all of it, under the same digests."""
    app, nested = Repository(registry, "app"), Repository(registry, "app/nested")
    app.push(APP, "1", "latest")
    app.push(image(b"untagged"))
    app.push(SIGNATURE)
    app.upload(b"a blob alone")
    nested.push(MULTI, "multi")
    nested.push(LIST, "list")

    exported = export(registry, target)

    again = back(target)
    app, nested = Repository(again, "app"), Repository(again, "app/nested")
    assert (app.tags(), nested.tags()) == (["1", "latest"], ["list", "multi"])
    assert (app.digest_of("latest"), nested.digest_of("multi")) == (APP.digest, MULTI.digest)
    assert all(app.has(draft) for draft in (image(b"untagged"), SIGNATURE))
    assert all(nested.has(draft) for draft in (*MULTI.children, *LIST.children))
    assert app.has_blob(b"a blob alone")
    assert app.referrers(APP) == [SIGNATURE.digest]
    assert kinds(exported) == {"referrers": 1}
    again.close()


def test_bytes_are_not_doubled(registry: Registry, target: Path) -> None:
    """On the same filesystem each blob gets a second name, once for all repositories."""
    for name in ("one", "two"):
        Repository(registry, name).push(APP, "1")

    exported = export(registry, target)

    tree = Plant.__new__(Plant)
    tree.folder = target / "docker/registry/v2"
    assert all(tree.data(Digest.of(blob)).stat().st_nlink == 2 for blob in APP.blobs)
    assert (exported.counts["blobs_linked"], exported.counts["blobs_copied"]) == (len(APP.blobs), 0)
    assert exported.counts["links"] == 2 * len(APP.blobs)


def test_across_filesystems_bytes_are_copied(registry: Registry, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no link can be made there is a copy, and nothing half done beside it."""
    Repository(registry).push(APP, "1")

    def refuse(*_: object) -> NoReturn:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", refuse)
        exported = export(registry, target)

    again = back(target)
    assert all(Repository(again).has_blob(blob) for blob in APP.blobs)
    assert exported.counts["blobs_copied"] == len(APP.blobs)
    assert not list(target.rglob("*.unfinished"))
    again.close()


def test_what_was_deleted_is_left_out(registry: Registry, target: Path) -> None:
    """It is said how much of that could be undone here."""
    repository = Repository(registry)
    repository.push(APP, "1", "2")
    Repository(registry, "gone").push(MULTI, "1")
    repository.delete("2")
    Repository(registry, "gone").delete()

    exported = export(registry, target)

    again = back(target)
    assert Repository(again).tags() == ["1"]
    assert Repository(again, "gone").tags() is None
    assert [(each.kind, each.subject) for each in exported.findings] == [("deletions", "2")]
    again.close()


def test_what_distribution_cannot_hold_is_said(registry: Registry, target: Path) -> None:
    """An artifact manifest with its tag, a type that only the push has told, and what was not whole here."""
    repository = Repository(registry)
    repository.push(artifact(b"payload"), "artifact")
    name, typeless = RepositoryName.parse("app"), untyped(schema2(b"layer"))
    repository.upload(*typeless.blobs)
    push.push_manifest(registry, name, Tag("typeless"), typeless.content, DOCKER_IMAGE)
    repository.push(MULTI, "multi")
    repository.delete(MULTI.children[0].digest, purge=True)
    repository.push(image(b"lost"), "lost")
    _file(registry, b"lost").unlink()

    exported = export(registry, target)

    assert kinds(exported) == {
        "manifest": 1,
        "tag": 1,
        "media-type": 1,
        "incomplete": 1,
        "blob-missing": 1,
        **_undo(exported),
    }
    [tag] = [each for each in exported.findings if each.kind == "tag"]
    assert (tag.repository, tag.subject) == ("app", "artifact")
    assert all(each.reason for each in exported.findings)


def _undo(exported: Exported) -> dict[str, int]:
    return {each.kind: 1 for each in exported.findings if each.kind == "deletions"}


def _file(registry: Registry, content: bytes) -> Path:
    key = registry.database.read(
        lambda tx: tx.one("select key from blob where digest = :digest", digest=Digest.of(content).packed)
    )
    assert key is not None
    path = registry.blobs.path(key[0])
    assert path is not None
    return path


def test_a_folder_with_something_in_it_is_refused(registry: Registry, target: Path) -> None:
    """Two registries in one folder would be served as one."""
    target.mkdir(parents=True)
    (target / "file").touch()

    with pytest.raises(NotEmpty, match="name a new folder"):
        export(registry, target)


def test_nothing_that_it_names_is_swept_meanwhile(place: Place, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deletion beside it, and a sweep that would free its bytes, take nothing from the export."""
    registry = place.open_registry(sweep_grace=0, undo=0, upload_lease=0)
    repository = Repository(registry)
    repository.push(APP, "1")
    link, deleted = os.link, False

    def delete_first(*args: str) -> None:
        nonlocal deleted
        if not deleted:
            deleted = True
            repository.delete(purge=True)
            assert sweep.sweep(registry, "another") is None
        link(*args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", delete_first)
        export(registry, target)

    assert deleted
    again = back(target)
    assert all(Repository(again).has_blob(blob) for blob in APP.blobs)
    assert Repository(again).digest_of("1") == APP.digest
    again.close()


def test_an_adopted_tree_is_exported_with_all_that_happened_since(
    registry: Registry, plant: Plant, target: Path
) -> None:
    """What was pushed lies beside what was adopted, and what was deleted is not there."""
    plant.push("app", APP, "1", "2")
    plant.push("gone", MULTI, "1")
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry)
    pushed: Draft = image(b"base", b"pushed since")
    repository.push(pushed, "3")
    repository.delete("2")
    Repository(registry, "gone").delete(purge=True)

    export(registry, target)

    again = back(target)
    assert Repository(again).tags() == ["1", "3"]
    assert Repository(again).digest_of("3") == pushed.digest
    assert all(Repository(again).has_blob(blob) for blob in (*APP.blobs, *pushed.blobs))
    assert Repository(again, "gone").tags() is None
    again.close()


def test_each_link_holds_what_distribution_wants(registry: Registry, target: Path) -> None:
    """A link is the digest and nothing else, also of what was pushed by its sha512."""
    repository = Repository(registry)
    digest = repository.upload(b"by its sha512", "sha512")
    repository.push(APP, "1")

    export(registry, target)

    links = list(target.rglob("link"))
    assert len(links) == 1 + len(APP.blobs) + 1 + 2
    for link in links:
        parsed = Digest.parse(link.read_text())
        data = target / "docker/registry/v2/blobs" / parsed.algorithm / parsed.hex[:2] / parsed.hex / "data"
        assert Digest.of(data.read_bytes(), parsed.algorithm) == parsed
    assert digest.algorithm == "sha512"
    assert json.loads(APP.content)["mediaType"]
