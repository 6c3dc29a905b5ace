"""Every route x everybody: who may do what is answered, who may not is refused, and then nothing has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

import pytest

from jettison.http.manage.routes import ROUTES as MANAGE_ROUTES
from jettison.http.routes import ROUTES
from tests.access.forging import SERVICE, forged, own_key
from tests.access.outside import Outside
from tests.access.people import People, get_token
from tests.access.rows import ROWS, TOKEN_SERVICE, Row
from tests.access.scene import Scene, set_management, set_scene
from tests.access.site import URL, Site, basic, bearer, differences
from tests.access.who import (
    ACCOUNTS,
    ALL,
    ANONYMOUS,
    ANONYMOUS_GRANTED,
    BAD,
    FORGED,
    OUTSIDE,
    TOKENS,
    TOKENS_OF_NOBODY,
    Shown,
    TokenOf,
    Who,
)
from tests.http.raw import Answer

ABSENT: Final = "absent"
"""What a repository that is not there is called: as long as the part of a name that it stands for."""

Headers = tuple[tuple[str, str], ...]
T = TypeVar("T")
Asked = tuple[People, TokenOf] | Outside
"""Where a token for each repository comes from."""


def mostly_slow(asking: Iterable[T], *first: str, name: Callable[[T], str] = str) -> list[Any]:
    """All of them: those of these names in every run, the others with what is slow, as each asks everything."""
    asking = list(asking)
    assert {*first} <= {name(each) for each in asking}
    return [pytest.param(each, id=name(each), marks=[] if name(each) in first else pytest.mark.slow) for each in asking]


def test_every_route_has_its_row() -> None:
    """A route that is new, or gone, is missing here, or is too many: write down what it needs."""
    routes = [(route.method, route.path) for route in ROUTES]
    routes += [(route.method, route.path) for route in MANAGE_ROUTES]
    rows = [(row.method, row.path) for row in ROWS if row.path != "/api/openapi.json"]

    assert sorted(rows) == sorted(set(routes) - TOKEN_SERVICE)
    assert len(routes) == len(set(routes))


# -------------------------------------------------------------------------------------------------------- who asks how


@pytest.mark.parametrize("who", [ANONYMOUS, ANONYMOUS_GRANTED], ids=str)
def test_who_does_not_say_who_they_are(plain_site: Site, plain_people: People, who: Who) -> None:
    """May do what is granted to everybody, and is asked to sign in for all else."""
    del plain_people
    if who is ANONYMOUS:
        # What is granted to everybody lies elsewhere, but is enough to ask for a list.
        who = replace(who, catalog=True)
    check_all(plain_site, who, ())


@pytest.mark.parametrize("who", mostly_slow(ACCOUNTS, "cleaner", "puller"))
def test_who_signs_in(plain_site: Site, plain_people: People, who: Who) -> None:
    """May do what is granted to them, their group or everybody; the rest is denied."""
    check_all(plain_site, replace(who, catalog=True), _authorization(plain_people.basic(who.label)))


@pytest.mark.parametrize("who", mostly_slow((who for who in ACCOUNTS if who.identity.startswith("robot:")), "ci"))
def test_who_shows_the_token_of_a_robot(site: Site, people: People, who: Who) -> None:
    """The same as by a password."""
    check_all(site, replace(who, catalog=True), _authorization(people.token(who.label)))


@pytest.mark.parametrize(
    "of", mostly_slow((*TOKENS, *TOKENS_OF_NOBODY), "boss, pull", "stranger, everything", name=lambda of: str(of.who))
)
def test_who_shows_a_bearer_token(site: Site, people: People, of: TokenOf) -> None:
    """May do what the token is for, and no more; it is for nothing that its holder may not."""
    check_all(site, of.who, (), (people, of))


@pytest.mark.parametrize("label", mostly_slow(BAD, "suspended", "revoked token"))
def test_who_shows_what_is_not_right(site: Site, people: People, label: str) -> None:
    """Is nobody, not even one of those who have not said who they are."""
    shown: Mapping[str, Headers] = {
        "wrong password": _authorization(basic("admin", "wrong password")),
        "no such name": _authorization(basic("nobody", "wrong password")),
        "no password": _authorization(basic("admin", "")),
        "suspended": _authorization(people.basic("suspended")),
        "expired": _authorization(people.basic("expired")),
        "revoked": _authorization(people.basic("revoked")),
        "another robot's token": _authorization(basic("cleaner", people.secrets["ci"])),
        "expired token": _authorization(people.token("expired")),
        "revoked token": _authorization(people.token("revoked")),
        "no token": _authorization(bearer("x")),
        "no header": _authorization(""),
        "two headers": (*_authorization(people.basic("admin")), *_authorization(people.basic("puller"))),
    }
    check_all(site, Who(label, Shown.BAD), shown[label])


@pytest.mark.parametrize("label", mostly_slow(FORGED, "expired", "alg none"))
def test_who_forges_a_token_of_ours(site: Site, people: People, label: str) -> None:
    """Is nobody, whatever the token says."""
    del people
    check_all(site, Who(label, Shown.BAD), _authorization(bearer(forged(label, *own_key(site), URL, SERVICE))))


# ------------------------------------------------------------------------------------------------------- outside, files


@pytest.mark.parametrize("who", mostly_slow(OUTSIDE, "pull"))
def test_who_shows_a_token_of_the_outside_server(outside: Outside, who: Who) -> None:
    """May do what the token is for; no account here has any part in it."""
    who = replace(who, identity="outside:somebody")
    check_all(outside.site, who, (), outside)


@pytest.mark.parametrize("label", mostly_slow(FORGED, "HS256 by our public key"))
def test_who_forges_a_token_of_the_outside_server(outside: Outside, label: str) -> None:
    """Is nobody."""
    token = forged(label, outside.key_name, outside.key, outside.issuer, outside.service)
    check_all(outside.site, Who(label, Shown.BAD), _authorization(bearer(token)))


def test_a_password_is_no_token_of_the_outside_server(outside: Outside) -> None:
    """Where another server vouches for people, passwords are not looked at."""
    check_all(outside.site, Who("a password", Shown.BAD), _authorization(basic("somebody", "with a password")))


@pytest.mark.slow
def test_who_is_in_the_password_file(filed: Site) -> None:
    """May do everything, as with distribution."""
    who = Who("somebody", Shown.ACCOUNT, ALL, elsewhere=ALL, admin=True, catalog=True, identity="outside:somebody")
    check_all(filed, who, _authorization(basic("somebody", "the right one")))


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("wrong password", basic("somebody", "the wrong one")),
        ("no such name", basic("nobody", "the right one")),
        ("no bcrypt", basic("plain", "plain")),
        ("a token", bearer("a.b.c")),
    ],
)
def test_who_is_not_in_the_password_file(filed: Site, label: str, shown: str) -> None:
    """Is nobody."""
    check_all(filed, Who(label, Shown.BAD), _authorization(shown))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["outside", "filed"])
def test_who_says_nothing_is_asked_to_sign_in(request: pytest.FixtureRequest, mode: str) -> None:
    """Nothing is granted to everybody by a password file or another server."""
    found = request.getfixturevalue(mode)
    check_all(found.site if isinstance(found, Outside) else found, ANONYMOUS, ())


# ------------------------------------------------------------------------------------------------------------- checking


def check_all(site: Site, who: Who, headers: Headers, of: Asked | None = None) -> None:
    """Ask every row, and assert of each answer what there is to say of it: first those that have to be refused."""
    kept = set_management(site, set_scene(site, who.below, who.identity))
    rows = [each for row in ROWS for each in row.heads if site.makes_tokens or row.path != "/token/keys"]
    refused = [row for row in rows if who.expected(row) >= 400]
    wrong = []
    before = site.state()
    for row in refused:
        wrong += _problems(site, who, row, kept, headers if of is None else _token(site, who, of, kept))
    wrong += [f"something was changed: {row}" for row in differences(before, site.state())]
    for row in rows:
        if row not in refused:
            scene = set_management(site, set_scene(site, who.below, who.identity)) if row.writes else kept
            sent = headers if of is None else _token(site, who, of, scene)
            wrong += _problems(site, who, row, scene, sent)
    assert not wrong, "\n".join(wrong)


def _problems(site: Site, who: Who, row: Row, scene: Scene, sent: Headers) -> list[str]:
    expected, answer = who.expected(row), _ask(site, row, scene, sent)
    if answer.status != expected:
        return [f"{row}: {answer.status}, not {expected}: {answer.body.decode()[:300]}"]
    found = []
    if (expected == 401) is not (answer.header("www-authenticate") is not None):
        found.append("only who has to sign in is told how, and always")
    if expected in (401, 403) and row.about_repository:
        absent = _ask(site, row, Scene(*_renamed(scene)), sent)
        if _comparable(absent, ABSENT) != _comparable(answer, scene.name.partition("/")[2]):
            found.append(f"of what is not there is said {absent}, else {answer}")
    if expected < 400 and not who.here | who.account and scene.name.encode() in answer.body:
        found.append("it is told of a repository that it may do nothing with")
    return [f"{row}: {problem}" for problem in found]


def _ask(site: Site, row: Row, scene: Scene, sent: Headers) -> Answer:
    asked = row.ask(scene)
    return site.ask(row.method, asked.target, *asked.headers, *sent, body=asked.body)


def _renamed(scene: Scene) -> tuple[str, str, str, str, str, int]:
    """The same scene in a repository that there is not."""
    return (
        f"{scene.name.partition('/')[0]}/{ABSENT}",
        *(scene.digest, scene.layer, scene.loose, scene.upload),
        scene.deletion,
    )


def _comparable(answer: Answer, name: str) -> tuple[object, ...]:
    headers = sorted((key, value.replace(name, "NAME")) for key, value in answer.headers if key != "content-length")
    return answer.status, headers, answer.body.replace(name.encode(), b"NAME")


def _token(site: Site, who: Who, of: Asked, scene: Scene) -> Headers:
    """The header with a token for the repository of the scene."""
    if isinstance(of, Outside):
        return _authorization(bearer(of.token_for(who, scene.name)))
    people, asked = of
    holder = people.basic(asked.holder) if asked.holder else None
    scopes = [scope.replace("{name}", scene.name) for scope in asked.scopes]
    return _authorization(bearer(get_token(site, holder, *scopes)["token"]))


def _authorization(value: str) -> Headers:
    return (("Authorization", value),)
