from __future__ import annotations

import os
import re
import subprocess
import sys

import httpx2

from tests.http.console.surfer import Surfer
from tests.http.repository import Repository
from tests.support.parts import ROOT
from tests.support.server import JettisonServer


def test_a_browser_gets_the_console_and_others_plain_text(surfer: Surfer, client: httpx2.Client) -> None:
    """At the address itself, what is answered goes by what the client takes."""
    page = surfer.get("/")
    assert page.status == 200
    assert page.answer.headers["content-type"] == "text/html; charset=utf-8"
    plain = client.get("/", headers={"Accept": "*/*"})
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.text.startswith("Jettison")
    for answer in (page.answer, plain):
        assert "Accept" in [each.strip() for each in answer.headers["vary"].split(",")]


def test_pages_may_load_nothing_but_what_is_ours(surfer: Surfer) -> None:
    """The policy of every page lets no script or style stand in it, and no other site frame it."""
    headers = surfer.get("/").answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_no_page_has_script_or_style_within_it(surfer: Surfer, repository: Repository) -> None:
    """Nothing stands in a page that its policy forbids, so that no browser logs a violation."""
    repository.push_image("content", "v1")
    for path in (
        "/",
        f"/console/repositories/{repository.name}",
        "/console/trash",
        "/console/space",
        "/console/activity",
    ):
        page = surfer.get(path)
        assert page.status == 200, path
        for tag, attributes in page.tags:
            assert "style" not in attributes, (path, tag)
            assert not any(name.startswith("on") for name in attributes), (path, tag)
            assert tag != "style"
            assert tag != "script" or (attributes["src"] or "").startswith("/console/static/")


def test_files_are_kept_for_ever_by_their_hash(surfer: Surfer) -> None:
    """Style and script have their hash in their name, and a browser asks for each once."""
    page = surfer.get("/")
    names = re.findall(r'"(/console/static/[^"]+)"', page.text)
    assert len(names) == 3
    for name in names:
        answer = surfer.client.get(name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert surfer.client.get("/console/static/console.css").status_code == 404


def test_what_is_not_there_has_a_page_that_says_so(surfer: Surfer) -> None:
    """A wrong address, and a repository that is gone, are told in a page."""
    for path in ("/console/nothing", "/console/repositories/no/such"):
        page = surfer.get(path)
        assert page.status == 404
        assert "There is nothing here" in page.text


def test_an_empty_registry_says_how_to_push() -> None:
    """The first visit shows the two commands, with the name of the host that was asked for."""
    with JettisonServer() as running:
        somebody = Surfer(running.url)
        with somebody.client:
            assert f"docker push {running.address}/alpine" in somebody.get("/").text


def test_a_server_that_nobody_looks_at_loads_no_templates() -> None:
    """What makes pages is imported with the first page."""
    code = "import sys, jettison.http.application; sys.exit('jinja2' in sys.modules)"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60, env=environ)
    assert done.returncode == 0
