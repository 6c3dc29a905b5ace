"""The token service: to whom it gives what, and until when that is good; and paths that are nobody's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from jettison.http.manage.routes import ROUTES as MANAGE_ROUTES
from jettison.http.routes import ROUTES
from jettison.registry import keys, robots, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from jettison.registry.scope import Scope
from tests.access.outside import Outside
from tests.access.people import PASSWORD, People, get_token, settle
from tests.access.site import URL, Site, basic, bearer, unchanged
from tests.http.raw import Answer
from tests.support.content import image
from tests.support.repository import Repository

FORM = ("Content-Type", "application/x-www-form-urlencoded")
APP = "repository:team/app:"
READ = "/v2/team/app/tags/list"


@pytest.fixture
def own_site() -> Iterator[Site]:
    """A registry whose accounts and keys a test may change."""
    with Site({"auth": {"jettison": {}}, "http": {"host": URL}}) as opened:
        Repository(opened.registry, "team/app").push(image(b"secret"), "v1")
        yield opened


@pytest.fixture
def own_people(own_site: Site) -> People:
    """The accounts in it."""
    return settle(own_site)


def post(site: Site, **form: str) -> Answer:
    """The answer to a form."""
    return site.ask("POST", "/token", FORM, body=urlencode(form).encode())


def refreshed(site: Site, token: str, scope: str = "") -> Answer:
    """The answer to a refresh token."""
    return post(site, grant_type="refresh_token", refresh_token=token, scope=scope, service="registry.test")


def reads(site: Site, shown: str) -> int:
    """The status of a look at the team's repository."""
    return site.ask("GET", READ, ("Authorization", shown)).status


@pytest.mark.parametrize(
    ("name", "asked", "got"),
    [
        ("boss", "pull,push", "pull,push"),
        ("boss", "pull", "pull"),
        ("boss", "delete", "delete"),
        ("boss", "pull,push,delete", "pull,push,delete"),
        ("boss", "*", "pull,push,delete"),
        ("boss", "admin", ""),
        ("boss", "", ""),
        ("ci", "*", "pull,push"),
        ("ci", "delete", ""),
        ("ci", "pull,delete", "pull"),
        ("cleaner", "*", "delete"),
        ("puller", "pull,push", "pull"),
        ("stranger", "*", ""),
        (None, "*", ""),
    ],
)
def test_a_token_is_for_what_was_asked_and_is_granted(
    site: Site, people: People, name: str | None, asked: str, got: str
) -> None:
    """No more than either; `delete` is there only where its word or `*` was, and the account may. Both ways alike."""
    header = people.basic(name) if name else None
    by_get = get_token(site, header, f"{APP}{asked}", service="registry.test")
    assert by_get["scope"] == (f"{APP}{got}" if got else "")
    if name is not None:
        form = {"grant_type": "password", "username": name, "password": people.secrets[name], "scope": f"{APP}{asked}"}
        answer = post(site, **form)
        assert answer.status == 200
        assert answer.header("cache-control") == "no-store"
        assert json.loads(answer.body)["scope"] == by_get["scope"]


@pytest.mark.parametrize("name", ["suspended", "expired", "revoked"])
def test_who_is_kept_out_gets_no_token(site: Site, people: People, name: str) -> None:
    """Neither way, nor for what anybody may."""
    with unchanged(site):
        assert site.ask("GET", "/token", ("Authorization", people.basic(name))).status == 401
        form = {"grant_type": "password", "username": name, "password": people.secrets[name]}
        assert post(site, **form, access_type="offline").status == 401


def test_a_refresh_token_ends_with_what_it_was_got_by(own_site: Site, own_people: People) -> None:
    """Disabled, given another password, removed, revoked: with the next use it is none."""
    site, registry, before = own_site, own_site.registry, (EVERYONE, NOBODY)

    def begin(name: str) -> str:
        token: str = get_token(site, own_people.basic(name), offline_token="true", client_id="test")["refresh_token"]
        assert refreshed(site, token, f"{APP}pull").status == 200
        return token

    puller, boss, member, ci = (begin(name) for name in ("puller", "boss", "member", "ci"))
    users.set_disabled(registry, *before, "puller", disabled=True)
    users.set_password(registry, *before, "boss", "another long sentence")
    users.remove(registry, *before, "member")
    robots.revoke(registry, *before, "ci")
    for token in (puller, boss, member, ci, "", "x", f"{puller}x"):
        answer = refreshed(site, token)
        assert (answer.status, json.loads(answer.body)["error"]) == (401, "invalid_grant")
    users.set_disabled(registry, *before, "puller", disabled=False)
    assert refreshed(site, puller).status == 401, "who is let in again signs in again"


