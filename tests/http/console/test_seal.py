from __future__ import annotations

from tests.http.console.surfer import Form, Surfer
from tests.http.repository import Repository


def _plan(surfer: Surfer, target: str) -> Form:
    return surfer.get(f"/console/deleting?t={target}").form("/console/deleting")


def test_a_form_of_another_visit_changes_nothing(surfer: Surfer, repository: Repository) -> None:
    """Without the seal of this browser, or with another, a deletion is refused."""
    repository.push_image("content", "v1")
    form = _plan(surfer, f"{repository.name}:v1")
    for seal in ("", "0" * 64, "é"):
        assert surfer.send(form, seal=seal).status == 403
    surfer.client.cookies.clear()
    assert surfer.send(form).status == 403
    assert repository.tags() == ["v1"]


def test_a_page_elsewhere_changes_nothing(surfer: Surfer, repository: Repository) -> None:
    """A form that another origin sent, or one that does not say, is refused."""
    repository.push_image("content", "v1")
    form = _plan(surfer, f"{repository.name}:v1")
    for origin in ("https://evil.example", "null", surfer.origin + ".evil.example"):
        assert surfer.send(form, origin=origin).status == 403
    answer = surfer.client.post(form.action, data=dict(form.fields))
    assert answer.status_code == 403
    assert repository.tags() == ["v1"]


def test_a_form_is_of_its_session(root: Surfer) -> None:
    """What was sealed before signing out is not taken after it."""
    form = root.get("/console/space").form("/console/space/sweep")
    root.send(root.get("/").form("/console/sign-out"))
    assert root.send(form).status == 403


def test_asking_for_a_page_changes_nothing(surfer: Surfer, repository: Repository) -> None:
    """What changes something is not to be had by GET, with whatever fields."""
    repository.push_image("content", "v1")
    form = _plan(surfer, f"{repository.name}:v1")
    surfer.client.get("/console/deleting", params=dict(form.fields))
    assert repository.tags() == ["v1"]
    for path in ("/console/trash/1/restore", "/console/trash/1/purge", "/console/space/sweep", "/console/sign-out"):
        assert surfer.get(path).status in (404, 405), path
