from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from jettison.metadata import deletions, repositories
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestUnknown, NameUnknown, PlanOutdated, Unsupported
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import listing
from jettison.registry.access import EVERYONE, Caller, Kind
from jettison.registry.target import Target
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.journal import hidden_of, row_counts
from tests.support.place import Place
from tests.support.repository import Repository


def test_deleting_a_tag_leaves_its_siblings(repository: Repository) -> None:
    """The manifest stays with its other tags, blobs and children, and can be pulled by them."""
    draft = index(image(b"amd64"), image(b"arm64"))
    repository.push(draft, "v1.0", "v1", "latest")

    repository.delete("v1")

    assert repository.tags() == ["latest", "v1.0"]
    assert not repository.has("v1")
    assert repository.has("latest")
    assert all(repository.has(each) for each in draft.closure())
    assert repository.has_blob(b"amd64")


def test_deleting_the_last_tag_leaves_the_manifest(repository: Repository) -> None:
    """It is untagged then, there by its digest, and the repository is in the catalog."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    repository.delete("latest")
    assert repository.has(draft)
    assert repository.tags() == []
    assert repository.is_listed()


def test_deleting_a_manifest_takes_its_tags_and_blobs(repository: Repository) -> None:
    """All its tags go, its own blobs are gone for readers, another manifest and the blobs that this needs stay."""
    draft, sibling = image(b"shared", b"own"), image(b"shared", b"siblings")
    repository.push(draft, "v1", "latest")
    repository.push(sibling, "v2")

    repository.delete(draft.digest)

    assert repository.tags() == ["v2"]
    assert not repository.has(draft)
    assert not repository.has("latest")
    assert not repository.has_blob(b"own")
    assert repository.has_blob(b"shared")
    assert repository.has_blob(b"siblings")
    assert repository.has(sibling)


def test_a_repository_is_in_the_catalog_while_it_has_a_manifest(repository: Repository) -> None:
    """The deletion of the last manifest takes it off, at once; a push brings it back."""
    first, second = image(b"first"), image(b"second")
    repository.push(first, "first")
    repository.push(second)
    repository.delete(first.digest)
    assert repository.is_listed()

    repository.delete(second.digest)

    assert not repository.is_listed()
    assert repository.tags() is None
    repository.push(second, "back")
    assert repository.is_listed()
    assert repository.tags() == ["back"]


def test_deleting_a_repository_takes_all_of_it(repository: Repository, other: Repository) -> None:
    """Catalog, tags, manifests, referrers and blobs are gone with the next request; other repositories are whole."""
    draft = image(b"layer")
    sbom = referrer(draft)
    for each in (repository, other):
        each.push(draft, "v1", "latest")
        each.push(sbom)
    repository.upload(b"not yet needed")

    deleted = repository.delete()

    assert listing.catalog(repository.registry, "", 10, EVERYONE).entries == ["other/app"]
    assert repository.tags() is None
    assert not any(repository.has(each) for each in ("v1", "latest", draft, sbom))
    assert not any(repository.has_blob(blob) for blob in (*draft.blobs, b"not yet needed"))
    assert repository.referrers(draft) == []
    assert (deleted.plan.tags, deleted.plan.versions) == (2, 2)
    assert other.tags() == ["latest", "v1"]
    assert other.referrers(draft) == [sbom.digest]
    assert all(other.has_blob(blob) for blob in draft.blobs)


def test_a_name_is_free_after_its_deletion(repository: Repository) -> None:
    """The next push of the name starts a new repository, which has nothing of the old one."""
    repository.push(image(b"old"), "v1")
    repository.delete()
    repository.push(image(b"new"), "v2")

    assert repository.tags() == ["v2"]
    assert not repository.has(image(b"old"))
    assert not repository.has_blob(b"old")
    repository.delete()
    assert repository.tags() is None


def test_what_was_deleted_can_be_pushed_again(repository: Repository, place: Place) -> None:
    """The same image after its deletion: pushed, pulled, its bytes stored once."""
    draft = index(image(b"amd64"))
    for _ in range(3):
        repository.push(draft, "latest")
        assert repository.has_blob(b"amd64")
        repository.delete(draft.digest)
        assert not repository.has_blob(b"amd64")
    repository.push(draft, "latest")
    assert all(repository.has(each) for each in draft.closure())
    assert repository.has_blob(b"amd64")
    assert len(place.blobs) == 2


def test_deleting_a_blob_that_nothing_needs(repository: Repository) -> None:
    """It is gone for readers; another repository keeps it."""
    digest = repository.upload(b"layer")
    repository.push(image(b"another"), "latest")
    Repository(repository.registry, "other").upload(b"layer")

    repository.delete(digest, blob=True)

    assert not repository.has_blob(digest)
    assert repository.has_blob(b"another")
    assert Repository(repository.registry, "other").has_blob(digest)


def test_a_blob_that_a_manifest_needs_is_not_deleted(repository: Repository) -> None:
    """The refusal names some of the manifests, says that there are others, and what to do instead."""
    holders = [image(b"layer", b"%d" % number) for number in range(5)]
    for draft in holders:
        repository.push(draft)

    with pytest.raises(Unsupported, match="and others: delete the manifest") as raised:
        repository.delete(Digest.of(b"layer"), blob=True)

    assert isinstance(raised.value.detail, dict)
    named = raised.value.detail["manifests"]
    assert isinstance(named, list)
    assert len(named) == 3
    assert set(named) <= {str(draft.digest) for draft in holders}
    assert repository.has_blob(b"layer")


def test_a_blob_that_an_index_lists_is_not_deleted(repository: Repository) -> None:
    """A build cache's layer is held by its index."""
    draft = index(blobs=(b"cached",))
    repository.push(draft, "cache")
    with pytest.raises(Unsupported, match=str(draft.digest)):
        repository.delete(Digest.of(b"cached"), blob=True)


