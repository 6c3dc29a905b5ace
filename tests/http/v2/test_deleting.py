"""Deletion over HTTP: what goes, what stays, what is answered, and that nothing goes by mistake."""

from __future__ import annotations

import httpx2
import pytest

from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, descriptor, digest_of, image, index, written
from tests.support.server import JettisonServer


def manifest_path(repository: Repository, reference: str) -> str:
    """Where a manifest or tag lies."""
    return f"{repository.path}/manifests/{reference}"


def delete(repository: Repository, reference: str) -> httpx2.Response:
    """Delete a manifest or tag, which must succeed."""
    answer = repository.client.delete(manifest_path(repository, reference))
    assert answer.status_code == 202, answer.text
    return answer


# ---------------------------------------------------------------------------------------------------------------- tags


def test_deleting_a_tag_leaves_its_siblings(repository: Repository) -> None:
    """Other tags of the manifest, the manifest itself and its blobs stay."""
    digest = repository.push_image("layer", "v1", "v1.0", "latest")

    answer = delete(repository, "v1")

    assert (answer.json()["kind"], answer.json()["tags"], answer.json()["versions"]) == ("tag", 1, 0)
    assert repository.tags() == ["latest", "v1.0"]
    assert repository.has(digest)
    assert repository.has_blob(digest_of(b"layer"))
    assert_refused(repository.client.get(manifest_path(repository, "v1")), 404, "MANIFEST_UNKNOWN")


def test_deleting_the_last_tag_leaves_the_manifest(repository: Repository) -> None:
    """It is untagged, and the repository stays in the catalog."""
    digest = repository.push(index(), "only")

    delete(repository, "only")

    assert repository.has(digest)
    assert repository.client.get(f"{repository.path}/tags/list").json()["tags"] == []
    assert repository.name in catalog(repository.client)


def test_deleting_a_tag_again_is_an_error(repository: Repository) -> None:
    """404, as for any tag that is not there."""
    repository.push(index(), "v1")
    delete(repository, "v1")

    answer = repository.client.delete(manifest_path(repository, "v1"))

    assert_refused(answer, 404, "MANIFEST_UNKNOWN")


# ----------------------------------------------------------------------------------------------------------- manifests


def test_deleting_a_manifest_takes_its_tags(repository: Repository) -> None:
    """All of them, and nothing of other manifests."""
    gone = repository.push(index(annotations={"n": "1"}), "v1", "latest")
    stays = repository.push(index(annotations={"n": "2"}), "v2")

    answer = delete(repository, gone)

    assert (answer.json()["tags"], answer.json()["versions"]) == (2, 1)
    assert repository.tags() == ["v2"]
    assert not repository.has(gone)
    assert repository.has(stays)


def test_deleting_a_manifest_hides_the_blobs_that_only_it_held(repository: Repository) -> None:
    """What is deleted is gone for readers, blobs included; what another manifest needs is there."""
    gone = repository.push_image("its own layer", "v1")
    repository.push_image("another layer", "v2")

    delete(repository, gone)

    assert not repository.has_blob(digest_of(b"its own layer"))
    assert repository.has_blob(digest_of(b"another layer"))
    assert repository.has_blob(digest_of(b"{}")), "the config is shared"


def test_deleting_an_index_takes_the_children_that_only_it_held(repository: Repository) -> None:
    """A child that is tagged, or that another index holds, stays."""
    alone, tagged, shared = (repository.push_image(name) for name in ("alone", "tagged", "shared"))
    repository.put(image(b"{}", b"tagged"), "keep")
    children = [descriptor(written(image(b"{}", name)), OCI_IMAGE) for name in (b"alone", b"tagged", b"shared")]
    top = repository.push(index(*children), "top")
    other = repository.push(index(children[2]), "other")

    answer = delete(repository, top)

    assert [repository.has(digest) for digest in (top, alone)] == [False, False]
    assert [repository.has(digest) for digest in (tagged, shared, other)] == [True, True, True]
    assert not repository.has_blob(digest_of(b"alone"))
    assert repository.tags() == ["keep", "other"]
    reasons = {item["digest"]: item["reason"] for item in answer.json()["stays"]}
    assert reasons == {tagged: "tagged keep", shared: f"held by index {other}"}
    assert {item["digest"] for item in answer.json()["goes"]} == {top, alone}


def test_deleting_a_child_breaks_its_index(repository: Repository) -> None:
    """It is done as asked, and the answer says what it broke."""
    child = repository.push_image("platform")
    holder = repository.push(index(descriptor(written(image(b"{}", b"platform")), OCI_IMAGE)), "multi")

    answer = delete(repository, child)

    assert [item["digest"] for item in answer.json()["breaks"]] == [holder]
    assert repository.has("multi")
    assert not repository.has(child)


def test_deleting_a_manifest_takes_what_signs_it(repository: Repository) -> None:
    """By subject, by the old tag schema and by signers' tags; what signs something else stays."""
    digest = repository.push_image("signed", "v1")
    other = repository.push_image("other", "v2")
    tag, other_tag = digest.replace(":", "-"), other.replace(":", "-")
    subject = {"mediaType": OCI_IMAGE, "digest": digest, "size": len(written(image(b"{}", b"signed")))}
    signature = repository.push(index(subject=subject))
    of_signature = {"mediaType": OCI_INDEX, "digest": signature, "size": len(written(index(subject=subject)))}
    chain = repository.push(index(subject=of_signature))
    for suffix in ("", ".sig", ".att", ".sbom"):
        repository.push(index(annotations={"signs": "v1", "by": suffix}), tag + suffix)
    kept = repository.push(index(annotations={"signs": "v2"}), f"{other_tag}.sig")

    answer = delete(repository, digest)

    assert answer.json()["versions"] == 7
    assert repository.tags() == sorted(["v2", f"{other_tag}.sig"])
    assert [repository.has(each) for each in (digest, signature, chain, kept)] == [False, False, False, True]


