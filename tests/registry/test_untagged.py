from __future__ import annotations

import pytest

from jettison.oci.digest import Digest
from jettison.registry import restore, untagged
from jettison.registry.points import watch
from jettison.registry.registry import Registry
from jettison.registry.untagged import delete_unneeded, unneeded
from tests.support.content import Draft, image, index, referrer
from tests.support.repository import Repository


def going(repository: Repository) -> set[Digest]:
    """What nothing needs, by the choice; deleting it takes exactly that."""
    chosen = set(repository.registry.database.read(lambda tx: unneeded(tx, "app")))
    deleted = delete_unneeded(repository.registry, "app", "me")
    assert {item.digest for item in deleted.plan.goes} == chosen if deleted else not chosen
    assert not repository.registry.database.read(lambda tx: unneeded(tx, "app"))
    return chosen


def digests(*drafts: Draft) -> set[Digest]:
    """Their digests."""
    return {draft.digest for draft in drafts}


def test_what_is_tagged_stays(repository: Repository) -> None:
    """Only the untagged of two versions is chosen."""
    tagged, lone = image(b"1"), image(b"2")
    repository.push(tagged, "a")
    repository.push(lone)
    assert going(repository) == digests(lone)
    assert repository.has(tagged)
    assert not repository.has(lone)


def test_children_of_a_tagged_index_stay(repository: Repository) -> None:
    """At any depth; those of an untagged index go with it, unless a tagged one has them too."""
    kept, both, lost = image(b"1"), image(b"2"), image(b"3")
    repository.push(index(index(kept), both), "a")
    untagged_index = index(both, lost)
    repository.push(untagged_index)
    assert going(repository) == digests(lost, untagged_index)


def test_referrers_of_what_stays_stay(repository: Repository) -> None:
    """Signatures of a tagged index, of its children, and signatures of these; those of what goes go."""
    child, lone = image(b"1"), image(b"2")
    parent = index(child)
    signature = referrer(child, payload=b"signature")
    kept = [parent, child, signature, referrer(parent), referrer(signature)]
    repository.push(parent, "a")
    for draft in kept[2:]:
        repository.push(draft)
    lost = [lone, referrer(lone), referrer(referrer(lone))]
    for draft in lost:
        repository.push(draft)
    assert going(repository) == digests(*lost)
    assert all(repository.has(draft) for draft in kept)


def test_a_referrer_of_nothing_goes(repository: Repository) -> None:
    """Without its subject and without a tag nothing needs a referrer."""
    stray = referrer(Digest.of(b"nowhere"))
    repository.push(stray)
    assert going(repository) == digests(stray)


@pytest.mark.parametrize("suffix", ["", ".sig", ".att", ".sbom"])
def test_a_signature_by_tag_stays_and_goes_with_what_it_signs(repository: Repository, suffix: str) -> None:
    """The tag of a signer keeps a signature only as long as what is signed is kept."""
    signed, lone = image(b"1"), image(b"2")
    repository.push(signed, "a")
    repository.push(lone)
    signatures = {draft: image(b"signature of " + draft.content) for draft in (signed, lone)}
    for draft, signature in signatures.items():
        repository.push(signature, f"sha256-{draft.digest.hex}{suffix}")
    assert going(repository) == digests(lone, signatures[lone])


def test_a_signature_of_nothing_stays_by_its_tag(repository: Repository) -> None:
    """What is signed may come later: a tag is a tag."""
    signature = image(b"signature")
    repository.push(signature, f"sha256-{Digest.of(b'nowhere').hex}.sig")
    assert going(repository) == set()


def test_a_version_tagged_with_its_own_digest_stays(repository: Repository) -> None:
    """Whoever tags a version so means that version, and signs nothing."""
    draft = image(b"1")
    repository.push(draft, f"sha256-{draft.digest.hex}")
    assert going(repository) == set()


def test_it_is_one_entry_of_the_journal_and_can_be_undone(repository: Repository, registry: Registry) -> None:
    """All of a repository's unneeded versions go in one deletion, with its reason, and come back by one restore."""
    drafts = [image(bytes([n])) for n in range(5)]
    repository.push(image(b"tagged"), "a")
    for draft in drafts:
        repository.push(draft)
    deleted = delete_unneeded(registry, "app", "me")
    assert deleted is not None
    entry = restore.find(registry, deleted.id)
    assert (entry.actor, entry.reason, entry.state) == ("me", untagged.REASON, "deleted")
    assert not any(repository.has(draft) for draft in drafts)
    restore.restore(registry, deleted.id)
    assert all(repository.has(draft) for draft in drafts)


def test_nothing_unneeded_writes_nothing(repository: Repository, registry: Registry) -> None:
    """Where everything is needed, and where there is no repository, there is no deletion."""
    repository.push(image(b"1"), "a")
    assert delete_unneeded(registry, "app", "me") is None
    assert delete_unneeded(registry, "nowhere", "me") is None


def test_what_gets_a_tag_between_the_choice_and_the_deletion_stays(repository: Repository, registry: Registry) -> None:
    """The choice is made again in the transaction that deletes: a tag pushed since the first look keeps its version."""
    draft, lone = image(b"1"), image(b"2")
    repository.push(draft)
    repository.push(lone)

    def tag_it(point: str) -> None:
        if point == "untagged.delete":
            watch(None)
            repository.put(draft, "late")

    watch(tag_it)
    try:
        deleted = delete_unneeded(registry, "app", "me")
    finally:
        watch(None)
    assert deleted is not None
    assert {item.digest for item in deleted.plan.goes} == {lone.digest}
    assert repository.has("late")


def test_what_got_a_tag_leaves_nothing_to_delete(repository: Repository, registry: Registry) -> None:
    """If by then nothing is unneeded any more there is no deletion."""
    draft = image(b"1")
    repository.push(draft)

    def tag_it(point: str) -> None:
        if point == "untagged.delete":
            watch(None)
            repository.put(draft, "late")

    watch(tag_it)
    try:
        assert delete_unneeded(registry, "app", "me") is None
    finally:
        watch(None)
