from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx2
import pytest

from jettison.http import routes as specification
from jettison.http.door import gate
from jettison.http.door.door import Door
from jettison.http.edge import Edge
from jettison.http.limits import Limits
from jettison.http.manage import routes as management
from jettison.http.request import Request
from jettison.oci.errors import Denied, NameInvalid, RegistryError, Unauthorized
from jettison.registry.access import ANONYMOUS, EVERYONE, Action, Caller, Kind, grant
from tests.http.door.conftest import ByFile
from tests.http.refusal import assert_refused
from tests.support.server import JettisonServer

AnyRoute = specification.Route | management.Route
ROUTES: list[AnyRoute] = [*specification.ROUTES, *management.ROUTES]
NEEDS = {
    Action.NOTHING: "Needs nothing.",
    Action.CATALOG: "Needs the catalog.",
    Action.PULL: "Needs pull.",
    Action.PUSH: "Needs push.",
    Action.DELETE: "Needs delete.",
    Action.ADMIN: "Needs admin.",
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_handlers_first_words_say_what_its_route_needs(route: AnyRoute) -> None:
    """The table decides, and whoever reads the handler learns the same."""
    assert inspect.cleandoc(route.handler.__doc__ or "").startswith(NEEDS[route.needs])


@pytest.mark.parametrize("table", [specification.Route, management.Route], ids=["v2", "api"])
def test_a_route_cannot_be_made_without_what_it_needs(table: Callable[..., Any]) -> None:
    """There is no default: forgetting it is an error."""
    parameter = inspect.signature(table).parameters["needs"]
    assert parameter.default is inspect.Parameter.empty


def test_what_needs_nothing_is_on_a_list() -> None:
    """A new route that anybody may ask is a decision, made here too."""
    assert sorted({f"{route.method} {route.path}" for route in ROUTES if route.needs is Action.NOTHING}) == [
        "GET /",
        "GET /api/v1/me",
        "GET /healthz",
        "GET /token",
        "GET /token/keys",
        "GET /v2/",
        "POST /api/v1/me/password",
        "POST /api/v1/setup",
        "POST /token",
    ]


def example(path: str) -> str:
    """A path of a route."""
    for part, value in {
        "{name}": "ann" if path.startswith("/api/") else "a/b",
        "{repository:path}": "a/b",
        "{reference}": "v1",
        "{digest}": f"sha256:{'0' * 64}",
        "{id}": "1",
    }.items():
        path = path.replace(part, value)
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.needs is not Action.NOTHING],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_nobody_comes_in_who_is_nobody(by_file: ByFile, route: AnyRoute) -> None:
    """Every route that needs something, by HEAD as by GET, with a body or without."""
    for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
        answer = by_file.client.request(method, example(route.path), headers={"Content-Type": "application/json"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        if method != "HEAD":
            assert_refused(answer, 401, "UNAUTHORIZED")


def test_the_table_of_methods_is_open(by_file: ByFile) -> None:
    """OPTIONS tells what any client can read here; a browser asks it without a password, before it asks anything."""
    for route in ROUTES:
        assert by_file.client.options(example(route.path)).status_code == 200


def test_without_a_door_everybody_may_do_everything(server: JettisonServer) -> None:
    """And nobody is asked, whatever they show."""
    for headers in ({}, {"Authorization": "Basic !"}, {"Authorization": "Bearer x"}):
        assert httpx2.get(f"{server.url}/v2/_catalog", headers=headers, trust_env=False).status_code == 200


# ------------------------------------------------------------------------------------------------------ the gate alone


class _Edge:
    """What of an edge the gate looks at."""

    def __init__(self, door: Door | None) -> None:
        self.door = door
        self.limits = Limits()


def refused(
    caller: Caller, needs: Action, name: str | None, route: str = "/x", door: Door | None = None
) -> RegistryError | None:
    """Why that caller may not, or None."""

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is read")

    scope: dict[str, Any] = {"method": "GET", "http_version": "1.1", "headers": []}
    request = Request(cast(Edge, _Edge(door or Door("a"))), scope, receive)
    request.caller, request.needs, request.route = caller, needs, route
    try:
        asyncio.run(gate.check(request, name))
    except RegistryError as error:
        return error
    return None


def user(*actions: Action, on: str | None = None) -> Caller:
    """One with these grants."""
    return Caller(Kind.USER, "ann", (grant(actions, on),))


def pairs() -> Iterator[tuple[Action, Action]]:
    """What is granted, and what is needed."""
    for granted in (Action.PULL, Action.PUSH, Action.DELETE, Action.ADMIN):
        for needs in (Action.PULL, Action.PUSH, Action.DELETE, Action.ADMIN):
            yield granted, needs


@pytest.mark.parametrize(("granted", "needs"), list(pairs()))
def test_an_action_allows_itself_and_administration_all(granted: Action, needs: Action) -> None:
    """On the repositories of its pattern; on none else, and not on the registry."""
    fits = granted in (needs, Action.ADMIN)
    caller = user(granted, on="team/**")
    assert (refused(caller, needs, "team/a") is None) == fits
    assert isinstance(refused(caller, needs, "other"), Denied)
    # Where no repository is in the path, whoever may somewhere goes on: the rules ask for each that it turns out to be.
    assert (refused(caller, needs, None) is None) == (fits and needs is not Action.ADMIN)
    assert (refused(user(granted), needs, None) is None) == fits


def test_who_says_nothing_is_asked_to_sign_in_and_others_are_refused() -> None:
    """401 and 403: another name helps the one, and not the other."""
    assert isinstance(refused(ANONYMOUS, Action.PULL, "a"), Unauthorized)
    assert isinstance(refused(ANONYMOUS, Action.ADMIN, None), Unauthorized)
    assert isinstance(refused(ANONYMOUS, Action.CATALOG, None), Unauthorized)
    assert isinstance(refused(user(Action.PULL, on="b"), Action.PULL, "a"), Denied)
    assert refused(ANONYMOUS, Action.NOTHING, None) is None
    assert refused(EVERYONE, Action.ADMIN, None) is None


def test_v2_itself_is_for_who_has_signed_in() -> None:
    """Whatever is granted to everybody: clients learn there that there is something to sign in to."""
    everybody = Caller(Kind.ANONYMOUS, grants=(grant([Action.PULL]),))
    assert isinstance(refused(everybody, Action.NOTHING, None, gate.ENTRY), Unauthorized)
    assert refused(user(), Action.NOTHING, None, gate.ENTRY) is None


@pytest.mark.parametrize("name", ["A", "a//b", "../a", "team/..", "team/a\n", ""])
def test_what_is_no_name_is_refused_as_none(name: str) -> None:
    """Unless it may be done everywhere: then its handler says so, and what was meant."""
    assert isinstance(refused(user(Action.PULL, on="a"), Action.PULL, name), NameInvalid)
    assert refused(user(Action.PULL), Action.PULL, name) is None
