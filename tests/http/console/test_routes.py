from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from jettison.http.console import access
from jettison.http.console.routes import ROUTES, Route, find
from jettison.http.manage.routes import ROUTES as API
from jettison.registry.access import Action
from tests.http.console.surfer import Surfer
from tests.http.door.test_gate import NEEDS
from tests.support.accounts import PASSWORD
from tests.support.parts import ROOT
from tests.support.server import JettisonServer

DOCS = ROOT / "docs" / "console.md"
TEMPLATES = Path(inspect.getfile(access)).parent / "templates"

SAME = {
    "POST /console/space/sweep": "POST /api/v1/sweep",
    "POST /console/deleting": "POST /api/v1/deletions",
    "POST /console/trash/{id}/restore": "POST /api/v1/deletions/{id}/restore",
    "POST /console/trash/{id}/purge": "POST /api/v1/deletions/{id}/purge",
    "POST /console/password": "POST /api/v1/me/password",
    "POST /console/setup": "POST /api/v1/setup",
}
"""What the page does, and the request by which a program does the same."""

OF_PAGES_ALONE = {"POST /console/sign-in", "POST /console/sign-out"}
"""A session is of the console alone: programs send a password or a token with each request."""

ADMINISTRATION = {
    "add-user": "POST /api/v1/users",
    "user-password": "POST /api/v1/users/{name}/password",
    "disable-user": "POST /api/v1/users/{name}/disable",
    "enable-user": "POST /api/v1/users/{name}/enable",
    "remove-user": "POST /api/v1/users/{name}/remove",
    "add-robot": "POST /api/v1/robots",
    "revoke-robot": "POST /api/v1/robots/{name}/revoke",
    "add-group": "POST /api/v1/groups",
    "remove-group": "POST /api/v1/groups/{name}/remove",
    "join": "POST /api/v1/groups/{name}/join",
    "leave": "POST /api/v1/groups/{name}/leave",
    "grant": "POST /api/v1/grants",
    "take": "POST /api/v1/grants/revoke",
}
"""The same of each form of the page Access."""


def called(route: Route) -> str:
    """Its method and path."""
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=called)
def test_a_handlers_first_words_say_what_its_route_needs(route: Route) -> None:
    """The table decides, and whoever reads the handler learns the same."""
    assert inspect.cleandoc(route.handler.__doc__ or "").startswith(NEEDS[route.needs])


def test_a_route_cannot_be_made_without_what_it_needs() -> None:
    """There is no default: forgetting it is an error."""
    assert inspect.signature(Route).parameters["needs"].default is inspect.Parameter.empty


def test_what_needs_nothing_is_on_a_list() -> None:
    """A new page that anybody may ask is a decision, made here too."""
    assert sorted(called(route) for route in ROUTES if route.needs is Action.NOTHING) == [
        "GET /console/password",
        "GET /console/setup",
        "GET /console/sign-in",
        "POST /console/password",
        "POST /console/setup",
        "POST /console/sign-in",
        "POST /console/sign-out",
    ]


def test_what_changes_something_is_a_post_that_says_so() -> None:
    """Pages are read by GET; a POST is refused where the registry is read only, but for signing in and out."""
    assert {route.method for route in ROUTES} == {"GET", "POST"}
    assert {called(route) for route in ROUTES if route.method == "POST" and not route.writes} == OF_PAGES_ALONE
    assert not [route for route in ROUTES if route.method == "GET" and route.writes]


def test_nothing_that_the_page_does_is_missing_from_the_api() -> None:
    """Each form has its request; whoever adds one adds the other."""
    api = {f"{route.method} {route.path}" for route in API}
    posts = {called(route) for route in ROUTES if route.method == "POST"} - OF_PAGES_ALONE
    assert posts == SAME.keys() | {"POST /console/access"}
    assert set(access.DEEDS) == ADMINISTRATION.keys()
    assert {*SAME.values(), *ADMINISTRATION.values()} <= api


