"""What goes with a manifest that is deleted by its digest, and what stays."""

from __future__ import annotations

import pytest

from jettison.oci.digest import Digest
from jettison.registry.cascade import signer_tags
from jettison.registry.plan import Plan
from jettison.registry.push import push_manifest
from tests.support.content import Draft, image, index, referrer, referrers_index
from tests.support.repository import Repository

AMD, ARM = image(b"amd64"), image(b"arm64")


def goes(plan: Plan) -> set[Digest]:
    """The digests that a plan takes."""
    return {item.digest for item in plan.goes}


def stays(plan: Plan) -> dict[Digest, str]:
    """What a plan leaves though it looked at it, and why."""
    return {item.digest: item.reason for item in plan.stays}


def test_children_that_only_one_index_held_go_with_it(repository: Repository) -> None:
    """Every platform of a multi-platform image, and the blobs of each."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    plan = repository.delete(draft.digest).plan
    assert goes(plan) == {draft.digest, AMD.digest, ARM.digest}
    assert not any(repository.has(each) for each in draft.closure())
    assert not repository.has_blob(b"amd64")
    assert not repository.is_listed()


def test_children_of_children_go(repository: Repository) -> None:
    """An index of an index, to the leaves."""
    draft = index(index(index(AMD)), ARM)
    repository.push(draft)
    repository.delete(draft.digest)
    assert not any(repository.has(each) for each in draft.closure())


def test_a_child_that_another_index_holds_stays(repository: Repository) -> None:
    """The other index is as whole as before."""
    nightly, release = index(AMD, ARM), index(AMD)
    repository.push(nightly, "nightly")
    repository.push(release, "release")

    plan = repository.delete(nightly.digest).plan

    assert stays(plan) == {AMD.digest: f"held by index {release.digest}"}
    assert repository.has(AMD)
    assert repository.has_blob(b"amd64")
    assert not repository.has(ARM)
    repository.delete(release.digest)
    assert not repository.has(AMD)


def test_a_child_that_is_tagged_stays(repository: Repository) -> None:
    """With its tag and its blobs."""
    repository.push(AMD, "amd64")
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    plan = repository.delete(draft.digest).plan
    assert stays(plan) == {AMD.digest: "tagged amd64"}
    assert repository.tags() == ["amd64"]
    assert repository.has_blob(b"amd64")


def test_referrers_go_with_their_subject(repository: Repository) -> None:
    """A signature of an image, a signature of the signature, a bill of materials of a platform of an index."""
    draft = index(AMD, ARM)
    signature = referrer(draft, "application/vnd.example.signature")
    counter = referrer(signature, "application/vnd.example.signature")
    sbom = referrer(ARM)
    for each in (draft, signature, counter, sbom):
        repository.push(each)

    plan = repository.delete(draft.digest).plan

    assert goes(plan) == {each.digest for each in (draft, AMD, ARM, signature, counter, sbom)}
    reasons = {item.digest: item.reason for item in plan.goes}
    assert reasons[signature.digest] == f"refers to {draft.digest}"
    assert reasons[AMD.digest] == "a child that no other index holds"
    assert reasons[draft.digest] == "asked for"
    assert not repository.is_listed()


def test_a_referrer_that_is_an_index_goes_with_its_children(repository: Repository) -> None:
    """What a referrer holds goes as what its subject holds does."""
    part = referrer(AMD, payload=b"part")
    bundle = index(part, subject=AMD, artifact_type="application/vnd.example.bundle")
    repository.push(AMD, "latest")
    repository.push(bundle)
    repository.delete(AMD.digest)
    assert not repository.has(bundle)
    assert not repository.has(part)


def test_a_referrer_that_is_tagged_otherwise_stays(repository: Repository) -> None:
    """Somebody gave it a name of its own; it goes when it is asked for."""
    sbom = referrer(AMD)
    repository.push(AMD, "latest")
    repository.push(sbom, "sbom-of-latest")

    plan = repository.delete(AMD.digest).plan

    assert stays(plan) == {sbom.digest: "tagged sbom-of-latest"}
    assert repository.tags() == ["sbom-of-latest"]
    assert repository.referrers(AMD) == [sbom.digest]
    repository.delete(sbom.digest)
    assert not repository.is_listed()


def test_a_referrer_that_an_index_holds_stays(repository: Repository) -> None:
    """An attestation that is part of an index that stays."""
    sbom = referrer(AMD)
    keeps = index(sbom)
    repository.push(AMD, "latest")
    repository.push(keeps, "keeps")
    assert stays(repository.delete(AMD.digest).plan) == {sbom.digest: f"held by index {keeps.digest}"}
    assert repository.has(sbom)


def test_a_child_that_refers_to_what_stays_stays(repository: Repository) -> None:
    """Held by the index that goes, it says something of an image that does not."""
    sbom = referrer(AMD)
    bundle = index(sbom, ARM)
    repository.push(AMD, "latest")
    repository.push(bundle, "bundle")
    plan = repository.delete(bundle.digest).plan
    assert stays(plan) == {sbom.digest: f"refers to {AMD.digest}"}
    assert repository.referrers(AMD) == [sbom.digest]
    assert not repository.has(ARM)


def test_a_child_whose_subject_was_never_there_goes(repository: Repository) -> None:
    """A subject that does not exist keeps nothing."""
    sbom = referrer(image(b"never pushed"))
    draft = index(sbom)
    repository.push(draft)
    repository.delete(draft.digest)
    assert not repository.has(sbom)


@pytest.mark.parametrize("suffix", ["", ".sig", ".att", ".sbom"])
def test_what_signers_tag_by_the_digest_goes(repository: Repository, suffix: str) -> None:
    """Signers without the referrers API name what they say of an image after its digest."""
    name = f"sha256-{AMD.digest.hex}{suffix}"
    signature = image(b"signature")
    repository.push(AMD, "latest")
    repository.push(signature, name)
    repository.push(ARM, "other")

    plan = repository.delete(AMD.digest).plan

    reasons = {item.digest: item.reason for item in plan.goes}
    assert reasons[signature.digest] == f"signs {AMD.digest} by its tag {name}"
    assert plan.tags == 2
    assert repository.tags() == ["other"]
    assert not repository.has(signature)


def test_what_signers_tag_by_a_childs_digest_goes(repository: Repository) -> None:
    """Each platform of an index may be signed by itself, and the signature too."""
    draft, signature, counter = index(AMD, ARM), image(b"signature"), image(b"counter")
    repository.push(draft, "latest")
    repository.push(signature, f"sha256-{ARM.digest.hex}.sig")
    repository.push(counter, f"sha256-{signature.digest.hex}.sig")
    repository.delete(draft.digest)
    assert not repository.is_listed()


def test_a_signers_tag_of_something_else_stays(repository: Repository) -> None:
    """Neither another suffix nor another digest is a signature of what goes."""
    names = [f"sha256-{AMD.digest.hex}.other", f"sha256-{ARM.digest.hex}.sig", f"sha512-{AMD.digest.hex}.sig"]
    repository.push(AMD, "latest")
    for name in names:
        repository.push(image(name.encode()), name)
    repository.delete(AMD.digest)
    assert repository.tags() == sorted(names)


def test_a_signature_that_has_another_tag_stays(repository: Repository) -> None:
    """With both of its tags: deleting takes nothing else from it."""
    signature, name = image(b"signature"), f"sha256-{AMD.digest.hex}.sig"
    repository.push(AMD, "latest")
    repository.push(signature, name, "release-signature")
    plan = repository.delete(AMD.digest).plan
    assert stays(plan) == {signature.digest: "tagged release-signature"}
    assert repository.tags() == ["release-signature", name]


def test_a_signature_of_two_images_stays_with_the_second(repository: Repository) -> None:
    """One manifest under the signers' tags of two images, both of which it keeps."""
    signature = image(b"signature")
    repository.push(AMD, "amd64")
    repository.push(ARM, "arm64")
    tags = [f"sha256-{each.digest.hex}.sig" for each in (AMD, ARM)]
    repository.push(signature, *tags)
    plan = repository.delete(AMD.digest).plan
    assert stays(plan) == {signature.digest: f"tagged {tags[1]}"}
    assert repository.tags() == sorted(["arm64", *tags])


