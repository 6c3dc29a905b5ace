"""The examples of the documentation, run as they stand against a registry."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import jettison.client
from jettison.client import ANONYMOUS, Registry, Repository
from tests.client.pushing import push
from tests.support.content import image, referrer
from tests.support.parts import ROOT
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


def filled(server: JettisonServer) -> None:
    """Push what the examples show."""
    layers = image(b"layer 1")
    with Registry(server.address, credentials=ANONYMOUS) as registry:
        push(registry.repository("repo1"), layers, "latest", "v1")
        push(registry.repository("repo1"), referrer(layers))
        push(registry.repository("team/app"), layers, "v1")


@pytest.mark.parametrize("documented", [jettison.client, Registry, Repository], ids=lambda each: each.__name__)
def test_the_examples_do_what_they_say(documented: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each line that a docstring shows, with the results that it shows."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with JettisonServer() as server:
        filled(server)
        text = (documented.__doc__ or "").replace("localhost:5000", server.address)
        test = doctest.DocTestParser().get_doctest(text, {}, "example", None, None)
        assert test.examples
        told: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False).run(test, out=told.append)
    assert not told, "".join(told)


def test_the_page_does_what_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The example of docs/client.md, line by line: afterwards the tag is gone, and its copy is there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    [code] = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "client.md").read_text(), re.DOTALL | re.MULTILINE)
    with JettisonServer() as server:
        filled(server)
        exec(code.replace("localhost:5000", server.address), {})  # noqa: S102 - the page is the project's own
        with Registry(server.address, credentials=ANONYMOUS) as registry:
            assert list(registry.repository("team/app").tags()) == []
            assert [str(tag) for tag in registry.repository("backup/app").tags()] == ["v1"]