def test_deleted_content_can_be_pushed_again(repository: Repository) -> None:
    """The same image is there again, and deleting it again works again."""
    for _ in range(3):
        digest = repository.push_image("again and again", "v1")
        assert repository.client.get(f"{repository.path}/blobs/{digest_of(b'again and again')}").status_code == 200
        delete(repository, digest)
        assert repository.name not in catalog(repository.client)


# ------------------------------------------------------------------------------------------------------------- dry run


@pytest.mark.parametrize("what", ["repository", "v1", "tag", "manifest", "blob"])
def test_a_dry_run_is_the_deletion_that_is_not_done(repository: Repository, what: str) -> None:
    """200 with the very plan that the deletion then carries out; nothing has changed, however often it is asked."""
    digest = repository.push_image("layer", "v1", "v2")
    repository.push_blob(b"unreferenced")
    path = {
        "repository": repository.path,
        "v1": f"/v1/repositories/{repository.name}",
        "tag": manifest_path(repository, "v1"),
        "manifest": manifest_path(repository, digest),
        "blob": f"{repository.path}/blobs/{digest_of(b'unreferenced')}",
    }[what]

    plans = [repository.client.delete(path, params={"dry_run": "true", "purge": purge}) for purge in ("false", "true")]

    assert [plan.status_code for plan in plans] == [200, 200]
    assert plans[0].json() == plans[1].json()
    assert repository.tags() == ["v1", "v2"]
    assert repository.has(digest)
    assert repository.has_blob(digest_of(b"unreferenced"))
    done = repository.client.delete(path, params={"dry_run": "false"})
    assert done.status_code == 202
    plan = plans[0].json()
    assert plan.pop("dry_run") is True
    assert plan.items() <= done.json().items()
    assert set(done.json()) - set(plan) == {"deletion", "undo_until"}


def test_a_dry_run_of_nothing_is_an_error(repository: Repository) -> None:
    """The same error that the deletion would be."""
    assert_refused(repository.client.delete(repository.path, params={"dry_run": "true"}), 404, "NAME_UNKNOWN")


@pytest.mark.parametrize("path", ["/v2/{}", "/v1/repositories/{}", "/v1/repositories/{}/", "/v2/{}/manifests/v1"])
@pytest.mark.parametrize(
    "query",
    [
        *("dryrun=true", "dry-run=true", "DRY_RUN=true", "dry_run", "dry_run=", "dry_run=maybe", "dry_run=truee"),
        *("purge=yes", "purge=", "purge=true;dry_run=true", "force=true", "dry_run=true&x=1", "%64ry_run=tru", "=true"),
        *("dry_run=false&dry_run=true", "dry_run=true&dry_run=true", "purge=true&purge=false", "dry_run=true%00"),
        *("true", "tag=v1", "&dry_run=tr%75e&&DryRun=1", "dry_run[]=true", "dry_run=%ff"),
    ],
)
def test_a_misspelled_parameter_deletes_nothing(client: httpx2.Client, path: str, query: str) -> None:
    """400, since whoever wrote it did not mean a deletion without it."""
    repository = Repository(client, "misspelled")
    repository.push(index(), "v1")

    answer = client.delete(f"{path.format(repository.name)}?{query}")

    assert_refused(answer, 400, "UNSUPPORTED")
    assert repository.tags() == ["v1"]


@pytest.mark.parametrize("word", ["true", "TRUE", "True", "1", "tr%75e"])
def test_true_may_be_written_in_many_ways(repository: Repository, word: str) -> None:
    """None of which deletes by being misread."""
    repository.push(index(), "v1")

    assert repository.client.delete(f"{repository.path}?dry_run={word}").status_code == 200

    assert repository.tags() == ["v1"]


def test_the_deletion_of_an_upload_takes_no_parameters(repository: Repository) -> None:
    """A dry run of it is refused, not done."""
    location = repository.begin_upload()

    assert_refused(repository.client.delete(location, params={"dry_run": "true"}), 400, "UNSUPPORTED")

    assert repository.client.get(location).status_code == 204


# ----------------------------------------------------------------------------------------------- at once, for everyone


def test_every_connection_sees_a_deletion_at_once(server: JettisonServer, repository: Repository) -> None:
    """Connections that were open before, that have asked before, and whatever they ask next."""
    with open_client(server) as other, open_client(server) as deleting:
        seen = Repository(other, repository.name)
        for round_ in range(20):
            digest = repository.push_image(f"layer {round_}", "v1")
            layer = digest_of(f"layer {round_}".encode())
            assert seen.has("v1")
            assert seen.has_blob(layer)
            assert seen.name in catalog(other)

            assert deleting.delete(manifest_path(repository, "v1")).status_code == 202
            assert not seen.has("v1")
            assert seen.tags() == []
            assert deleting.delete(repository.path).status_code == 202
            assert not seen.has(digest)
            assert not seen.has_blob(layer)
            assert other.head(manifest_path(seen, digest)).status_code == 404
            assert seen.name not in catalog(other)
