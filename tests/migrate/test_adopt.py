from __future__ import annotations

import contextlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.migrate import migrate
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.migrate.adopt import Adopted, adopt
from jettison.migrate.folder_tree import FolderTree
from jettison.migrate.note import NAME
from jettison.migrate.report import write_adoption
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import adoption, pull, sweep
from jettison.registry.backup import back_up
from jettison.registry.check import How, check
from jettison.registry.check_bytes import delete_unknown
from jettison.registry.finding import Finding
from jettison.registry.registry import Registry
from jettison.registry.restore import restore
from jettison.registry.usage import usage
from tests.migrate.dirty import APP, LIST, MULTI, SIGNATURE, SPARSE, plant_dirty, untyped
from tests.migrate.plant import Plant
from tests.support.clock import Clock
from tests.support.content import image, index
from tests.support.invariants import check_rows
from tests.support.place import Place
from tests.support.repository import Repository

pytestmark = pytest.mark.slow

DAY = 24 * 3600
AT_ONCE = {"sweep_grace": 0, "upload_lease": 0, "touch_lease": 0, "undo": 0}


def found(registry: Registry) -> Counter[str]:
    """What a thorough check finds, by kind."""
    return Counter(finding.kind for finding in check(registry, How(read_data=True, young=0, settling=0)))


def rows(registry: Registry) -> dict[str, list[Any]]:
    """All that an adoption writes, without times and ids."""
    queries = {
        "manifests": """select r.name, m.digest, m.media_type, m.artifact_type, m.subject, c.content from manifest m
                        join repository r on r.id = m.repository join manifest_content c on c.manifest = m.id""",
        "tags": """select r.name, t.name, m.digest from tag t join manifest m on m.id = t.manifest
                   join repository r on r.id = t.repository""",
        "links": """select r.name, b.digest, b.key, b.size, s.damaged, l.leased_until is null from repository_blob l
                    join blob b on b.id = l.blob join stored s on s.key = b.key
                    join repository r on r.id = l.repository""",
        "holds": """select m.digest, r.name, blob.digest from manifest_blob b join manifest m on m.id = b.manifest
                    join repository r on r.id = m.repository join blob on blob.id = b.blob""",
        "children": """select p.digest, c.digest, r.name from manifest_child k join manifest p on p.id = k.parent
                       join manifest c on c.id = k.child join repository r on r.id = c.repository""",
        "missing": "select m.digest, x.digest, m.repository from missing x join manifest m on m.id = x.manifest",
        "findings": "select repository, kind, subject, reason from adoption_finding",
        "counts": "select counts from adoption",
    }
    return {
        name: sorted(registry.database.read(lambda tx, sql=sql: tx.all(sql)), key=repr)  # type: ignore[misc]
        for name, sql in queries.items()
    }


def test_nothing_is_moved_or_rewritten(registry: Registry, plant: Plant) -> None:
    """Each file of the tree has its bytes, its time and its inode; a note lies beside them."""
    plant_dirty(plant)
    before = plant.files()

    adopt(registry, FolderTree(plant.root))

    after = plant.files()
    note = after.pop(f"docker/registry/v2/{NAME}")
    assert after == before
    assert b"CNCF distribution must not write here" in note[0]


def test_what_was_pushed_is_there(registry: Registry, plant: Plant) -> None:
    """Tags, untagged manifests, indexes with their children, referrers and blobs, in nested repositories too."""
    plant.push("a", APP, "1", "latest")
    plant.push("a", image(b"untagged"))
    plant.push("a/b", MULTI, "multi")
    plant.push("a", SIGNATURE)
    plant.push("a-b", LIST, "list")

    adopted = adopt(registry, FolderTree(plant.root))

    a, nested, beside = (Repository(registry, name) for name in ("a", "a/b", "a-b"))
    assert (a.tags(), nested.tags(), beside.tags()) == (["1", "latest"], ["multi"], ["list"])
    assert a.digest_of("1") == APP.digest
    assert a.has(image(b"untagged"))
    assert all(nested.has(child) for child in (MULTI, *MULTI.children))
    assert all(beside.has(child) for child in (LIST, *LIST.children))
    assert a.referrers(APP) == [SIGNATURE.digest]
    assert all(a.has_blob(blob) for blob in APP.blobs)
    assert not nested.has_blob(b"app")
    assert adopted.findings == {}
    assert (adopted.counts["repositories"], adopted.counts["manifests"], adopted.counts["tags"]) == (3, 9, 4)
    check_rows(registry.database)
    assert found(registry) == {}