def test_what_is_not_there_cannot_be_deleted(repository: Repository) -> None:
    """Tag, manifest, blob and repository: each in its own words, whether the repository exists or not."""
    absent = Digest.of(b"absent")
    for _ in range(2):
        with pytest.raises(ManifestUnknown):
            repository.delete("absent")
        with pytest.raises(ManifestUnknown):
            repository.delete(absent)
        with pytest.raises(BlobUnknown):
            repository.delete(absent, blob=True)
        with pytest.raises(NameUnknown):
            Repository(repository.registry, "absent").delete()
        repository.push(image(b"layer"), "latest")


def test_deleting_again_finds_nothing(repository: Repository) -> None:
    """Of two deletions the second is told that it is gone; nothing more is recorded."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    repository.push(image(b"another"), "stays")
    blob = repository.upload(b"blob")
    repository.delete("latest")
    repository.delete(draft.digest)
    repository.delete(blob, blob=True)
    with pytest.raises(ManifestUnknown):
        repository.delete("latest")
    with pytest.raises(ManifestUnknown):
        repository.delete(draft.digest)
    with pytest.raises(BlobUnknown):
        repository.delete(blob, blob=True)
    repository.delete()
    with pytest.raises(NameUnknown):
        repository.delete()
    assert row_counts(repository.registry.database)["deletion"] == 4


def test_an_emptied_repository_is_unknown(repository: Repository) -> None:
    """After the last manifest has gone there is no repository to delete."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    repository.delete(draft.digest)
    with pytest.raises(NameUnknown):
        repository.delete()


def test_a_repository_of_blobs_alone_can_be_deleted(repository: Repository) -> None:
    """It is in no catalog, and takes space: bytes uploaded and never used."""
    repository.upload(b"layer")
    assert repository.delete().plan.bytes.exclusive == len(b"layer")
    assert not repository.has_blob(b"layer")


