from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.crowd import crowd
from tests.browser.chromium import LOOKS
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow, pytest.mark.timeout(300)]

REPOSITORIES = 100_000
TAGS = 10_000
BUSY = "crowd/busy"
SOON = 2.0
"""Seconds within which somebody sees the next page, on a machine that does other things too."""


@pytest.fixture(scope="module")
def crowded() -> Iterator[JettisonServer]:
    """A registry with very many repositories, and very many tags in one of them."""
    with JettisonServer() as running:
        running.stop()
        crowd(running.config_file, REPOSITORIES, BUSY, TAGS)
        running.start()
        yield running
        assert "request failed" not in running.log


@pytest.fixture
def page(browser: Browser, crowded: JettisonServer) -> Iterator[Page]:
    """A page of somebody's browser there."""
    context = browser.new_context(base_url=crowded.url, **LOOKS["light"])
    yield context.new_page()
    context.close()


def goes(page: Page, path: str) -> None:
    """Go there, which is soon done, and little to load."""
    began = time.monotonic()
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert time.monotonic() - began < SOON, path
    assert len(answer.body()) < 100_000, path


def test_a_hundred_thousand_repositories_are_found_sorted_and_turned_over(page: Page) -> None:
    """Type a part of a name, click a title, go on to the next page: each is there at once."""
    goes(page, "/")
    expect(page.locator("h1 .count")).to_have_text("more than 5,000")
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile("after="))
    expect(page.locator("tbody tr")).to_have_count(50)
    for title in ("Its own", "Versions", "Last push", "Last pull"):
        page.get_by_role("link", name=title, exact=True).click()
        expect(page.locator("th[aria-sort=descending]")).to_contain_text(title)
    page.get_by_label("Search repositories").fill("service-09999")
    expect(page.locator("h1 .count")).to_have_text("10")
    for path in ("/?sort=exclusive", "/?sort=shared&order=up", "/?q=team7/", "/?q=nothing-of-the-kind"):
        goes(page, path)


def test_all_that_match_are_too_many_for_one_deletion_and_that_is_said(page: Page) -> None:
    """A thousand repositories are the most: no plan is begun that could not be carried out."""
    goes(page, "/?q=team1")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("all that match").check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("alert")).to_contain_text("more than 1000 repositories match")


def test_ten_thousand_tags_of_one_repository_are_filtered_and_chosen(page: Page) -> None:
    """By tag, by platform, by a rule that marks what goes on this page and counts it on all."""
    path = f"/console/repositories/{BUSY}"
    for query in ("", "?tag=v1.*", "?platform=linux/arm64", "?age=30d", "?untagged=1", "?tag=v50.5"):
        goes(page, path + query)
    page.goto(path)
    page.get_by_text("Choose by a rule").click()
    page.get_by_label("Keep the newest").fill("9990")
    expect(page.locator("[data-ruled]")).to_contain_text("lets go of 10 tags")
    page.get_by_role("button", name="Show what goes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Remove 10 tags of {BUSY}")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("It can be undone")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("it is there again")).to_be_visible()


def test_ten_thousand_versions_go_and_come_back(page: Page) -> None:
    """The plan of a whole repository is one page, and so is its deletion."""
    page.set_default_timeout(60_000)
    page.goto(f"/console/deleting?t={BUSY}")
    page.get_by_label(f"Type {BUSY} to confirm").fill(BUSY)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("It can be undone")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("it is there again")).to_be_visible(timeout=60_000)
    goes(page, f"/console/repositories/{BUSY}")
