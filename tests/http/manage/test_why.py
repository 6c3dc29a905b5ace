"""Why something is still there, over HTTP."""

from __future__ import annotations

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of

WHY = "/api/v1/why"


def test_a_layer_is_held_by_versions_and_deletions(api: Api, repository: Repository) -> None:
    """Where, by what, since when; what a deletion took holds it until that can be undone no more."""
    layer = f"held by versions and deletions of {repository.name}"
    version = repository.push_image(layer, "v1")
    deleted = api.delete(f"{repository.name}@{version}")
    repository.push_image(layer, "v2")

    why = api.get(f"{WHY}/{digest_of(layer.encode())}")

    assert (why["known"], why["size"], why["going"]) == (True, len(layer), None)
    live, hidden = why["places"]
    assert [holder["digest"] for holder in live["holders"]] == [version]
    assert [tag["name"] for tag in live["holders"][0]["tags"]] == ["v2"]
    assert hidden["deletion"]["deletion"] == deleted["deletion"]
    assert hidden["deletion"]["held_until"] == deleted["undo_until"]


def test_what_is_not_there_is_not_known(api: Api) -> None:
    """That is an answer, and no error; what is no digest is one."""
    why = api.get(f"{WHY}/{digest_of(b'never seen')}")
    assert (why["known"], why["places"], why["going"]) == (False, [], None)
    for text in ("sha256:0", "latest", "sha256"):
        assert_refused(api.client.get(f"{WHY}/{text}"), 400, "DIGEST_INVALID")
