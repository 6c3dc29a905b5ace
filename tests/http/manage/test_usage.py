"""Usage over HTTP."""

from __future__ import annotations

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository
from tests.support.server import JettisonServer

USAGE = "/api/v1/usage"


def test_the_parts_are_what_lies_on_the_disk(own: Api, own_server: JettisonServer) -> None:
    """Exclusive, shared, held by undo; the sum is that of the files."""
    for name in ("app", "team/app", "gone"):
        Repository(own.client, name).push_image(f"the layer of {name}", "v1")
    own.delete("gone")

    usage = own.get(USAGE)

    layers = len("the layer of app") + len("the layer of team/app")
    assert usage["bytes"] == {
        "exclusive": layers,
        "shared": len("{}"),
        "undo": len("the layer of gone"),
        "garbage": usage["bytes"]["garbage"],
        "uploads": 0,
        "total": usage["bytes"]["garbage"] + layers + len("{}the layer of gone"),
    }
    stored = sum(file.stat().st_size for file in (own_server.data / "blobs").rglob("*") if file.is_file())
    assert usage["bytes"]["total"] == stored
    assert [each["repository"] for each in usage["repositories"]] == ["app", "team/app"]


def test_one_repository_is_asked_by_its_name(own: Api) -> None:
    """Its slashes stand as they are, or escaped."""
    Repository(own.client, "team/app").push_image("layer", "v1", "v2")

    expected = {
        "repository": "team/app",
        "bytes": {"exclusive": len("layer{}"), "shared": 0},
        "tags": 2,
        "versions": 1,
    }
    assert own.get(f"{USAGE}/team/app") == own.get(f"{USAGE}/team%2Fapp") == expected
    assert own.get(USAGE)["repositories"] == [expected]


def test_a_repository_that_is_not_there_has_no_usage(api: Api) -> None:
    """404; what cannot be a name is 400."""
    assert_refused(api.client.get(f"{USAGE}/absent"), 404, "NAME_UNKNOWN")
    assert_refused(api.client.get(f"{USAGE}/Upper"), 400, "NAME_INVALID")
    assert_refused(api.client.get(f"{USAGE}/app/"), 400, "NAME_INVALID")
    assert_refused(api.client.get(f"{USAGE}/"), 404, "NAME_UNKNOWN")
