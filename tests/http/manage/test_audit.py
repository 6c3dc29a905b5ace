from __future__ import annotations

import re

import pytest

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository

PATH = "/api/v1/audit"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").fullmatch


def test_a_push_and_a_deletion_are_in_the_log(api: Api, repository: Repository) -> None:
    """Who, from where, what, with what result, by which request, when."""
    digest = repository.push_image("layer", "v1")
    deleted = api.client.delete(f"{repository.path}/manifests/v1", headers={"x-request-id": "of-the-deletion"})
    assert deleted.status_code == 202

    gone, pushed = api.get(PATH, repository=repository.name)["audit"]

    assert TIME(pushed.pop("at"))
    assert pushed.pop("id") < gone["id"]
    assert pushed.pop("request") != gone["request"] == "of-the-deletion"
    assert pushed == {
        "kind": "everyone",
        "who": "",
        "address": "127.0.0.1",
        "action": "push",
        "repositories": [repository.name],
        "target": "v1",
        "result": "done",
        "detail": {"digest": digest, "tags": ["v1"]},
    }
    assert (gone["action"], gone["target"]) == ("delete", str(deleted.json()["deletion"]))


def test_restoring_and_purging_are_in_the_log(api: Api, repository: Repository) -> None:
    """With the number of the deletion."""
    for tag in ("v1", "v2"):
        repository.push_image(f"layer of {tag}", tag)
    first, second = (api.delete(f"{repository.name}:{tag}")["deletion"] for tag in ("v1", "v2"))
    assert api.restore(first).status_code == 200
    assert api.purge(second).status_code == 200

    lines = api.get(PATH, repository=repository.name)["audit"]

    assert [(each["action"], each["target"]) for each in lines[:2]] == [("purge", str(second)), ("restore", str(first))]
    assert {each["address"] for each in lines} == {"127.0.0.1"}


def test_a_sweep_that_somebody_asks_for_is_in_the_log(own: Api) -> None:
    """Those that the server does by itself are in `GET /api/v1/sweep`."""
    assert own.post("/api/v1/sweep", {}, **{"x-request-id": "mine"}).status_code == 200
    [line] = own.get(PATH, action="sweep", limit=1)["audit"]
    assert (line["request"], line["repositories"], line["target"]) == ("mine", [], "")
    assert set(line["detail"]) == {"deletions", "links", "blobs", "uploads", "files", "bytes"}


def test_what_is_refused_is_not_told_as_done(api: Api, repository: Repository) -> None:
    """The line is part of what it tells of."""
    repository.push_image("layer", "v1")
    assert api.ask(targets=[{"repository": repository.name, "tag": "nothing"}]).status_code == 404
    assert [each["action"] for each in api.get(PATH, repository=repository.name)["audit"]] == ["push"]


def test_a_dry_run_is_not_told(api: Api, repository: Repository) -> None:
    """Nothing happened."""
    repository.push_image("layer", "v1")
    api.plan(f"{repository.name}:v1")
    assert [each["action"] for each in api.get(PATH, repository=repository.name)["audit"]] == ["push"]


def test_pages_lead_to_one_another(api: Api, repository: Repository) -> None:
    """With the same filters, until there is no more."""
    for number in range(5):
        repository.push_image("layer", f"v{number}")
    path, seen = f"{PATH}?repository={repository.name}&action=push&limit=2", []
    while path:
        page = api.get(path)
        seen.append([each["target"] for each in page["audit"]])
        path = page["next"]
    assert seen == [["v4", "v3"], ["v2", "v1"], ["v0"]]


def test_times_choose_lines(api: Api, repository: Repository) -> None:
    """In any offset, and the end is not part of it."""
    repository.push_image("layer", "v1")
    [line] = api.get(PATH, repository=repository.name)["audit"]
    for parameters, number in (
        ({"since": line["at"]}, 1),
        ({"until": line["at"]}, 0),
        ({"since": line["at"].replace("Z", "-01:00")}, 0),
        ({"since": line["at"].replace("Z", "+01:00"), "until": "2999-01-01T00:00:00Z"}, 1),
    ):
        assert len(api.get(PATH, repository=repository.name, **parameters)["audit"]) == number, parameters


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("action=pushed", "UNSUPPORTED"),
        ("since=yesterday", "UNSUPPORTED"),
        ("since=2026-11-24T14:15:53", "UNSUPPORTED"),
        ("until=2026-13-24T14:15:53Z", "UNSUPPORTED"),
        ("limit=0", "UNSUPPORTED"),
        ("limit=1001", "UNSUPPORTED"),
        ("before=0", "UNSUPPORTED"),
        ("repository=UPPER", "NAME_INVALID"),
        ("who=a&who=b", "UNSUPPORTED"),
        ("name=app", "UNSUPPORTED"),
    ],
)
def test_what_is_misspelled_is_refused(api: Api, query: str, code: str) -> None:
    """And never passed over: an auditor would take what is shown for all there is."""
    assert_refused(api.client.get(f"{PATH}?{query}"), 400, code)


def test_the_log_cannot_be_changed(api: Api) -> None:
    """There is no request that does."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert api.client.request(method, PATH, json={}).status_code == 405
