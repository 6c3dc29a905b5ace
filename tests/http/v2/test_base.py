from __future__ import annotations

import httpx2
import pytest


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_api_is_there(client: httpx2.Client, path: str) -> None:
    """200, with the version that docker looks for, with and without the slash."""
    answer = client.get(path)

    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"


def test_the_registry_says_that_it_is_well(client: httpx2.Client) -> None:
    """/healthz, for those who watch it."""
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_people_are_told_what_this_is(client: httpx2.Client) -> None:
    """The address in a browser shows the first things to try."""
    answer = client.get("/")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "DELETE /v2/<name>" in answer.text
