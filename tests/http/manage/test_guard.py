"""What a page of another origin cannot have a browser do."""

from __future__ import annotations

import re

import httpx2
import pytest

from jettison.http.manage.guard import SAFE
from jettison.http.manage.routes import ROUTES
from tests.http.manage.api import DELETIONS, Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, index
from tests.support.server import JettisonServer

WRITES = sorted({re.sub(r"{\w+(:path)?}", "1", route.path) for route in ROUTES if route.method not in SAFE})
assert {route.method for route in ROUTES} <= {*SAFE, "POST"}, "these tests send nothing but POST"


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ],
)
def test_a_write_has_to_say_that_it_is_json(client: httpx2.Client, path: str, media_type: str | None) -> None:
    """415: what a form or a script may send anywhere without asking is not taken, with a body or without one."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    for content in (b"", b"{}", b'{"targets": [{"repository": "app"}]}'):
        error = assert_refused(client.post(path, content=content, headers=headers), 415, "UNSUPPORTED")
        assert "application/json" in error.message


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_json_may_be_said_in_many_ways(api: Api, media_type: str) -> None:
    """As media types may be written."""
    content = b'{"targets": [{"repository": "absent"}]}'
    answer = api.client.post(DELETIONS, content=content, headers={"Content-Type": media_type})
    assert_refused(answer, 404, "NAME_UNKNOWN")


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:1", "file://", "http://[::1]:5000"],
)
def test_a_page_of_another_origin_changes_nothing(api: Api, path: str, origin: str) -> None:
    """403, though everybody may do it who is not a page."""
    repository = Repository(api.client, "of-no-other-origin")
    repository.push(index(), "v1")
    body = {"targets": [{"repository": repository.name}]} if path == DELETIONS else {}

    assert_refused(api.post(path, body, Origin=origin), 403, "DENIED")

    assert repository.tags() == ["v1"]


def test_a_page_of_ours_may(api: Api, server: JettisonServer, repository: Repository) -> None:
    """Its origin is the host that was asked, by whatever name; a proxy before us may have ended TLS."""
    for origin in (server.url, f"https://{server.address}", server.url.upper()):
        repository.push(index(), "v1")
        answer = api.post(DELETIONS, {"targets": [{"repository": repository.name}]}, Origin=origin)
        assert answer.status_code == 201, answer.text


def test_a_page_of_the_host_that_is_configured_may(configured_client: httpx2.Client) -> None:
    """Where a proxy asks by another name, http.host says what people's browsers see."""
    api, repository = Api(configured_client), Repository(configured_client, "by-its-host")
    repository.push(index(), "v1")
    body = {"targets": [{"repository": repository.name}]}
    refused = api.post(DELETIONS, body, Origin="https://registry.example.com")
    assert_refused(refused, 403, "DENIED")

    assert api.post(DELETIONS, body, Origin="https://registry.example.com:8443").status_code == 201


def test_a_page_of_another_origin_may_ask(api: Api) -> None:
    """Reading changes nothing; its browser lets it see the answer only where http.headers say so."""
    for path in (DELETIONS, "/api/v1/sweep", "/api/openapi.json"):
        answer = api.client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
