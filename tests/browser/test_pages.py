from __future__ import annotations

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.chromium import LOOKS
from tests.browser.example import fill_accounts
from tests.browser.pages import GUARDED, PAGES, SIGNING_IN, path_of
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _is_fine(page: Page, what: str) -> None:
    found = Axe().run(page, options=RULES)
    told = [
        f"{each['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
        for each in found.response["violations"]
        for node in each["nodes"][:3]
    ]
    assert told == [], what
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{what} is wider than its window"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("name", "path"), PAGES, ids=[name for name, _ in PAGES])
def test_axe_finds_nothing(
    browser: Browser, example: JettisonServer, client: httpx2.Client, name: str, path: str, look: str
) -> None:
    """No rule of WCAG 2.2 AA is broken on any page, in light, in dark, on a phone; and none scrolls sideways."""
    context = browser.new_context(base_url=example.url, reduced_motion="reduce", **LOOKS[look])
    try:
        page = context.new_page()
        answer = page.goto(path_of(path, client))
        assert answer is not None
        assert len(answer.body()) < 100_000, "a page is under 100 KB"
        _is_fine(page, f"{name} {look}")
    finally:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_where_one_signs_in(browser: Browser, look: str) -> None:
    """Nor where one signs in, nor among the accounts."""
    with accounts_server() as guarded:
        context = browser.new_context(base_url=guarded.url, reduced_motion="reduce", **LOOKS[look])
        page = context.new_page()
        for name, path in SIGNING_IN:
            page.goto(path)
            _is_fine(page, name)
        fill_accounts(guarded)
        page.goto(GUARDED[0][1])
        page.get_by_label("Name").fill("root")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/console/access")
        for name, path in GUARDED:
            page.goto(path)
            for folded in page.locator("details").all():
                folded.locator("summary").click()
            _is_fine(page, name)
        context.close()
