from __future__ import annotations

import re

import httpx2
import pytest

from tests.http.console.surfer import Form, Surfer
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import beside
from tests.support.server import JettisonServer


def test_a_visitor_signs_in_and_goes_on_to_the_page_that_was_asked_for(visitor: Surfer) -> None:
    """Who has not signed in is sent where one does, and from there back."""
    page = visitor.get("/console/activity?who=root")
    assert page.answer.url.path == "/console/sign-in"
    page = visitor.send(page.form("/console/sign-in"), name="root", password=PASSWORD)
    assert page.status == 200
    assert str(page.answer.url).endswith("/console/activity?who=root")


def test_the_session_is_kept_where_no_script_and_no_other_site_reaches_it(visitor: Surfer) -> None:
    """The cookie is HttpOnly and SameSite=Strict."""
    form = visitor.get("/console/sign-in").form("/console/sign-in")
    page = visitor.send(form, follow=False, name="root", password=PASSWORD)
    assert page.status == 303
    [cookie] = page.answer.headers.get_list("set-cookie")
    assert re.fullmatch(r"jettison=[\w-]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000", cookie)


def test_a_wrong_password_is_told_like_an_unknown_name(visitor: Surfer) -> None:
    """The page says the same of both, keeps the name, and shows no password."""
    told = []
    for name in ("root", "nobody-of-that-name"):
        page = visitor.sign_in(name, "not the right one")
        assert page.status == 403
        assert "not the right one" not in page.text
        told.append(re.findall(r'role="alert">([^<]*)', page.text))
    assert told[0] == told[1] == ["the name or the password is wrong"]


def test_signing_out_ends_the_session(root: Surfer) -> None:
    """A cookie that was kept beside is good for nothing afterwards."""
    kept = root.client.cookies["jettison"]
    root.send(root.get("/").form("/console/sign-out"))
    root.client.cookies.set("jettison", kept)
    assert root.get("/console/access").answer.url.path == "/console/sign-in"


def test_the_cookie_is_no_key_to_the_registry_or_the_api(root: Surfer, guarded: JettisonServer) -> None:
    """What the console is asked with opens neither /v2 nor /api."""
    with httpx2.Client(base_url=guarded.url, trust_env=False, cookies=dict(root.client.cookies)) as client:
        assert client.get("/v2/").status_code == 401
        assert client.get("/v2/_catalog").status_code == 401
        assert client.get("/api/v1/users").status_code == 401
        assert client.delete("/v2/team/app").status_code == 401


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/v2/", "javascript:alert(1)", "/\n/evil"]
)
def test_nobody_is_sent_to_another_site(visitor: Surfer, onward: str) -> None:
    """After signing in one goes on to a page of the console, whatever the address said."""
    form = visitor.get("/console/sign-in").form("/console/sign-in")
    page = visitor.send(form, follow=False, name="root", password=PASSWORD, next=onward)
    assert page.answer.headers["location"] == "/"


def test_a_robot_does_not_sign_in_here(root: Surfer) -> None:
    """Tokens are for programs."""
    page = root.send(_form(root, "add-robot"), name="pipeline", scope="team/**:pull", days="3")
    [token] = re.findall(r'class="command token"><code>([^<]+)', page.text)
    root.send(root.get("/").form("/console/sign-out"))
    assert root.sign_in("pipeline", token).status == 403


def _form(surfer: Surfer, what: str) -> Form:
    return next(form for form in surfer.get("/console/access").forms if ("do", what) in form.fields)


def test_who_may_only_pull_is_offered_nothing_else(visitor: Surfer) -> None:
    """Neither check boxes nor pages that they may not see; asked for all the same, these are refused."""
    page = visitor.sign_in("dev", PASSWORD)
    assert 'type="checkbox"' not in page.text
    for path in (
        "/console/space",
        "/console/activity",
        "/console/access",
        "/console/trash",
        "/console/deleting?t=team/app",
    ):
        assert visitor.get(path).status == 403, path


def test_who_was_granted_nothing_yet_is_told_so(visitor: Surfer, guarded: JettisonServer) -> None:
    """They are signed in, and read what to do; it is no failure of theirs."""
    assert beside(guarded, "user", "add", "newcomer", "--password-stdin", sent=PASSWORD).returncode == 0
    page = visitor.sign_in("newcomer", PASSWORD)
    assert "Sign out" in page.text
    assert "This is not open to you" in page.text
    assert "ask an administrator" in page.text
