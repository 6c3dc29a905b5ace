"""The API as a whole: its paths and methods, what describes it, and how its answers are like all others."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx2
import pytest
import schemathesis

from jettison.http.manage import routes
from jettison.http.manage.routes import ROUTES, Route
from jettison.registry.access import Action
from tests.http.conftest import Connect, open_client
from tests.http.manage.api import DELETIONS, Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, index
from tests.support.server import JettisonServer

DESCRIPTION = "/api/openapi.json"


@pytest.fixture(scope="module")
def described(server: JettisonServer) -> dict[str, Any]:
    """The description, as it is served."""
    with open_client(server) as client:
        document: dict[str, Any] = client.get(DESCRIPTION).json()
        return document


def operation(described: dict[str, Any], route: Route) -> dict[str, Any]:
    """What is described of a route."""
    found: dict[str, Any] = described["paths"][route.path.replace(":path", "")][route.method.lower()]
    return found


# --------------------------------------------------------------------------------------------------------- description


@pytest.mark.slow
def test_the_description_is_valid(described: dict[str, Any]) -> None:
    """OpenAPI 3.1, by its own schema."""
    assert described["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(described).validate()


def test_every_route_is_described(described: dict[str, Any]) -> None:
    """All in the table, and nothing that is not."""
    operations = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert operations == {(route.method, route.path.replace(":path", "")) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_is_described_with_its_answers(described: dict[str, Any], route: Route) -> None:
    """Each status with the form of its body, refusals too; a description without FastAPI's own refusal, 422."""
    responses = operation(described, route)["responses"]

    assert set(responses) == {str(status) for status in (*route.answers, *route.refusals)}
    for status, response in responses.items():
        form = response["content"]["application/json"]["schema"]
        assert form, f"{status} has no form"
        if int(status) >= 400:
            assert form == {"$ref": "#/components/schemas/Refusals"}
    assert operation(described, route)["operationId"] == route.name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_handler_says_what_it_needs(described: dict[str, Any], route: Route) -> None:
    """In its first line, and in the description; what changes something needs more than to pull.

    But for one's own password, with the current one, and the first administrator, with the code that was printed.
    """
    first = (route.handler.__doc__ or "").splitlines()[0]
    needs = "the catalog" if route.needs is Action.CATALOG else route.needs.value
    assert first.startswith(f"Needs {needs}. ")
    assert operation(described, route)["description"] == f"Needs {needs}."
    if route.method != "GET":
        assert route.needs in (Action.DELETE, Action.ADMIN) or route.name in ("me_post_password", "setup_post")
        assert {403, 413, 415} <= set(route.refusals)


def test_the_description_refers_to_nothing_elsewhere(described: dict[str, Any]) -> None:
    """No server but the one that was asked, and no link."""
    assert "servers" not in described
    assert "://" not in json.dumps(described)


@pytest.mark.parametrize("path", ["/api/docs", "/docs", "/redoc", "/api/redoc", "/openapi.json"])
def test_there_is_no_page_for_it(client: httpx2.Client, path: str) -> None:
    """The framework's own pages fetch what they need from other hosts."""
    assert client.get(path).status_code == 404


def test_every_refusal_of_the_table_is_told() -> None:
    """Each status in words."""
    assert {status for route in ROUTES for status in route.refusals} == set(routes.REFUSALS)