def test_a_manifest_without_a_media_type_gets_what_distribution_would_call_it(registry: Registry, plant: Plant) -> None:
    """One that lists manifests is an OCI index, any other an OCI image."""
    plant.push("early", untyped(APP), "image")
    plant.push("early", untyped(MULTI), "index")

    adopt(registry, FolderTree(plant.root))

    name = RepositoryName.parse("early")
    types = [pull.find_manifest(registry, name, Tag(tag), content=False).media_type for tag in ("image", "index")]
    assert types == [OCI_IMAGE, OCI_INDEX]
    check_rows(registry.database)


def test_a_dirty_tree_is_adopted_as_far_as_it_can_be_served(registry: Registry, plant: Plant) -> None:
    """Each thing that is broken is found under its kind, with a reason, and stops nothing else."""
    plant_dirty(plant)

    adopted = adopt(registry, FolderTree(plant.root))

    assert adopted.findings == {
        "blob-empty": 1,
        "blob-missing": 3,
        "blob-unlinked": 5,
        "blob-unreferenced": 9,
        "child-missing": 1,
        "digest": 1,
        "layer-link": 3,
        "layer-missing": 1,
        "leftover": 4,
        "manifest-content": 1,
        "manifest-link": 3,
        "manifest-missing": 1,
        "manifest-unserved": 9,
        "proxy-state": 1,
        "repository-name": 1,
        "tag-dangling": 13,
        "tag-link": 3,
        "tag-name": 1,
    }
    assert all(finding.reason for finding in adoption.findings(registry))
    assert Repository(registry, "broken/links").tags() == ["fine"]
    assert Repository(registry, "library/sparse").has(SPARSE)
    check_rows(registry.database)


def test_the_report_names_all_that_was_found(registry: Registry, plant: Plant) -> None:
    """It is JSON: what was adopted by kind, and each finding with its repository, kind, subject and reason."""
    plant_dirty(plant)
    adopted = adopt(registry, FolderTree(plant.root))
    file = plant.root / "report.json"

    write_adoption(registry, file)

    report = json.loads(file.read_text())
    assert report["adopted"] == adopted.counts
    assert Counter(finding["kind"] for finding in report["findings"]) == adopted.findings == report["found"]
    assert {
        "repository": "broken/links",
        "kind": "tag-link",
        "subject": "'empty'",
        "reason": "its link is empty",
    } in report["findings"]


def test_a_second_run_changes_nothing(registry: Registry, plant: Plant) -> None:
    """It says what the first one found, and looks at nothing."""
    plant_dirty(plant)
    first, before = adopt(registry, FolderTree(plant.root)), rows(registry)

    second = adopt(registry, FolderTree(plant.root))

    assert second == Adopted(first.counts, first.findings, before=True)
    assert rows(registry) == before


class Interrupted(Exception):
    """What ends an adoption in the middle."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_interrupted_adoption_goes_on(place: Place, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write it stops at, the next run comes to the same rows and the same report."""
    plant_dirty(plant)
    expected: dict[str, list[Any]] | None = None
    ended, step = False, 0
    while not ended:
        # The first one goes to its end at once.
        with contextlib.closing(_registry(place.folder / f"{step}.db", plant.root)) as registry:
            ended = _adopt_until(registry, plant, step, monkeypatch) and step > 0
            adopt(registry, FolderTree(plant.root))
            expected = expected or rows(registry)
            assert rows(registry) == expected, f"stopped before write {step}"
        step += 1
    assert step > 50


def _registry(file: Path, root: Path) -> Registry:
    database = SQLiteDatabase(file)
    migrate(database, "sqlite")
    return Registry(database, FilesystemBlobs(root))


