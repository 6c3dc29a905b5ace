"""The journal over HTTP: plan, delete, list, look, restore and purge."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.manage.api import DELETIONS, Api, target
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, index
from tests.support.server import JettisonServer

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").fullmatch

# ------------------------------------------------------------------------------------------------- planning, deleting


def test_a_dry_run_is_the_plan_and_changes_nothing(api: Api, repository: Repository) -> None:
    """200, with the plan as DELETE under /v2 has it, and its id."""
    repository.push_image("layer", "v1", "v2")

    plan = api.plan(f"{repository.name}:v1")

    said = api.client.delete(f"{repository.path}/manifests/v1", params={"dry_run": "true"}).json()
    assert plan == {**said, "plan_id": plan["plan_id"]}
    assert repository.tags() == ["v1", "v2"]
    assert api.get(DELETIONS, repository=repository.name)["deletions"] == []


def test_a_deletion_is_in_the_journal(api: Api, repository: Repository) -> None:
    """201 with its place there, and what the journal says of it is what was answered."""
    digest = repository.push_image("layer", "v1")
    plan = api.plan(f"{repository.name}@{digest}")

    answer = api.ask(targets=[target(f"{repository.name}@{digest}")], reason="leaked a secret")

    assert answer.status_code == 201
    deleted = answer.json()
    assert answer.headers["location"] == f"{DELETIONS}/{deleted['deletion']}"
    entry = api.get(answer.headers["location"])
    assert (entry["kind"], entry["state"], entry["repository"]) == ("manifest", "deleted", repository.name)
    assert (entry["reason"], entry["actor"]) == ("leaked a secret", "anonymous")
    assert entry["undo_until"] == deleted["undo_until"]
    assert TIME(entry["deleted_at"])
    assert entry["ended_at"] is None
    assert entry["plan"] == {key: plan[key] for key in plan.keys() - {"plan_id", "dry_run"}}
    assert repository.tags() == []


def test_many_targets_are_one_deletion(api: Api, repository: Repository, client: httpx2.Client) -> None:
    """A repository, a tag and a version, of several repositories: gone with the next request, and back as one."""
    others = [Repository(client, f"{repository.name}/{name}") for name in ("a", "b")]
    for each in (repository, *others):
        each.push_image(each.name, "v1", "v2")
    digest = others[1].push(index(), "v3")

    deleted = api.delete(f"{repository.name}:v1", others[0].name, f"{others[1].name}@{digest}")

    assert (deleted["kind"], deleted["tags"], deleted["versions"]) == ("many", 4, 2)
    assert [part["repository"] for part in deleted["repositories"]] == [repository.name, *(o.name for o in others)]
    assert [each.tags() for each in (repository, *others)] == [["v2"], [], ["v1", "v2"]]
    assert others[0].name not in catalog(client)

    assert api.restore(deleted["deletion"]).json() == {
        "deletion": deleted["deletion"],
        "tags": 4,
        "versions": 2,
        "left": [],
    }
    assert [each.tags() for each in (repository, *others)] == [["v1", "v2"], ["v1", "v2"], ["v1", "v2", "v3"]]


@pytest.mark.parametrize(
    ("bad", "code"),
    [(":absent", "MANIFEST_UNKNOWN"), (f"@sha256:{'0' * 64}", "MANIFEST_UNKNOWN"), ("/absent", "NAME_UNKNOWN")],
)
def test_one_bad_target_keeps_all_of_them(api: Api, repository: Repository, bad: str, code: str) -> None:
    """404 that names it, dry run or not; the others are as they were."""
    repository.push_image("layer", "v1", "v2")
    targets = [target(repository.name + each) for each in (":v1", bad, ":v2")]

    for dry_run in (True, False):
        error = assert_refused(api.ask(targets=targets, dry_run=dry_run), 404, code)
        assert error.detail["name"] in (repository.name, repository.name + bad)

    assert repository.tags() == ["v1", "v2"]
    assert api.get(DELETIONS, repository=repository.name)["deletions"] == []


def test_a_purge_at_once_cannot_be_undone(api: Api, repository: Repository) -> None:
    """The journal has it, as purged."""
    repository.push(index(), "v1")

    deleted = api.delete(repository.name, purge=True)

    assert deleted["undo_until"] is None
    assert api.get(f"{DELETIONS}/{deleted['deletion']}")["state"] == "purged"
    assert_refused(api.restore(deleted["deletion"]), 409, "DELETION_ENDED")
    assert repository.tags() == []


# ------------------------------------------------------------------------------------------------- what was confirmed


@pytest.mark.parametrize("whole", [True, False], ids=["the answer", "its plan_id"])
def test_what_was_shown_is_what_is_done(api: Api, repository: Repository, *, whole: bool) -> None:
    """The answer of a dry run sent back, or only its id: done, where nothing changed."""
    digest = repository.push_image("layer", "v1")
    for targets in ((f"{repository.name}@{digest}",), (repository.name, f"{repository.name}:v1")):
        repository.push_image("layer", "v1")
        plan = api.plan(*targets)

        api.delete(*targets, expect=plan if whole else plan["plan_id"])

        assert not repository.has(digest)


def test_what_changed_since_it_was_shown_is_told(api: Api, repository: Repository) -> None:
    """409 with each difference and the new plan, which can be confirmed in turn; nothing was done."""
    digest = repository.push_image("layer", "v1")
    named = f"{repository.name}@{digest}"
    plan = api.plan(named)
    repository.push_image("layer", "stable")

    error = assert_refused(api.ask(targets=[target(named)], expect=plan), 409, "PLAN_OUTDATED")

    assert error.detail["changed"] == [
        {"name": f"{repository.name}:stable", "shown": None, "now": f"goes with {digest}"}
    ]
    assert repository.tags() == ["stable", "v1"]
    by_id = assert_refused(api.ask(targets=[target(named)], expect=plan["plan_id"]), 409, "PLAN_OUTDATED")
    assert by_id.detail == {"changed": None, "plan": error.detail["plan"]}
    assert_refused(api.ask(targets=[target(named)], expect=plan, dry_run=True), 409, "PLAN_OUTDATED")
    api.delete(named, expect=error.detail["plan"]["plan_id"])
    assert repository.tags() == []


def test_the_plan_of_something_else_confirms_nothing(api: Api, repository: Repository) -> None:
    """What was shown for one tag does not delete another."""
    repository.push(index(), "v1", "v2")
    plan = api.plan(f"{repository.name}:v1")

    assert_refused(api.ask(targets=[target(f"{repository.name}:v2")], expect=plan), 409, "PLAN_OUTDATED")

    assert repository.tags() == ["v1", "v2"]


# -------------------------------------------------------------------------------------------------- undone, made final


def test_a_restored_deletion_has_ended(api: Api, repository: Repository) -> None:
    """Restoring or purging it again: 409 that says when it was restored, and what came back stays."""
    repository.push_image("layer", "v1")
    deletion = api.delete(repository.name)["deletion"]
    assert api.restore(deletion).status_code == 200

    for again in (api.restore, api.purge):
        error = assert_refused(again(deletion), 409, "DELETION_ENDED")
        assert "was restored at" in error.message
        assert error.detail == {"deletion": deletion, "state": "restored"}

    assert repository.tags() == ["v1"]
    entry = api.get(f"{DELETIONS}/{deletion}")
    assert (entry["state"], entry["undo_until"]) == ("restored", None)
    assert TIME(entry["ended_at"])


def test_a_purged_deletion_has_ended(api: Api, repository: Repository) -> None:
    """The answer is its entry; restoring or purging it again is 409."""
    repository.push_image("layer", "v1")
    deletion = api.delete(repository.name)["deletion"]

    answer = api.purge(deletion)

    assert answer.status_code == 200
    assert answer.json() == api.get(f"{DELETIONS}/{deletion}")
    assert answer.json()["state"] == "purged"
    for again in (api.restore, api.purge):
        assert "was purged at" in assert_refused(again(deletion), 409, "DELETION_ENDED").message
    assert repository.tags() == []


def test_an_unknown_deletion_is_none(api: Api) -> None:
    """404, whatever is asked of it."""
    for answer in (api.client.get(f"{DELETIONS}/999999"), api.restore(999999), api.purge(999999)):
        assert_refused(answer, 404, "DELETION_UNKNOWN")


@pytest.mark.slow
def test_an_expired_deletion_has_ended() -> None:
    """Its time is over: 409 that says until when it could be undone, before and after a sweep found it."""
    with JettisonServer(config={"jettison": {"deletions": {"undo": "1s"}}}) as server, open_client(server) as client:
        api, repository = Api(client), Repository(client, "app")
        repository.push_image("layer", "v1")
        deletion = api.delete("app")["deletion"]
        time.sleep(1.1)

        for _ in range(2):
            for act in (api.restore, api.purge):
                assert "could be undone until" in assert_refused(act(deletion), 409, "DELETION_ENDED").message
            assert api.post("/api/v1/sweep").status_code in (200, 202)
        assert api.get(f"{DELETIONS}/{deletion}")["state"] == "expired"
        assert repository.tags() == []


def test_a_tag_that_was_pushed_since_is_left(api: Api, repository: Repository) -> None:
    """It is named with what it points at and pointed at; all else is back. With nothing to come back: 409."""
    old = repository.push_image("old", "latest", "v1")
    deletion = api.delete(repository.name)["deletion"]
    new = repository.push_image("new", "latest")

    restored = api.restore(deletion).json()

    left = {"repository": repository.name, "tag": "latest", "now": new, "deleted": old}
    assert restored["left"] == [left]
    assert repository.tags() == ["latest", "v1"]
    assert repository.has(old)

    deletion = api.delete(f"{repository.name}:latest")["deletion"]
    repository.push_image("newest", "latest")
    assert "pushed again" in assert_refused(api.restore(deletion), 409, "DELETION_ENDED").message


def test_nothing_is_taken_by_a_restore_or_a_purge(api: Api, repository: Repository) -> None:
    """A dry run that is not known must not purge: 400. The body is an empty object and nothing else."""
    repository.push(index(), "v1", "v2", "v3")
    deletion = api.delete(f"{repository.name}:v1")["deletion"]
    for act in ("restore", "purge"):
        bodies: list[Any] = [{"dry_run": True}, {"x": 1}, [], "x", 0, True]
        for body in bodies:
            assert_refused(api.post(f"{DELETIONS}/{deletion}/{act}", body), 400, "UNSUPPORTED")
        assert_refused(api.post(f"{DELETIONS}/{deletion}/{act}?dry_run=true"), 400, "UNSUPPORTED")
        headers = {"Content-Type": "application/json"}
        bare = assert_refused(api.client.post(f"{DELETIONS}/{deletion}/{act}", headers=headers), 400, "UNSUPPORTED")
        assert "{} where there is nothing to say" in bare.message
    assert api.get(f"{DELETIONS}/{deletion}")["state"] == "deleted"


# ------------------------------------------------------------------------------------------------------------- journal


def pages(api: Api, **parameters: Any) -> list[list[dict[str, Any]]]:
    """The journal, by pages, following the links."""
    found, path = [], f"{DELETIONS}?{httpx2.QueryParams(parameters)}"
    while path:
        page = api.get(path)
        assert page.keys() == {"deletions", "next"}
        found.append(page["deletions"])
        path = page["next"]
    return found


def test_the_journal_comes_in_pages(api: Api, repository: Repository) -> None:
    """The newest first, as many as asked for, with the path of the next page, filters kept."""
    repository.push(index(), "a", "b", "c", "d", "e")
    made = [api.delete(f"{repository.name}:{tag}")["deletion"] for tag in "abcde"]

    found = pages(api, repository=repository.name, limit=2, state="deleted")

    assert [[entry["deletion"] for entry in page] for page in found] == [made[:2:-1], made[2:0:-1], made[:1]]
    assert [len(page) for page in pages(api, repository=repository.name)] == [5]
    before = api.get(DELETIONS, repository=repository.name, before=made[1])["deletions"]
    assert [entry["deletion"] for entry in before] == made[:1]


def test_the_journal_lists_numbers_and_not_plans(api: Api, repository: Repository) -> None:
    """A page stays small, however large the deletions were."""
    digest = repository.push_image("the only layer of it", "v1", "v2")
    deleted = api.delete(f"{repository.name}@{digest}")

    [[entry]] = pages(api, repository=repository.name)

    assert (entry["tags"], entry["versions"], entry["bytes"]) == (2, 1, deleted["bytes"])
    assert "plan" not in entry
    whole = api.get(f"{DELETIONS}/{entry['deletion']}")
    assert {**entry, "plan": whole["plan"]} == {
        **whole,
        **{key: whole["plan"][key] for key in ("tags", "versions", "bytes")},
    }


def test_the_journal_is_filtered_by_state(api: Api, repository: Repository) -> None:
    """Deleted, restored, purged; an empty page where none is."""
    repository.push(index(), "a", "b", "c")
    made = {tag: api.delete(f"{repository.name}:{tag}")["deletion"] for tag in "abc"}
    api.restore(made["a"])
    api.purge(made["b"])

    for state, tag in (("restored", "a"), ("purged", "b"), ("deleted", "c")):
        [page] = pages(api, repository=repository.name, state=state)
        assert [(entry["deletion"], entry["state"]) for entry in page] == [(made[tag], state)]
    assert pages(api, repository=repository.name, state="expired") == [[]]


def test_a_next_page_is_on_the_host_that_is_configured(configured_client: httpx2.Client) -> None:
    """As Location and Link are; no header of a request decides where clients go."""
    repository, api = Repository(configured_client, "next-page"), Api(configured_client)
    repository.push(index(), "a", "b")
    for tag in "ab":
        api.delete(f"next-page:{tag}")

    page = api.get(DELETIONS, limit=1)

    assert page["next"].startswith("https://registry.example.com:8443/api/v1/deletions?limit=1&before=")


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1.5", "before=0", "before=x", "state=gone"),
        *("state=", "before=9223372036854775808", "limit=1&limit=2", "page=2", "Limit=1", "limit", "state=null"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(api: Api, query: str) -> None:
    """400 that names the parameter; it is never passed over."""
    error = assert_refused(api.client.get(f"{DELETIONS}?{query}"), 400, "UNSUPPORTED")
    assert query.partition("=")[0] in error.message


def test_a_repository_that_cannot_be_is_refused(api: Api) -> None:
    """In the words of the names themselves."""
    assert_refused(api.client.get(f"{DELETIONS}?repository=Upper"), 400, "NAME_INVALID")
