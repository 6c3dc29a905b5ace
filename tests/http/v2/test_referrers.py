from __future__ import annotations

from typing import Any

import httpx2
import pytest

from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, descriptor, digest_of, image, index, next_page, written

MANY = 430


def referrers(repository: Repository, subject: str, **query: str) -> httpx2.Response:
    """Ask for the referrers of a subject."""
    answer = repository.client.get(f"{repository.path}/referrers/{subject}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == OCI_INDEX
    return answer


def digests(answer: httpx2.Response) -> list[str]:
    """The digests that are listed."""
    body = answer.json()
    assert (body["schemaVersion"], body["mediaType"]) == (2, OCI_INDEX)
    return [entry["digest"] for entry in body["manifests"]]


def signature(subject: str, number: int = 0, kind: str = "application/vnd.test.signature") -> dict[str, Any]:
    """An artifact that refers to a manifest."""
    named = {"mediaType": OCI_INDEX, "digest": subject, "size": len(written(index()))}
    return index(subject=named, artifactType=kind, annotations={"number": str(number)})


def test_nobody_refers_to_what_nobody_knows(repository: Repository) -> None:
    """An empty index, not 404, also in a repository that is not there."""
    assert digests(referrers(repository, digest_of(b"unknown"))) == []


def test_a_referrer_is_described(repository: Repository) -> None:
    """Its media type, size, artifact type and annotations."""
    subject = repository.push(index(), "v1")
    body = signature(subject, 7)
    digest = repository.push(body)

    assert referrers(repository, subject).json()["manifests"] == [
        {
            "mediaType": OCI_INDEX,
            "digest": digest,
            "size": len(written(body)),
            "artifactType": "application/vnd.test.signature",
            "annotations": {"number": "7"},
        }
    ]


def test_an_image_without_artifact_type_has_that_of_its_config(repository: Repository) -> None:
    """As the specification derives it."""
    subject = repository.push(index(), "v1")
    repository.push_blob(b"{}")
    body = image(b"{}", subject=descriptor(written(index()), OCI_INDEX))
    body["config"]["mediaType"] = "application/vnd.test.config"
    repository.push(body)

    [entry] = referrers(repository, subject).json()["manifests"]

    assert (entry["mediaType"], entry["artifactType"]) == (OCI_IMAGE, "application/vnd.test.config")


def test_a_referrer_pushed_before_its_subject_is_found(repository: Repository) -> None:
    """Signers may come first."""
    subject = digest_of(written(index()))
    digest = repository.push(signature(subject))

    assert digests(referrers(repository, subject)) == [digest]
    repository.push(index(), "v1")
    assert digests(referrers(repository, subject)) == [digest]


def test_referrers_under_the_old_tag_schema_are_found(repository: Repository) -> None:
    """Entries of the index tagged sha256-<hex> that are there, each once, beside those that name their subject."""
    subject = repository.push(index(), "v1")
    named = signature(subject, 1)
    old = index(artifactType="application/vnd.test.old", annotations={"by": "tag"})
    repository.push(named)
    repository.push(old)
    kept = [
        descriptor(written(old), OCI_INDEX, artifactType="application/vnd.test.old"),
        descriptor(written(named), OCI_INDEX),
    ]
    repository.push(index(*kept), subject.replace(":", "-"))

    found = digests(referrers(repository, subject))

    assert found == sorted([digest_of(written(old)), digest_of(written(named))])
    filtered = referrers(repository, subject, artifactType="application/vnd.test.old")
    assert digests(filtered) == [digest_of(written(old))]


def test_referrers_are_filtered_by_artifact_type(repository: Repository) -> None:
    """And the answer says that they are; without a filter it does not."""
    subject = repository.push(index(), "v1")
    repository.push(signature(subject, 1, "application/vnd.test.a"))
    wanted = repository.push(signature(subject, 2, "application/vnd.test.b+json;x=1"))

    answer = referrers(repository, subject, artifactType="application/vnd.test.b+json;x=1")

    assert digests(answer) == [wanted]
    assert answer.headers["oci-filters-applied"] == "artifactType"
    assert "oci-filters-applied" not in referrers(repository, subject).headers
    assert digests(referrers(repository, subject, artifactType="application/vnd.test")) == []


def test_a_deleted_referrer_is_not_listed(repository: Repository) -> None:
    """The next answer is without it, and what remains is listed."""
    subject = repository.push(index(), "v1")
    gone, stays = repository.push(signature(subject, 1)), repository.push(signature(subject, 2))

    repository.client.delete(f"{repository.path}/manifests/{gone}")

    assert digests(referrers(repository, subject)) == [stays]


def test_the_pages_of_referrers_are_the_referrers(repository: Repository) -> None:
    """By following Link: each once, with a filter too, and on from one that has been deleted meanwhile."""
    subject = repository.push(index(), "v1")
    kinds = ("application/vnd.test.odd", "application/vnd.test.even")
    pushed = {repository.push(signature(subject, number, kinds[number % 2])): number for number in range(MANY)}

    assert pages(repository, subject) == sorted(pushed)
    even = sorted(digest for digest, number in pushed.items() if number % 2)
    assert pages(repository, subject, artifactType=kinds[1]) == even

    first = referrers(repository, subject)
    last, following = digests(first)[-1], next_page(first)
    assert following is not None
    assert following.startswith(f"{repository.path}/referrers/{subject}?")
    repository.client.delete(f"{repository.path}/manifests/{last}")
    rest = digests(repository.client.get(following))
    assert rest[0] == next(digest for digest in sorted(pushed) if digest > last)


def pages(repository: Repository, subject: str, **query: str) -> list[str]:
    """All digests, page by page; every page must say whether it was filtered."""
    answer = referrers(repository, subject, **query)
    found, count = digests(answer), 1
    while (following := next_page(answer)) is not None:
        answer = repository.client.get(following)
        assert answer.status_code == 200, answer.text
        assert ("oci-filters-applied" in answer.headers) == bool(query)
        found += digests(answer)
        count += 1
    assert count > 1
    return found


@pytest.mark.parametrize("subject", ["latest", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:"])
def test_a_subject_is_a_digest(repository: Repository, subject: str) -> None:
    """Anything else is refused."""
    answer = repository.client.get(f"{repository.path}/referrers/{subject}")

    assert_refused(answer, 400, "DIGEST_INVALID")


def test_a_last_that_is_no_digest_is_refused(repository: Repository) -> None:
    """It came from no Link of ours."""
    answer = repository.client.get(f"{repository.path}/referrers/{digest_of(b'')}", params={"last": "v1"})

    assert_refused(answer, 400, "DIGEST_INVALID")
