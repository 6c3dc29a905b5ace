from __future__ import annotations

import json

from jettison.oci.digest import Digest
from jettison.registry import restore, sweep, uploads
from jettison.registry.access import Caller, Kind
from jettison.registry.registry import Registry
from jettison.registry.why import MOST, Going, Why, why_is
from tests.support.clock import Clock
from tests.support.content import image, index, referrer
from tests.support.place import Place
from tests.support.repository import Repository

DAY = 24 * 3600 * 1_000_000
GRACE = 300 * 1_000_000
NOWHERE = Digest.of(b"never seen")


def why(registry: Registry, of: bytes | Digest) -> Why:
    """Why it is there; the answer is JSON too."""
    found = why_is(registry, of if isinstance(of, Digest) else Digest.of(of))
    assert json.loads(json.dumps(found.to_json()))["digest"] == str(found.digest)
    return found


def test_what_was_never_there_is_unknown(repository: Repository, registry: Registry) -> None:
    """A digest that nothing has or names is not known, and so goes never."""
    repository.push(image(b"layer"), "a")
    found = why(registry, NOWHERE)
    assert (found.known, found.size, found.places, found.going) == (False, None, (), None)


def test_a_blob_is_held_by_the_tagged_version_that_needs_it(
    repository: Repository, registry: Registry, clock: Clock
) -> None:
    """The version is named with its tags and since when; it goes at no time."""
    pushed_at = clock.now
    draft = image(b"layer")
    repository.push(draft, "a", "b")
    clock.advance(60)
    repository.put(draft, "c")
    found = why(registry, b"layer")
    [place] = found.places
    [holder] = place.holders
    assert (found.known, found.blob, found.manifest, found.size, found.versions) == (True, True, False, 5, 1)
    assert (place.repository, place.deletion, place.leased_until) == ("app", None, None)
    assert (holder.digest, holder.since, holder.itself) == (draft.digest, pushed_at, True)
    assert holder.tags == (("a", pushed_at), ("b", pushed_at), ("c", clock.now))
    assert found.going is None


def test_an_index_leads_to_the_tag(repository: Repository, registry: Registry) -> None:
    """An untagged version is named with the index that holds it, that with the one above, and the tag of the last."""
    child = image(b"layer")
    inner = index(child)
    outer = index(inner, image(b"other"))
    repository.push(outer, "a")
    [place] = why(registry, b"layer").places
    holders = {holder.digest: holder for holder in place.holders}
    assert holders.keys() == {child.digest, inner.digest, outer.digest}
    assert [holders[draft.digest].itself for draft in (child, inner, outer)] == [True, False, False]
    assert (holders[child.digest].tags, holders[child.digest].indexes) == ((), (inner.digest,))
    assert holders[inner.digest].indexes == (outer.digest,)
    assert [name for name, _ in holders[outer.digest].tags] == ["a"]


def test_a_manifest_is_explained_as_a_blob_is(repository: Repository, other: Repository, registry: Registry) -> None:
    """It is there itself, in each repository that has it, and held from above."""
    child = image(b"layer")
    parent = index(child)
    repository.push(parent, "a")
    other.push(child)
    found = why(registry, child.digest)
    assert (found.blob, found.manifest, found.size, found.going) == (False, True, len(child.content), None)
    assert [(place.repository, [holder.digest for holder in place.holders]) for place in found.places] == [
        ("app", [child.digest, parent.digest]),
        ("other/app", [child.digest]),
    ]


def test_a_signature_is_held_by_its_subject(repository: Repository, registry: Registry) -> None:
    """What a referrer refers to is named, with the tag that keeps it, if the repository has it."""
    signed = image(b"layer")
    signature = referrer(signed, payload=b"signature")
    repository.push(signed, "a")
    repository.push(signature)
    [place] = why(registry, b"signature").places
    holders = {holder.digest: holder for holder in place.holders}
    assert holders[signature.digest].subject == signed.digest
    assert [name for name, _ in holders[signed.digest].tags] == ["a"]
    stray = referrer(NOWHERE, payload=b"of nothing")
    repository.push(stray)
    [place] = why(registry, b"of nothing").places
    assert [(holder.digest, holder.subject) for holder in place.holders] == [(stray.digest, None)]