def test_an_index_of_the_tag_schema_goes_with_its_referrers(repository: Repository) -> None:
    """Clients that met no referrers API list them in an index tagged after the subject."""
    sbom = referrer(AMD)
    kept = referrers_index((sbom, "application/vnd.example.sbom"))
    repository.push(AMD, "latest")
    repository.push(kept, f"sha256-{AMD.digest.hex}")
    repository.delete(AMD.digest)
    assert not repository.is_listed()


def test_signers_of_a_sha512_manifest_are_found(repository: Repository) -> None:
    """The tag of the referrers' tag schema has 64 digits at most (OCI 1.1, "Referrers Tag Schema")."""
    repository.push(AMD)
    digest = Digest.of(AMD.content, "sha512")
    push_manifest(repository.registry, repository.name, digest, AMD.content, AMD.media_type)
    repository.push(image(b"signature"), f"sha512-{digest.hex[:64]}")
    repository.delete(digest)
    assert repository.tags() == []
    assert repository.has(AMD)
    assert all(len(tag) <= 128 for tag in signer_tags(digest))


def test_a_tags_deletion_takes_nothing_else(repository: Repository) -> None:
    """Neither children nor referrers nor signatures of what the tag pointed at."""
    draft, sbom, signature = index(AMD), referrer(AMD), image(b"signature")
    repository.push(draft, "latest")
    repository.push(sbom)
    repository.push(signature, f"sha256-{draft.digest.hex}.sig")
    plan = repository.delete("latest").plan
    assert (plan.tags, plan.versions, plan.goes) == (1, 0, ())
    assert stays(plan) == {draft.digest: "becomes untagged"}
    for each in (draft, AMD, sbom, signature):
        assert repository.has(each)