def _adopt_until(registry: Registry, plant: Plant, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Adopt up to that write; whether it came to its end before."""
    write, writes = registry.database.write, 0

    def stop(*args: Any, **kwargs: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == step:
            raise Interrupted
        return write(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(registry.database, "write", stop)
        try:
            adopt(registry, FolderTree(plant.root))
        except Interrupted:
            return False
    return True


def test_what_was_deleted_since_stays_deleted(place: Place, plant: Plant) -> None:
    """Neither a second run nor a re-push takes a discarded key back; the tree still links to it."""
    plant.push("gone", APP, "1")
    registry = place.open_registry(**AT_ONCE)
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry, "gone")
    repository.delete(purge=True)
    sweep.sweep(registry, "test")

    adopt(registry, FolderTree(plant.root))

    assert repository.tags() is None
    assert not any(plant.data(Digest.of(blob)).exists() for blob in APP.blobs)
    repository.push(APP, "1")
    sweep.sweep(registry, "test")
    assert all(repository.has_blob(blob) for blob in APP.blobs)
    assert not any(plant.data(Digest.of(blob)).exists() for blob in APP.blobs)
    check_rows(registry.database)


def test_a_key_that_waits_to_be_deleted_is_not_adopted(registry: Registry, plant: Plant) -> None:
    """Its file is about to go: whoever got it would lose it."""
    plant.push("app", APP, "1")
    key = str(Digest.of(b"app"))
    registry.database.write(lambda tx: tx.run("insert into discarded (key, size, after) values (:key, 3, 0)", key=key))

    adopt(registry, FolderTree(plant.root))
    sweep.sweep(registry, "test")

    assert not plant.data(Digest.of(b"app")).exists()
    assert not Repository(registry, "app").has_blob(b"app")
    assert [finding.kind for finding in adoption.findings(registry)] == ["blob-missing"]
    check_rows(registry.database)


def test_the_space_of_what_is_deleted_comes_back(place: Place, plant: Plant) -> None:
    """Files of blobs and of manifests go with what was deleted, and their folders; what others need stays."""
    plant.push("one", APP, "1")
    plant.push("two", image(b"base", b"two"), "1")
    registry = place.open_registry(**AT_ONCE)
    adopt(registry, FolderTree(plant.root))
    begun = adoption.state(registry)

    Repository(registry, "one").delete(purge=True)
    sweep.sweep(registry, "test")

    left = set((plant.folder / "blobs").rglob("data"))
    needed = image(b"base", b"two")
    assert left == {plant.data(Digest.of(blob)) for blob in (*needed.blobs, needed.content)}
    assert not plant.data(APP.digest).parent.exists()
    assert begun is not None
    assert FolderTree(plant.root).newest() == begun.newest
    assert found(registry) == {}
    check_rows(registry.database)


def test_usage_is_what_lies_there(registry: Registry, plant: Plant) -> None:
    """The sum of all that is counted is the sum of the files that something has."""
    plant.push("one", MULTI, "1")
    plant.push("two", APP, "1")
    adopt(registry, FolderTree(plant.root))

    total = usage(registry).bytes.total

    assert total == sum(file.stat().st_size for file in (plant.folder / "blobs").rglob("data"))


def test_an_adopted_index_loses_a_child_and_gets_it_back(place: Place, plant: Plant) -> None:
    """Deleted and restored, a child is held as the manifest that it is, not as the file that it was."""
    plant.push("app", MULTI, "multi")
    registry = place.open_registry(sweep_grace=0)
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry, "app")
    child = MULTI.children[0].digest

    for _ in range(2):
        deleted = repository.delete(child)
        check_rows(registry.database)
        assert not repository.has(child)
        restore(registry, deleted.id)
        check_rows(registry.database)
        assert repository.has(child)
    assert found(registry) == {}


def test_an_empty_file_is_healed_by_the_next_push(registry: Registry, plant: Plant) -> None:
    """Distribution says that it has such a blob and lets nobody bring it; here a push does."""
    plant.push("app", APP, "1")
    plant.data(Digest.of(b"app")).write_bytes(b"")
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry, "app")

    repository.push(APP, "1")

    assert repository.has_blob(b"app")
    check_rows(registry.database)


def test_what_belongs_to_a_schema_1_manifest_is_kept(place: Place, plant: Plant, clock: Clock) -> None:
    """It cannot be pulled, and no sweep takes its bytes or its layers; other layers that nothing needs go."""
    plant.layer("old", b"an old layer")
    plant.layer("old", b"nothing needs this")
    content = json.dumps(
        {"schemaVersion": 1, "name": "old", "fsLayers": [{"blobSum": str(Digest.of(b"an old layer"))}]}
    ).encode()
    plant.tag("old", "1", plant.revision("old", content))
    registry = place.open_registry(sweep_grace=0)

    adopted = adopt(registry, FolderTree(plant.root))
    clock.advance(400 * DAY)
    sweep.sweep(registry, "test")

    assert adopted.findings == {"manifest-unserved": 1, "tag-dangling": 1}
    assert plant.data(Digest.of(content)).exists()
    assert Repository(registry, "old").has_blob(b"an old layer")
    assert not plant.data(Digest.of(b"nothing needs this")).exists()
    check_rows(registry.database)


def test_another_digest_of_the_same_bytes_shares_them(place: Place, plant: Plant) -> None:
    """A blob that was pushed by its sha512 lies under its sha256, and goes when neither is needed."""
    content = b"pushed by its sha512"
    plant.layer("app", content)
    plant.layer_link("app", Digest.of(content, "sha512"), str(Digest.of(content)))
    registry = place.open_registry(**AT_ONCE)
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry, "app")
    registry.database.write(lambda tx: tx.run("update repository_blob set leased_until = :t", t=tx.now + 10**9))

    assert repository.has_blob(Digest.of(content, "sha512"))
    assert repository.has_blob(Digest.of(content))
    assert found(registry) == {}


def test_what_nothing_has_is_left_to_a_person(registry: Registry, plant: Plant) -> None:
    """It is no row and no sweep touches it; a check lists it with its file."""
    plant.push("app", APP, "1")
    lost = plant.blob(b"nobody has this")

    adopted = adopt(registry, FolderTree(plant.root))
    sweep.sweep(registry, "test")

    assert (adopted.counts["unlinked_blobs"], adopted.counts["unlinked_bytes"]) == (1, 15)
    [finding] = check(registry, How(young=0, settling=0))
    assert (finding.kind, finding.key) == ("unknown-file", str(lost))
    assert str(plant.data(lost)) in finding.problem
    assert [each.key for each in delete_unknown(registry, [finding])] == [str(lost)]
    assert not plant.data(lost).parent.exists()
    assert found(registry) == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_of_what_was_adopted_can_be_served(place: Place, plant: Plant) -> None:
    """Blobs lie in it where their keys say, and nothing in it looks like a tree that is to be adopted."""
    plant.push("app", APP, "1")
    registry = place.open_registry()
    adopt(registry, FolderTree(plant.root))
    Repository(registry, "app").push(image(b"pushed since"), "2")
    folder = place.folder / "outside" / "backup"

    made = back_up(registry, folder)

    assert made.missing == ()
    with contextlib.closing(_registry(folder / "jettison.db", folder)) as restored:
        repository = Repository(restored, "app")
        assert repository.tags() == ["1", "2"]
        assert all(repository.has_blob(blob) for blob in (*APP.blobs, b"pushed since"))
        assert not FolderTree(folder).exists()
        assert adoption.is_finished(restored)
        assert found(restored) == {}


def test_a_tree_that_was_not_adopted_is_no_business_of_a_check(registry: Registry, plant: Plant) -> None:
    """Its files belong to a registry that this one does not know."""
    plant.push("app", APP, "1")

    assert list(check(registry, How(young=0, settling=0))) == []


def test_times_are_those_of_the_tree(place: Place, plant: Plant, clock: Clock) -> None:
    """A manifest was pushed when it was linked, and never in the future."""
    plant.push("app", APP, "1")
    registry = place.open_registry()

    adopt(registry, FolderTree(plant.root))

    link = plant.folder / "repositories/app/_manifests/tags/1/current/link"
    expected = min(link.stat().st_mtime_ns // 1000, clock())
    assert registry.database.read(lambda tx: tx.all("select created_at, updated_at from tag")) == [(expected, expected)]


def test_a_registry_that_is_in_use_takes_a_tree_in(registry: Registry, plant: Plant) -> None:
    """What is there already stays as it is: a tag that both have, and where a blob's bytes lie."""
    repository = Repository(registry, "app")
    newer = image(b"base", b"newer")
    repository.push(newer, "1")
    plant.push("app", APP, "1", "2")

    adopt(registry, FolderTree(plant.root))

    assert repository.digest_of("1") == newer.digest
    assert repository.digest_of("2") == APP.digest
    assert not adoption.is_due(registry)
    check_rows(registry.database)
    assert {finding.key for finding in check(registry, How(young=0, settling=0))} == {str(Digest.of(b"base"))}


def test_a_push_completes_what_the_tree_lacked(registry: Registry, plant: Plant) -> None:
    """An adopted index without one of its children holds it once somebody pushes it."""
    plant.push("app", SPARSE, "1")
    lost = SPARSE.children[1]
    (plant.folder / f"repositories/app/_manifests/revisions/sha256/{lost.digest.hex}/link").unlink()
    adopt(registry, FolderTree(plant.root))
    repository = Repository(registry, "app")

    repository.push(lost)
    repository.delete("1")

    check_rows(registry.database)
    assert repository.has(lost)


def test_many_small_pieces_are_the_same_as_one(place: Place, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index may come before its children, and a piece ends anywhere."""
    from jettison.migrate import adopt as module

    plant_dirty(plant)
    for number in range(5):
        plant.push(
            "library/app", index(image(b"base", bytes([number])), image(b"base", bytes([number, 1]))), f"n{number}"
        )
    for limit in ("LINKS_A_PIECE", "MANIFESTS_A_PIECE", "FILES_A_PIECE"):
        monkeypatch.setattr(module, limit, 1)
    registry = place.open_registry()

    adopted = adopt(registry, FolderTree(plant.root))

    assert adopted.findings["child-missing"] == 1
    check_rows(registry.database)
    assert {f.kind for f in _problems(registry)} <= {"unknown-file", "content"}


def _problems(registry: Registry) -> list[Finding]:
    return list(check(registry, How(young=0, settling=0)))