def test_a_lease_holds_until_it_is_over_then_nothing_does(
    repository: Repository, registry: Registry, clock: Clock
) -> None:
    """An uploaded blob names its lease; afterwards the next sweep drops it, and then only the grace holds its bytes."""
    until = clock.now + DAY
    repository.upload(b"layer")
    found = why(registry, b"layer")
    assert [(place.repository, place.leased_until, place.holders) for place in found.places] == [("app", until, ())]
    assert found.going == Going("lease", until, until + GRACE)
    clock.advance(24 * 3600)
    assert why(registry, b"layer").going == Going(None, None, clock.now + GRACE)
    assert sweep.sweep(registry, "test") is not None
    found = why(registry, b"layer")
    assert (found.known, found.size, found.places) == (True, 5, ())
    assert found.going == Going("grace", clock.now + GRACE, clock.now + GRACE)
    clock.advance(301)
    assert sweep.sweep(registry, "test") is not None
    assert not why(registry, b"layer").known


def test_a_deletion_holds_while_it_can_be_undone(repository: Repository, registry: Registry, clock: Clock) -> None:
    """The deletion is named with who, why and until when; purged, it holds for the grace; restored, not at all."""
    draft = image(b"layer")
    repository.push(draft, "a")
    deleted = repository.delete(caller=Caller(Kind.EVERYONE, "me"), reason="old")
    for of in (Digest.of(b"layer"), draft.digest):
        found = why(registry, of)
        [place] = found.places
        assert place.deletion is not None
        assert (place.repository, place.deletion.id, place.deletion.kind) == ("app", deleted.id, "repository")
        assert (place.deletion.actor, place.deletion.reason) == ("me", "old")
        assert [holder.digest for holder in place.holders] == [draft.digest]
        assert found.going == Going("undo", clock.now + DAY, clock.now + DAY + GRACE)
    restore.restore(registry, deleted.id)
    assert why(registry, b"layer").going is None
    repository.delete(purge=True)
    assert why(registry, b"layer").going == Going("grace", clock.now + GRACE, clock.now + 2 * GRACE)


def test_the_last_to_let_go_decides_when_it_goes(
    repository: Repository, other: Repository, registry: Registry, clock: Clock
) -> None:
    """Of a lease and a deletion that hold the same bytes the longer one counts; something live outweighs both."""
    repository.push(image(b"layer"), "a")
    repository.delete()
    undo = clock.now + DAY
    clock.advance(60)
    other.upload(b"layer")
    lease = clock.now + DAY
    assert lease > undo
    assert why(registry, b"layer").going == Going("lease", lease, lease + GRACE)
    other.put(image(b"layer", config=b"layer"), "b")
    assert why(registry, b"layer").going is None


def test_a_deleted_tag_is_named_with_its_copy(repository: Repository, registry: Registry) -> None:
    """The live version comes first, then what the deletion of its tag holds."""
    draft = image(b"layer")
    repository.push(draft, "a")
    deleted = repository.delete("a")
    live, hidden = why(registry, b"layer").places
    assert (live.deletion, [holder.tags for holder in live.holders]) == (None, [()])
    assert hidden.deletion is not None
    assert hidden.deletion.id == deleted.id
    assert [name for holder in hidden.holders for name, _ in holder.tags] == ["a"]


def test_an_upload_that_has_brought_it_is_named(repository: Repository, registry: Registry, clock: Clock) -> None:
    """Bytes that arrived and wait for the end of their upload are known by it."""
    session = uploads.start(registry, repository.name)
    begun = clock.now
    clock.advance(5)
    incoming = uploads.resume(registry, repository.name, session.id, None)
    incoming.append(b"layer")
    incoming.pause()
    incoming.close()
    found = why(registry, b"layer")
    [upload] = found.uploads
    assert (upload.id, upload.repository, upload.received) == (session.id, "app", 5)
    assert (upload.started_at, upload.touched_at) == (begun, clock.now)
    assert (found.known, found.blob, found.going) == (True, False, None)


def test_what_is_missing_names_who_waits_for_it(place: Place, registry: Registry) -> None:
    """A digest that only a version names, where that is accepted, is known for it."""
    sparse = Repository(place.open_registry(registry.database, children_required=False), "sparse")
    child = image(b"layer")
    parent = index(child)
    sparse.put(parent, "a")
    found = why(registry, child.digest)
    assert (found.known, found.size, found.places) == (True, None, ())
    assert found.awaited_by == (("sparse", parent.digest),)


def test_of_many_versions_some_are_named_and_all_are_counted(repository: Repository, registry: Registry) -> None:
    """A layer that everything needs has an answer that can be read."""
    for number in range(MOST + 3):
        repository.push(image(b"base", config=b"%d" % number), f"v{number}")
    found = why(registry, b"base")
    [place] = found.places
    assert (found.versions, len(place.holders)) == (MOST + 3, MOST)