def test_a_dry_run_changes_nothing(repository: Repository) -> None:
    """Planning each kind of deletion leaves every table as it was, and tells what deleting then does."""
    draft = index(image(b"amd64"), image(b"arm64"))
    repository.push(draft, "latest")
    repository.push(referrer(draft))
    loose = repository.upload(b"loose")
    before = row_counts(repository.registry.database)

    plans = [repository.plan(each) for each in ("latest", draft.digest, None)]
    plans.insert(0, repository.plan(loose, blob=True))
    assert row_counts(repository.registry.database) == before

    assert repository.delete(loose, blob=True).plan == plans[0]
    assert repository.delete("latest").plan == plans[1]


def test_a_plan_is_what_its_deletion_does(repository: Repository) -> None:
    """The plan that is shown for a manifest and for a repository is the one that is recorded."""
    draft = index(image(b"amd64"), image(b"arm64"))
    repository.push(draft, "latest")
    repository.push(referrer(draft))
    for reference in (draft.digest, None):
        if reference is None:
            repository.push(draft, "latest")
        plan = repository.plan(reference)
        deleted = repository.delete(reference, expected=plan)
        assert deleted.plan == plan


def test_an_outdated_plan_deletes_nothing(repository: Repository) -> None:
    """A tag was pushed after the plan was shown: the deletion says so, and the new plan can be carried out."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    plans = {reference: repository.plan(reference) for reference in (draft.digest, None)}
    repository.put(draft, "stable")
    before = row_counts(repository.registry.database)

    for reference, plan in plans.items():
        with pytest.raises(PlanOutdated, match="look at the new plan"):
            repository.delete(reference, expected=plan)

    assert row_counts(repository.registry.database) == before
    assert repository.has("latest")
    repository.delete(draft.digest, expected=repository.plan(draft.digest))


def test_deletion_that_is_off_says_how_it_is_turned_on(place: Place) -> None:
    """Every kind is refused, dry runs too, with the setting and its environment variable."""
    repository = Repository(place.open_registry(delete_enabled=False))
    draft = image(b"layer")
    repository.push(draft, "latest")
    for reference in ("latest", draft.digest, None):
        for act in (repository.delete, repository.plan):
            with pytest.raises(Unsupported, match="REGISTRY_STORAGE_DELETE_ENABLED=true"):
                act(reference)
    with pytest.raises(Unsupported, match=r"storage\.delete\.enabled"):
        repository.delete(Digest.of(b"layer"), blob=True)
    assert repository.has("latest")


@pytest.mark.parametrize("kind", ["tag", "manifest", "blob", "repository"])
def test_the_journal_says_what_went(repository: Repository, clock: Clock, kind: str) -> None:
    """Kind, name, actor, reason, times and the plan as JSON, until when it can be undone."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    loose = repository.upload(b"loose")
    references: dict[str, str | Digest | None] = {"tag": "latest", "manifest": draft.digest, "blob": loose}
    reference = references.get(kind)
    clock.advance(60)

    mallory = Caller(Kind.EVERYONE, "mallory")
    deleted = repository.delete(reference, blob=kind == "blob", caller=mallory, reason="leaked a secret")

    entry = repository.registry.database.read(lambda tx: deletions.find(tx, deleted.id))
    undo = repository.registry.rules.undo
    assert entry is not None
    assert (entry.id, entry.kind, entry.state, entry.repository) == (deleted.id, kind, "deleted", "app")
    assert (entry.actor, entry.reason) == ("mallory", "leaked a secret")
    assert (entry.deleted_at, entry.expires_at) == (clock.now, clock.now + undo)
    assert json.loads(entry.summary) == deleted.plan.to_json()
    assert deleted.undo_until == clock.now + undo
    until = datetime.fromtimestamp((clock.now + undo) / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert deleted.to_json() == {**deleted.plan.to_json(), "deletion": deleted.id, "undo_until": until}


def test_a_purge_cannot_be_undone(repository: Repository, clock: Clock) -> None:
    """It is recorded as purged, and kept only for as long as pushes in flight need."""
    repository.push(image(b"layer"), "latest")
    deleted = repository.delete(purge=True)

    entry = repository.registry.database.read(lambda tx: deletions.find(tx, deleted.id))
    assert entry is not None
    assert (entry.state, entry.expires_at) == ("purged", clock.now + repository.registry.rules.sweep_grace)
    assert deleted.undo_until is None
    assert deleted.to_json()["undo_until"] is None
    assert repository.tags() is None


def test_without_an_undo_window_every_deletion_is_a_purge(place: Place) -> None:
    """A registry that is set to keep nothing."""
    repository = Repository(place.open_registry(undo=0))
    repository.push(image(b"layer"), "latest")
    deleted = repository.delete()
    entry = repository.registry.database.read(lambda tx: deletions.find(tx, deleted.id))
    assert entry is not None
    assert entry.state == "purged"
    assert deleted.undo_until is None


def test_the_journal_of_a_name_begins_with_the_newest(repository: Repository, other: Repository) -> None:
    """Other names are not in it."""
    for each in (repository, other):
        each.push(image(b"layer"), "a", "b", "c")
    made = [repository.delete(tag).id for tag in ("a", "b", "c")]
    other.delete("a")
    found = repository.registry.database.read(
        lambda tx: deletions.page(tx, before=2**63 - 1, limit=2, state=None, repository="app")
    )
    assert [entry.id for entry in found] == made[:0:-1]


def test_a_deletion_is_whole_or_not_at_all(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the middle of it leaves every row as it was."""
    draft = index(image(b"amd64"))
    repository.push(draft, "latest")
    before = row_counts(repository.registry.database)

    def fail(*_: object) -> None:
        raise RuntimeError("power loss")

    monkeypatch.setattr(repositories, "unlist_if_empty", fail)
    with pytest.raises(RuntimeError):
        repository.delete(draft.digest)

    assert row_counts(repository.registry.database) == before
    assert repository.has("latest")


def test_another_process_sees_a_deletion_at_once(repository: Repository, place: Place) -> None:
    """Nothing about what exists is remembered outside the database."""
    draft = image(b"layer")
    repository.push(draft, "latest")
    elsewhere = Repository(place.open_registry())
    assert elsewhere.has("latest")
    assert elsewhere.has_blob(b"layer")

    repository.delete()

    assert elsewhere.tags() is None
    assert not elsewhere.has(draft)
    assert not elsewhere.has_blob(b"layer")


def test_pull_times_go_with_what_they_describe(repository: Repository) -> None:
    """Deleting a pulled tag and a pulled manifest is not kept back by when they were pulled."""
    draft, sibling = image(b"layer"), image(b"sibling")
    repository.push(draft, "a", "b")
    repository.push(sibling, "c")
    for tag in ("a", "b", "c"):
        assert repository.has(tag)
    repository.registry.pulls.flush(repository.registry.database)

    repository.delete("a")
    repository.delete(draft.digest)

    assert repository.tags() == ["c"]


def test_a_target_reads_as_people_write_it() -> None:
    """In messages: app, app:v1, app@sha256:..."""
    app, digest = RepositoryName("app"), Digest.of(b"")
    assert str(Target(app)) == "app"
    assert str(Target(app, Tag("v1"))) == "app:v1"
    assert str(Target(app, digest, blob=True)) == f"app@{digest}"


def test_a_deletions_hidden_repository_is_its_own(repository: Repository) -> None:
    """Two deletions of the same tag of the same manifest each hold all that restoring it needs."""
    draft = index(image(b"amd64"))
    repository.push(draft, "latest")
    first = repository.delete("latest")
    repository.put(draft, "latest")
    second = repository.delete("latest")
    database = repository.registry.database
    assert hidden_of(database, first.id) == hidden_of(database, second.id)
