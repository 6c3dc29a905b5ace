from __future__ import annotations

import json

import httpx2

from tests.http.console.surfer import Surfer
from tests.http.repository import Repository, image
from tests.support.accounts import PASSWORD

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)//",
    "\u202e\u2028 \x07 &lt;b&gt;",
)


def _is_harmless(surfer: Surfer, path: str) -> str:
    page = surfer.get(path)
    assert page.status == 200, page.text
    for tag, attributes in page.tags:
        assert tag != "img", path
        assert not any(name.startswith("on") for name in attributes), (path, tag, attributes)
        assert not (attributes.get("href") or "").startswith("javascript:")
        assert tag != "script" or (attributes["src"] or "").startswith("/console/static/"), path
    return page.text


def test_what_an_image_says_of_itself_is_text(surfer: Surfer, repository: Repository) -> None:
    """Labels, annotations, history and the raw manifest may hold anything: none of it becomes an element."""
    labels = {payload: payload for payload in PAYLOADS}
    config = json.dumps(
        {
            "architecture": PAYLOADS[0],
            "os": PAYLOADS[1],
            "author": PAYLOADS[0],
            "created": PAYLOADS[2],
            "config": {"Labels": labels, "Env": list(PAYLOADS), "Cmd": list(PAYLOADS), "User": PAYLOADS[1]},
            "history": [{"created_by": payload, "comment": payload} for payload in PAYLOADS],
        }
    ).encode()
    repository.push_blob(config)
    repository.push_blob(b"layer")
    digest = repository.push(image(config, b"layer", annotations=labels, artifactType=PAYLOADS[0]), "v1")
    for path in (
        f"/console/repositories/{repository.name}",
        f"/console/repositories/{repository.name}@{digest}",
        f"/console/why/{digest}",
        f"/console/deleting?t={repository.name}@{digest}",
    ):
        _is_harmless(surfer, path)
    text = _is_harmless(surfer, f"/console/repositories/{repository.name}@{digest}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_raw_manifest_is_never_a_page(surfer: Surfer, repository: Repository) -> None:
    """It comes as text, of which no browser makes anything else."""
    repository.push_blob(b"{}")
    repository.push_blob(b"layer")
    digest = repository.push(image(b"{}", b"layer", annotations={"a": PAYLOADS[0]}), "v1")
    answer = surfer.get(f"/console/repositories/{repository.name}@{digest}?raw=1").answer
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.json()["annotations"] == {"a": PAYLOADS[0]}


def test_what_stands_in_an_address_is_text(surfer: Surfer) -> None:
    """A search, a filter and a path that hold elements show them, or are refused."""
    for payload in PAYLOADS[:5]:
        for field, path in (("q", "/"), ("who", "/console/activity")):
            page = surfer.client.get(path, params={field: payload})
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert "<img" not in page.text
        for path in ("/console/deleting?t=", "/console/repositories/", "/?sort=", "/console/trash?state="):
            answer = surfer.client.get(path + payload.replace(" ", "%20").replace("%}", ""))
            assert answer.status_code in (400, 404), path
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text


def test_a_reason_and_the_audit_log_are_text(root: Surfer) -> None:
    """Whatever somebody gives as a reason is shown to administrators as it was written."""
    with httpx2.Client(base_url=root.origin, auth=("root", PASSWORD), timeout=20, trust_env=False) as client:
        repository = Repository(client, "team/hostile")
        repository.push_image("content", "v1")
    form = root.get("/console/deleting?t=team/hostile:v1").form("/console/deleting")
    done = root.send(form, reason=PAYLOADS[1])
    assert done.status == 200
    for path in (done.answer.url.path, "/console/trash", "/console/activity"):
        assert "&lt;img src=x" in _is_harmless(root, path)


def test_a_name_that_signs_in_wrongly_is_text(root: Surfer) -> None:
    """What was tried as a name stands in the form again, and in the audit log, as text."""
    root.send(root.get("/").form("/console/sign-out"))
    page = root.sign_in(PAYLOADS[1], "wrong")
    assert "<img" not in page.text
    root.sign_in("root", PASSWORD)
    _is_harmless(root, "/console/activity")
