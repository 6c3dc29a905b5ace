from __future__ import annotations

import pytest

from jettison.oci.digest import Digest
from jettison.registry import listing
from tests.support.content import image, index, referrer, referrers_index
from tests.support.repository import Repository

SUBJECT = image(b"subject")
SBOM, SIGNATURE = "application/vnd.example.sbom", "application/vnd.example.signature"


def tag_of(digest: Digest) -> str:
    """The tag of the referrers' tag schema."""
    return f"{digest.algorithm}-{digest.hex}"


def test_referrers_are_listed_by_their_subject(repository: Repository) -> None:
    """By digest; other manifests and the referrers of others are not among them."""
    mine = [referrer(SUBJECT, payload=b"%d" % number) for number in range(3)]
    for each in (SUBJECT, *mine, referrer(image(b"another"))):
        repository.push(each)
    assert repository.referrers(SUBJECT) == sorted(each.digest for each in mine)


def test_a_referrer_is_described_with_its_annotations(repository: Repository) -> None:
    """Type, artifact type, size and annotations, as OCI 1.1, "Listing Referrers", asks."""
    draft = referrer(SUBJECT, SBOM, annotations={"org.example.key": "value"})
    repository.push(draft)
    [found] = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, None).entries
    assert found.to_json() == {
        "mediaType": draft.media_type,
        "digest": str(draft.digest),
        "size": len(draft.content),
        "artifactType": SBOM,
        "annotations": {"org.example.key": "value"},
    }


def test_an_image_without_artifact_type_is_described_by_its_config(repository: Repository) -> None:
    """The config's media type stands in; an index has none to stand in."""
    by_config, without = image(b"layer", subject=SUBJECT), index(subject=SUBJECT)
    repository.push(by_config)
    repository.push(without)
    found = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, None).entries
    types = {each.digest: each.artifact_type for each in found}
    assert types == {by_config.digest: "application/vnd.oci.image.config.v1+json", without.digest: None}


def test_referrers_pushed_before_their_subject_are_found(repository: Repository) -> None:
    """And while the subject does not exist at all."""
    draft = referrer(SUBJECT)
    repository.push(draft)
    assert repository.referrers(SUBJECT) == [draft.digest]
    repository.push(SUBJECT)
    assert repository.referrers(SUBJECT) == [draft.digest]


def test_an_unknown_subject_or_repository_has_none(repository: Repository) -> None:
    """An empty page, no error."""
    assert repository.referrers(SUBJECT) == []
    repository.push(SUBJECT)
    assert repository.referrers(Digest.of(b"never")) == []
    assert Repository(repository.registry, "never/was").referrers(SUBJECT) == []


def test_referrers_of_another_repository_are_not_listed(repository: Repository, other: Repository) -> None:
    """The same subject in two repositories has the referrers of each."""
    draft = referrer(SUBJECT)
    other.push(draft)
    repository.push(SUBJECT)
    assert repository.referrers(SUBJECT) == []


def test_deleted_referrers_are_not_listed(repository: Repository) -> None:
    """At once."""
    kept, gone = referrer(SUBJECT, payload=b"kept"), referrer(SUBJECT, payload=b"gone")
    for each in (SUBJECT, kept, gone):
        repository.push(each)
    repository.delete(gone.digest)
    assert repository.referrers(SUBJECT) == [kept.digest]


def test_referrers_can_be_filtered_by_artifact_type(repository: Repository) -> None:
    """Those of that type and no others; the type may be a config's."""
    sbom, signature, plain = referrer(SUBJECT, SBOM), referrer(SUBJECT, SIGNATURE), image(subject=SUBJECT)
    for each in (sbom, signature, plain):
        repository.push(each)
    assert repository.referrers(SUBJECT, SBOM) == [sbom.digest]
    assert repository.referrers(SUBJECT, "application/vnd.oci.image.config.v1+json") == [plain.digest]
    assert repository.referrers(SUBJECT, "application/nothing") == []