# --------------------------------------------------------------------------------------------------- paths and methods


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/deletions",
            "/api/v1/deletions/",
            "/api/v1/deletions//",
            "/api/v1/x",
        ),
        *("/api/v1/deletions/1/", "/api/v1/deletions/1/undo", "/api/v1/deletions/1/restore/", "/api/v1/why/"),
        *("/api/v1/why/a/b", "/api/v1/usage/", "/api//v1/deletions", "/api/v1/Deletions"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_path_that_is_none_is_refused(client: httpx2.Client, method: str, path: str) -> None:
    """404 that says where the API is described; never a redirect, which would follow the request's own Host."""
    answer = client.request(method, path, headers={"Content-Type": "application/json"})
    error = assert_refused(answer, 404, "NAME_UNKNOWN")
    assert DESCRIPTION in error.message


def test_outside_of_it_nothing_changed(client: httpx2.Client) -> None:
    """/api itself and names that begin so are no paths of it."""
    for path in ("/api", "/apis/v1", "/API/v1/deletions"):
        assert DESCRIPTION not in assert_refused(client.get(path), 404, "NAME_UNKNOWN").message
    repository = Repository(client, "api/v1/deletions")
    repository.push(index(), "v1")
    assert repository.tags() == ["v1"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_other_methods_are_refused_with_those_there_are(client: httpx2.Client, route: Route) -> None:
    """405 with Allow, for every method that the path has not; OPTIONS tells the same."""
    path = re.sub(r"{\w+(:path)?}", "1", route.path)
    taken = {each.method for each in ROUTES if each.path == route.path}
    allowed = taken | {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())

    told = client.options(path)
    assert told.status_code == 200
    assert set(told.headers["allow"].split(", ")) == allowed
    for method in {"GET", "PUT", "PATCH", "POST", "DELETE", "TRACE", "BREW"} - allowed:
        answer = client.request(method, path)
        assert_refused(answer, 405, "UNSUPPORTED")
        assert set(answer.headers["allow"].split(", ")) == allowed


def test_a_head_is_a_get_without_its_body(client: httpx2.Client) -> None:
    """Same status, same headers."""
    for path in (
        DELETIONS,
        "/api/v1/sweep",
        "/api/v1/usage",
        f"{DELETIONS}/999999",
        f"{DELETIONS}?limit=x",
        DESCRIPTION,
    ):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-type"] == whole.headers["content-type"] == "application/json"


def test_answers_have_the_headers_of_all_others(configured_client: httpx2.Client) -> None:
    """Those that are configured, and our own."""
    own = {"content-type", "content-length", "date"}
    common = {item for item in configured_client.get("/v2/").headers.multi_items() if item[0] not in own}
    assert {name for name, _ in common} >= {"access-control-allow-origin", "x-content-type-options", "server"}
    for path in (DELETIONS, DESCRIPTION, f"{DELETIONS}/0", "/api/none"):
        answer = configured_client.get(path)
        assert {item for item in answer.headers.multi_items() if item[0] not in own} == common
        assert answer.headers.get_list("content-length") == [str(len(answer.content))]


def test_requests_are_in_the_access_log(client: httpx2.Client, server: JettisonServer) -> None:
    """As all others are."""
    client.get(f"{DELETIONS}/424242")
    deadline = time.monotonic() + 5
    while not re.search(rf"method=GET path={DELETIONS}/424242 status=404 ", server.log):
        assert time.monotonic() < deadline, "the log does not tell of it"
        time.sleep(0.01)


def test_a_connection_goes_on_after_a_refusal(connect: Connect) -> None:
    """A body that nobody read does not become the next request."""
    body = b'{"targets": [{"repository": "absent"}]}'
    with connect() as connection:
        for headers, status in (
            (["Content-Type: text/plain"], 415),
            (["Content-Type: application/json", "Origin: null"], 403),
            (["Content-Type: application/json"], 404),
        ):
            assert connection.ask("POST", DELETIONS, *headers, body=body).status == status
        assert connection.ask("GET", DELETIONS).status == 200


# ------------------------------------------------------------------------------------------------ deletion that is off


@pytest.mark.slow
def test_where_deletion_is_off_nothing_goes() -> None:
    """405 with how to turn it on, for planning, deleting and purging; what was deleted before can come back."""
    with JettisonServer() as server, open_client(server) as client:
        Repository(client, "app").push(index(), "v1", "v2")
        deletion = Api(client).delete("app:v1")["deletion"]
        server.stop()
        with (
            JettisonServer(server.data, config={"storage": {"delete": {"enabled": False}}}) as off,
            open_client(off) as other,
        ):
            api = Api(other)
            wanted = {"targets": [{"repository": "app"}]}
            for answer in (api.ask(**wanted), api.ask(**wanted, dry_run=True), api.purge(deletion)):
                error = assert_refused(answer, 405, "UNSUPPORTED")
                assert "storage.delete.enabled" in error.message
                assert answer.headers["allow"]
            assert [entry["deletion"] for entry in api.get(DELETIONS)["deletions"]] == [deletion]

            assert api.restore(deletion).status_code == 200

            assert Repository(other, "app").tags() == ["v1", "v2"]
