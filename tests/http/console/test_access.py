from __future__ import annotations

import re

from tests.http.console.surfer import Form, Surfer
from tests.support.accounts import PASSWORD


def _form(surfer: Surfer, what: str, **values: str) -> Form:
    [found] = [
        form
        for form in surfer.get("/console/access").forms
        if ("do", what) in form.fields and all(pair in form.fields for pair in values.items())
    ]
    return found


def test_a_user_is_added_disabled_and_removed(root: Surfer) -> None:
    """And may sign in as long as they are neither."""
    root.send(_form(root, "add-user"), name="ann", password=PASSWORD)
    ann = Surfer(root.origin)
    with ann.client:
        assert "Sign out" in ann.sign_in("ann", PASSWORD).text
        root.send(_form(root, "disable-user", name="ann"))
        assert ann.get("/").answer.url.path == "/console/sign-in"
    root.send(_form(root, "enable-user", name="ann"))
    root.send(_form(root, "remove-user", name="ann"))
    assert ">ann" not in root.get("/console/access").text


def test_a_grant_is_given_and_taken(root: Surfer) -> None:
    """What is granted stands in the list until it is taken away."""
    root.send(_form(root, "grant"), to="dev", scope="other/**:pull")
    assert "other/**:pull" in root.get("/console/access").text
    root.send(_form(root, "take", to="dev", pattern="other/**"))
    assert "other/**:pull" not in root.get("/console/access").text


def test_the_token_of_a_robot_is_shown_once(root: Surfer) -> None:
    """On the page that answers its making, and on none after it."""
    page = root.send(_form(root, "add-robot"), name="ci", scope="team/**:pull,push", days="30")
    [token] = re.findall(r'class="command token"><code>([^<]+)', page.text)
    assert token not in root.get("/console/access").text
    root.send(_form(root, "revoke-robot", name="ci"))
    assert ">ci" not in root.get("/console/access").text


def test_what_is_refused_is_said_on_the_page(root: Surfer) -> None:
    """The last administrator is not removed, and the page says why."""
    page = root.send(_form(root, "remove-user", name="root"))
    assert page.status == 409
    assert 'role="alert"' in page.text


def test_a_group_is_made_joined_left_and_removed(root: Surfer) -> None:
    """What is granted to it counts for its members, as long as they are that."""
    root.send(_form(root, "add-group"), name="web", members="dev, root")
    page = root.get("/console/access").text
    assert 'aria-label="Take dev out of web"' in page
    assert 'aria-label="Take root out of web"' in page
    root.send(_form(root, "leave", name="web", user="dev"))
    assert 'aria-label="Take dev out of web"' not in root.get("/console/access").text
    root.send(_form(root, "join", name="web"), user="dev")
    assert 'aria-label="Take dev out of web"' in root.get("/console/access").text
    assert root.send(_form(root, "join", name="web"), user="nobody").status == 404
    root.send(_form(root, "remove-group", name="web"))
    assert "out of web" not in root.get("/console/access").text


def test_lists_of_access_come_in_pages(root: Surfer) -> None:
    """Each list goes on by itself; every group is on exactly one page, and links lead there and back."""
    names = [f"page{number:02}" for number in range(51)]
    form = _form(root, "add-group")
    for name in names:
        root.send(form, follow=False, name=name)
    first = root.get("/console/access").text
    [link] = re.findall(r'rel="next" href="([^"#]+)#groups"', first)
    second = root.get(link).text
    shown = [re.findall(r'"name">(page\d\d)<', text) for text in (first, second)]
    assert len(shown[0]) == 50
    assert [*shown[0], *shown[1]] == names
    assert ">First groups<" in second
    assert ">root" in second
    for name in names:
        root.send(form, follow=False, do="remove-group", name=name)


def test_an_administrator_sets_a_forgotten_password(root: Surfer) -> None:
    """Whoever was signed in with the old one is not any more."""
    root.send(_form(root, "add-user"), name="bo", password=PASSWORD)
    bo = Surfer(root.origin)
    with bo.client:
        bo.sign_in("bo", PASSWORD)
        root.send(_form(root, "user-password", name="bo"), password="another long one")
        assert bo.get("/").answer.url.path == "/console/sign-in"
        assert bo.sign_in("bo", PASSWORD).status == 403
        assert "Sign out" in bo.sign_in("bo", "another long one").text
    root.send(_form(root, "remove-user", name="bo"))
