"""A browser, and a registry that has something to look at."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import LOOKS, chromium
from tests.browser.example import fill
from tests.support.server import JettisonServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Its event loop stands in the way of other tests' as long as it is open, so it is not for longer."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def example() -> Iterator[JettisonServer]:
    """The registry of the example; tests that delete in it undo it, or delete what they pushed."""
    with JettisonServer() as running:
        with httpx2.Client(base_url=running.url, timeout=30, trust_env=False) as client:
            fill(client)
            client.post("/api/v1/deletions", json={"targets": [{"repository": "tools/lint"}]}).raise_for_status()
        yield running
        assert "request failed" not in running.log, "a test has caused an error of the server's own"


@pytest.fixture
def client(example: JettisonServer) -> Iterator[httpx2.Client]:
    """A client of it, beside the browser."""
    with httpx2.Client(base_url=example.url, timeout=30, trust_env=False) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, example: JettisonServer) -> Iterator[Page]:
    """A page of somebody's browser, in light colours, at that registry. What it logs as an error fails the test."""
    context = browser.new_context(base_url=example.url, **LOOKS["light"])
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    # A status that a test asks for is no error of the page's own.
    assert [each for each in wrong if "the server responded with a status" not in each] == []