def test_referrers_kept_under_the_tag_schema_are_found(repository: Repository) -> None:
    """Artifacts without a subject of their own, listed in an index tagged after the subject."""
    listed = image(b"listed")
    repository.push(SUBJECT)
    repository.push(referrers_index((listed, SBOM)), tag_of(SUBJECT.digest))
    found = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, None).entries
    assert [(each.digest, each.artifact_type) for each in found] == [(listed.digest, SBOM)]
    assert repository.referrers(SUBJECT, SBOM) == [listed.digest]
    assert repository.referrers(SUBJECT, SIGNATURE) == []


def test_a_referrer_in_both_places_is_listed_once(repository: Repository) -> None:
    """Pushed by a client that keeps the tag schema's index too; what the manifest says counts."""
    both, tagged = referrer(SUBJECT, SBOM), image(b"tagged")
    repository.push(referrers_index((both, SIGNATURE), (tagged, SIGNATURE)), tag_of(SUBJECT.digest))
    found = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, None).entries
    assert {each.digest: each.artifact_type for each in found} == {both.digest: SBOM, tagged.digest: SIGNATURE}


def test_what_the_tag_schemas_index_lists_and_lacks_is_not_listed(repository: Repository) -> None:
    """An entry that was deleted by its digest."""
    first, second = image(b"first"), image(b"second")
    repository.push(referrers_index((first, SBOM), (second, SBOM)), tag_of(SUBJECT.digest))
    repository.delete(first.digest)
    assert repository.referrers(SUBJECT) == [second.digest]


def test_a_tag_like_the_schemas_that_is_no_index_lists_nothing(repository: Repository) -> None:
    """Some signers tag an image that way."""
    repository.push(image(b"signature"), tag_of(SUBJECT.digest))
    assert repository.referrers(SUBJECT) == []


def test_the_tag_schema_of_a_sha512_subject(repository: Repository) -> None:
    """Its tag has the first 64 digits."""
    subject, listed = Digest.of(b"subject", "sha512"), image(b"listed")
    repository.push(referrers_index((listed, SBOM)), f"sha512-{subject.hex[:64]}")
    assert repository.referrers(subject) == [listed.digest]


@pytest.mark.parametrize("kind", [None, SBOM])
def test_the_pages_of_referrers_are_all_of_them(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    """Both kinds of referrers, over several pages: each once, in order; a page is full unless it is the last."""
    monkeypatch.setattr(listing, "REFERRERS_A_PAGE", 4)
    own = [referrer(SUBJECT, SBOM, payload=b"%d" % number) for number in range(10)]
    others = [referrer(SUBJECT, SIGNATURE, payload=b"%d" % number) for number in range(3)]
    tagged = [image(b"%d" % number) for number in range(5)]
    for each in (*own, *others):
        repository.push(each)
    repository.push(referrers_index(*((each, SBOM) for each in (*tagged, *own[:2]))), tag_of(SUBJECT.digest))

    found: list[Digest] = []
    last = None
    while True:
        page = listing.referrers(repository.registry, repository.name, SUBJECT.digest, kind, last)
        found += [each.digest for each in page.entries]
        if not page.more:
            break
        assert len(page.entries) == 4
        last = found[-1]

    expected = own + tagged + (others if kind is None else [])
    assert found == sorted(each.digest for each in expected)


def test_more_referrers_than_a_page_holds(repository: Repository) -> None:
    """201 of them: two pages, the second begins after the last of the first though that has gone."""
    digests = sorted(
        repository.push(referrer(SUBJECT, payload=b"one", annotations={"number": str(number)})).digest
        for number in range(listing.REFERRERS_A_PAGE + 1)
    )
    first = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, None)
    assert [each.digest for each in first.entries] == digests[:-1]
    assert first.more
    repository.delete(digests[-2])
    second = listing.referrers(repository.registry, repository.name, SUBJECT.digest, None, digests[-2])
    assert [each.digest for each in second.entries] == digests[-1:]
    assert not second.more