def test_a_tag_plan_names_the_other_tags(repository: Repository) -> None:
    """The first three of those that stay."""
    repository.push(AMD, "a", "b", "c", "d", "e")
    assert stays(repository.plan("c")) == {AMD.digest: "other tags: a, b, d"}


def test_deleting_a_child_breaks_its_index_and_says_so(repository: Repository) -> None:
    """The plan names the index; the index stays, and serves its other children."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    plan = repository.delete(AMD.digest).plan
    [broken] = plan.breaks
    assert (broken.digest, broken.tags) == (draft.digest, ("latest",))
    assert repository.has("latest")
    assert repository.has(ARM)
    assert not repository.has(AMD)


def test_a_broken_index_holds_its_child_again_when_it_is_pushed(repository: Repository) -> None:
    """It remembers what it lacks: the child comes back, and goes with the index."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    repository.delete(AMD.digest)
    repository.push(AMD)
    assert repository.registry.database.read(lambda tx: tx.all("select * from missing")) == []

    repository.delete(draft.digest)

    assert not repository.has(AMD)


def test_a_broken_index_pushed_again_is_whole_again(repository: Repository) -> None:
    """A client that saw the child before its deletion pushes the index once more: both are there, and held."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    repository.delete(AMD.digest)

    repository.put(draft, "latest")

    assert repository.has(AMD)
    assert repository.has_blob(b"amd64")
    assert repository.registry.database.read(lambda tx: tx.all("select * from missing")) == []


def test_two_deletions_of_children_break_an_index_twice(repository: Repository) -> None:
    """Each is remembered, and each can come back."""
    draft = index(AMD, ARM)
    repository.push(draft, "latest")
    repository.delete(AMD.digest)
    repository.delete(ARM.digest)
    repository.push(ARM)
    repository.push(AMD)
    repository.delete(draft.digest)
    assert not repository.is_listed()


def test_the_cascade_of_a_chain_of_referrers_ends(repository: Repository) -> None:
    """A hundred signatures, each of the one before, go in one deletion."""
    chain: list[Draft] = [AMD]
    for number in range(100):
        chain.append(referrer(chain[-1], payload=b"%d" % number))
    for each in chain:
        repository.push(each)
    assert repository.delete(AMD.digest).plan.versions == 101
    assert not repository.is_listed()