def test_a_new_robot_of_an_old_name_is_somebody_else(own_site: Site, own_people: People) -> None:
    """What the old one held is not good for what the new one may."""
    old = own_people.secrets["ci"]
    refresh = get_token(own_site, own_people.basic("ci"), offline_token="true")["refresh_token"]
    robots.revoke(own_site.registry, EVERYONE, NOBODY, "ci")
    robots.create(own_site.registry, EVERYONE, NOBODY, "ci", [Scope.parse("**:admin")], days=1)
    assert reads(own_site, basic("ci", old)) == 401
    assert reads(own_site, bearer(old)) == 401
    assert refreshed(own_site, refresh).status == 401


def test_a_bearer_token_is_good_until_it_ends_or_its_key_is_revoked(own_site: Site, own_people: People) -> None:
    """Its claims alone count, for minutes; `keys rotate` keeps it, `--revoke` does not."""
    shown = bearer(get_token(own_site, own_people.basic("puller"), f"{APP}pull")["token"])
    users.set_disabled(own_site.registry, EVERYONE, NOBODY, "puller", disabled=True)
    assert reads(own_site, shown) == 200
    assert reads(own_site, own_people.basic("puller")) == 401
    keys.rotate(own_site.registry)
    _refresh_keys(own_site)
    assert reads(own_site, shown) == 200
    keys.rotate(own_site.registry, revoke=True)
    _refresh_keys(own_site)
    assert reads(own_site, shown) == 401
    assert reads(own_site, bearer(get_token(own_site, own_people.basic("boss"), f"{APP}pull")["token"])) == 200


def _refresh_keys(site: Site) -> None:
    """What the server does by itself every ten seconds."""
    door: Any = site.application.edge.door
    door.ring.refresh()


def test_a_refresh_token_is_nothing_else(site: Site, people: People) -> None:
    """Neither a password, nor a bearer token, nor a robot's."""
    token = get_token(site, people.basic("boss"), offline_token="true")["refresh_token"]
    for shown in (bearer(token), basic("boss", token), basic("", token)):
        assert reads(site, shown) == 401
    assert get_token(site, None, offline_token="true").get("refresh_token") is None


def test_other_services_get_no_tokens_here(site: Site, people: People) -> None:
    """A token is for this registry, or there is none."""
    header = ("Authorization", people.basic("boss"))
    assert site.ask("GET", "/token?service=elsewhere.example", header).status == 400
    form = {"grant_type": "password", "username": "boss", "password": PASSWORD, "service": "elsewhere.example"}
    assert post(site, **form).status == 400


@pytest.mark.parametrize("mode", ["outside", "filed"])
def test_without_accounts_there_is_no_token_service(request: pytest.FixtureRequest, mode: str) -> None:
    """Its paths are there for nobody."""
    found = request.getfixturevalue(mode)
    asked = found.site if isinstance(found, Outside) else found
    for method, path in (("GET", "/token"), ("POST", "/token"), ("GET", "/token/keys")):
        assert asked.ask(method, path, FORM).status == 404


# ---------------------------------------------------------------------------------------------------------- other paths


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v2/team/app/nothing",
        "/v3/",
        "/api/v1/nothing",
        "/api/",
        "/v2/team/app/manifests/v1/more",
        "/token/x",
    ],
)
def test_a_path_that_is_nobodys_is_the_same_for_everybody(site: Site, people: People, path: str) -> None:
    """Nothing is there, whoever asks; only a credential that is wrong is told to be so first."""
    # Whatever may be a repository's name can be deleted.
    deleting = () if path.startswith("/v2/") else ("DELETE",)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", *deleting):
        answers = [
            site.ask(method, path, *headers)
            for headers in ((), *((("Authorization", people.basic(name)),) for name in ("stranger", "admin")))
        ]
        assert {answer.status for answer in answers} <= {404, 405}, (method, answers)
        assert len({(answer.status, answer.body) for answer in answers}) == 1, method
        assert site.ask(method, path, ("Authorization", basic("admin", "wrong"))).status == 401


def test_options_tell_the_table_and_nothing_else(site: Site, people: People) -> None:
    """The same for everybody, whether what the path names is there or not."""
    Repository(site.registry, "team/app").push(image(b"secret"), "v1")
    for path in {route.path for route in ROUTES} | {route.path for route in MANAGE_ROUTES}:
        told = set()
        for name in ("team/app", "team/xxx"):
            target = path.replace("{name}", name if path.startswith("/v") else "x").replace("{repository:path}", name)
            for part in ("reference", "digest", "id"):
                target = target.replace(f"{{{part}}}", "1")
            for headers in ((), (("Authorization", people.basic("admin")),)):
                answer = site.ask("OPTIONS", target, *headers)
                told.add((answer.status, answer.header("allow"), answer.body))
        assert len(told) == 1, path
        assert told.pop()[0] == 200