def test_every_deed_of_access_has_its_form() -> None:
    """And every form a deed."""
    template = (TEMPLATES / "access.html").read_text()
    said = re.findall(r"to_do\('([a-z-]+)'|name=\"do\" value=\"([a-z-]+)\"", template)
    assert {one or other for one, other in said} == access.DEEDS.keys()


def example(route: Route) -> str:
    """A path of a route."""
    path = route.path.replace("{name}", "team/app").replace("{digest}", f"sha256:{'0' * 64}").replace("{id}", "1")
    assert find(path) is not None
    return path


@pytest.mark.parametrize("route", [route for route in ROUTES if route.needs is not Action.NOTHING], ids=called)
def test_nobody_comes_in_who_is_nobody(visitor: Surfer, route: Route) -> None:
    """Whoever asks for a page is sent to where one signs in; a form is refused."""
    path = example(route)
    if route.method == "GET":
        for answer in (visitor.get(path, follow=False).answer, visitor.client.head(path)):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/console/sign-in?next=")
            assert answer.headers["cache-control"] == "no-store"
    else:
        page = visitor.get("/console/sign-in").form("/console/sign-in")
        answer = visitor.client.post(path, data=dict(page.fields), headers={"Origin": visitor.origin})
        assert answer.status_code == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=called)
def test_a_form_that_no_page_of_ours_gave_is_refused(root: Surfer, route: Route) -> None:
    """Without Origin, of another one, or without the seal of this session: whoever is signed in, nothing is done."""
    seal = dict(root.get("/console/space").form("/console/sign-out").fields)["seal"]
    other = Surfer(root.origin)
    with other.client:
        foreign = dict(other.get("/console/sign-in").form("/console/sign-in").fields)["seal"]
    path, own = example(route), {"Origin": root.origin}
    for headers, data in (
        ({}, {"seal": seal}),
        ({"Origin": "https://elsewhere.example"}, {"seal": seal}),
        ({"Origin": "null"}, {"seal": seal}),
        (own, {"typed": ""}),
        (own, {"seal": foreign}),
        (own, {"seal": ""}),
    ):
        answer = root.client.post(path, data=data, headers=headers)
        assert answer.status_code == 403, (headers, data)
    assert root.client.post(path, json={"seal": seal}, headers=own).status_code == 415
    assert root.get("/console/access").answer.url.path == "/console/access", "still signed in"


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=called)
def test_get_changes_nothing(root: Surfer, guarded: JettisonServer, route: Route) -> None:
    """What a form does is not done by an address, with the same fields in it."""
    seal = dict(root.get("/console/space").form("/console/sign-out").fields)["seal"]
    answer = root.client.get(example(route), params={"seal": seal, "do": "remove-user", "name": "dev", "t": "team/app"})
    assert answer.status_code in (200, 303, 403, 404, 405, 409)
    if answer.status_code == 405:
        assert "POST" in answer.headers["allow"]
    after = root.get("/console/access")
    assert after.answer.url.path == "/console/access", "still signed in"
    assert ">dev" in after.text


def test_where_nobody_signs_in_nobody_makes_accounts(surfer: Surfer) -> None:
    """Whoever comes by an open registry must not plant an administrator for the day when it is closed."""
    assert surfer.get("/console/access").status == 403
    form = surfer.get("/console/space").form("/console/space/sweep")
    form.action = "/console/access"
    page = surfer.send(form, do="add-user", name="mallory", password=PASSWORD, admin="1")
    assert page.status == 403
    assert "nobody has to sign in here" in page.text


def test_the_page_about_the_console_shows_every_page() -> None:
    """docs/console.md has a heading for each noun of the navigation."""
    headings = set(re.findall(r"^## (.+)$", DOCS.read_text(), re.MULTILINE))
    assert {"Repositories", "A repository", "A version", "Deleting", "Trash", "Space", "Activity", "Access"} <= headings
