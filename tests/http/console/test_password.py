from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.console.surfer import Page, Surfer
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import beside
from tests.support.server import JettisonServer

PATH = "/console/password"
NEW = "quite another one"


@pytest.fixture
def eve(visitor: Surfer, guarded: JettisonServer) -> Iterator[Surfer]:
    """A user who has signed in."""
    assert beside(guarded, "user", "add", "eve", "--password-stdin", sent=PASSWORD).returncode == 0
    visitor.sign_in("eve", PASSWORD)
    yield visitor
    assert beside(guarded, "user", "remove", "eve").returncode == 0


def change(surfer: Surfer, current: str, new: str, again: str = "") -> Page:
    """Send the form."""
    form = surfer.get(PATH).form(PATH)
    return surfer.send(form, current=current, password=new, again=again or new)


def test_a_user_changes_the_password_and_stays(eve: Surfer) -> None:
    """The browser goes on, with a new session; the others are signed out, and the old password is wrong."""
    elsewhere = Surfer(eve.origin)
    with elsewhere.client:
        elsewhere.sign_in("eve", PASSWORD)
        before = eve.client.cookies["jettison"]
        page = change(eve, PASSWORD, NEW)
        assert page.status == 200
        assert "The password is changed" in page.text
        assert eve.client.cookies["jettison"] != before
        assert eve.get(PATH).answer.url.path == PATH, "still signed in"
        eve.send(page.form("/console/sign-out"))
        assert eve.get(PATH).answer.url.path == "/console/sign-in"
        assert elsewhere.get(PATH).answer.url.path == "/console/sign-in"
        assert "Sign out" not in elsewhere.sign_in("eve", PASSWORD).text
        assert "Sign out" in elsewhere.sign_in("eve", NEW).text


@pytest.mark.parametrize(
    ("current", "new", "again", "status", "told"),
    [
        ("wrong one here", NEW, "", 403, "the current password is wrong"),
        (PASSWORD, NEW, "a slip of it", 400, "not the same both times"),
        (PASSWORD, "short", "", 400, "characters"),
    ],
)
def test_nothing_is_changed_by_a_slip(eve: Surfer, current: str, new: str, again: str, status: int, told: str) -> None:
    """The page says what is wrong, and shows no password."""
    page = change(eve, current, new, again)
    assert page.status == status
    assert told in page.text
    assert f'value="{new}' not in page.text
    other = Surfer(eve.origin)
    with other.client:
        assert "Sign out" in other.sign_in("eve", PASSWORD).text


def test_who_has_not_signed_in_does_that_first(visitor: Surfer, surfer: Surfer) -> None:
    """And comes back to it; where nobody signs in there is no password."""
    assert visitor.get(PATH).answer.url.params["next"] == PATH
    assert visitor.send(visitor.get(PATH).form("/console/sign-in"), name="root", password=PASSWORD).status == 200
    assert surfer.get(PATH).answer.url.path == "/"
