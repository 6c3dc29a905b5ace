"""Repositories over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository

REPOSITORIES = "/api/v1/repositories"


def until(look: Callable[[], Any]) -> Any:
    """What it finds, once that is something: the server counts every two seconds."""
    patience = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < patience, "it was not counted"
        time.sleep(0.1)
    return found


def test_repositories_are_searched_sorted_and_paged(own: Api) -> None:
    """The path of the next page leads through all of them, in the order asked for."""
    for number, name in enumerate(("team/a", "team/b", "team/c", "other")):
        Repository(own.client, name).push_image(f"{'x' * 10 * number} of {name}", "v1")
    for name in ("team/a", "team/b", "team/c"):
        until(lambda name=name: own.get(f"{REPOSITORIES}/{name}")["counted_at"])  # type: ignore[misc]

    first = own.get(REPOSITORIES, search="TEAM", sort="exclusive", limit=2)
    second = own.get(first["next"])

    assert [each["repository"] for each in first["repositories"]] == ["team/c", "team/b"]
    assert [each["repository"] for each in second["repositories"]] == ["team/a"]
    assert (first["total"], second["next"]) == (3, None)
    found = first["repositories"][0]
    assert (found["versions"], found["tags"]) == (1, 1)
    assert found["bytes"] == {"exclusive": len(f"{'x' * 20} of team/c"), "shared": len("{}")}
    assert own.get(f"{REPOSITORIES}/team%2Fc") == found


def test_a_repository_is_there_at_once(api: Api, repository: Repository) -> None:
    """Before anything of it is counted, and gone once it is deleted."""
    repository.push_image("layer", "v1")
    assert api.get(REPOSITORIES, search=repository.name)["total"] == 1
    api.delete(repository.name)
    assert api.get(REPOSITORIES, search=repository.name)["repositories"] == []
    assert_refused(api.client.get(f"{REPOSITORIES}/{repository.name}"), 404, "NAME_UNKNOWN")


def test_what_is_misspelled_is_refused(api: Api) -> None:
    """Parameters, orders, places."""
    for query in ("serch=a", "sort=size", "limit=0", "descending=perhaps"):
        assert api.client.get(f"{REPOSITORIES}?{query}").status_code == 400
    assert_refused(api.client.get(f"{REPOSITORIES}?after=x"), 400, "PAGINATION_NUMBER_INVALID")
