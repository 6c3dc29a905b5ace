from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.example import built, push
from tests.support.client import Home
from tests.support.layout import Layout
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]


def test_find_preview_delete_undo(page: Page, client: httpx2.Client) -> None:
    """Type what it is called, tick it, see what goes, delete it, find it gone, undo it, and it is there again."""
    push(client, "story/app", built(b"layer of the story"), "v1", "latest")
    page.goto("/")
    page.get_by_label("Search repositories").fill("story")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=story$"))
    page.get_by_label("Select story/app").check()
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete the repository story/app")
    sure = page.get_by_role("button", name="Delete", exact=True)
    expect(sure).to_be_disabled()
    page.get_by_label("Type story/app to confirm").fill("story/app")
    sure.click()
    expect(page.get_by_text("It can be undone")).to_be_visible()
    assert "story/app" not in client.get("/v2/_catalog").json()["repositories"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("it is there again")).to_be_visible()
    assert client.get("/v2/story/app/manifests/v1").status_code == 200
    client.delete("/v2/story/app")


@pytest.mark.needs("skopeo")
def test_what_a_client_pushed_is_found_deleted_and_brought_back(
    page: Page, example: JettisonServer, client: httpx2.Client, tmp_path: Path
) -> None:
    """The whole story: push, find, preview, delete, the catalog has it no more, undo, pull again, the same bytes."""
    layout = Layout(tmp_path / "layout")
    layout.image("v1")
    with Home() as home:
        skopeo = home.hidden_client("skopeo")
        name = f"docker://{example.address}/whole/story:v1"
        skopeo("copy", "--dest-tls-verify=false", f"oci:{layout.folder}:v1", name)
        digest = client.get("/v2/whole/story/manifests/v1").headers["docker-content-digest"]

        page.goto("/")
        page.get_by_label("Search repositories").fill("whole")
        page.get_by_role("link", name="whole/story").click()
        page.get_by_label("Select version v1").check()
        page.get_by_role("button", name="Delete versions…").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Delete one version of whole/story")
        expect(page.locator(".figures")).to_contain_text("Comes back")
        expect(page.get_by_text(f"jettison rm {example.address}/whole/story@{digest}")).to_be_visible()
        assert client.get("/v2/whole/story/manifests/v1").status_code == 200, "nothing is deleted yet"
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_text("It can be undone")).to_be_visible()

        assert "whole/story" not in client.get("/v2/_catalog").json()["repositories"]
        assert "manifest unknown" in skopeo.refused("inspect", "--tls-verify=false", name).lower()
        page.goto("/?q=whole")
        expect(page.get_by_text("No repository has")).to_be_visible()

        page.goto("/console/trash")
        page.get_by_role("link", name="whole/story").click()
        page.wait_for_url("**/console/trash/*")
        page.keyboard.press("u")
        expect(page.get_by_text("it is there again")).to_be_visible()
        skopeo("copy", "--src-tls-verify=false", name, f"oci:{tmp_path / 'back'}:v1")
        assert (tmp_path / "back" / "blobs" / "sha256" / digest.removeprefix("sha256:")).exists()
    client.delete("/v2/whole/story")


def test_tab_and_enter_alone_do_it(page: Page, client: httpx2.Client) -> None:
    """Whoever uses no mouse and no shortcuts comes to everything by Tab, and sees where they are."""
    push(client, "tab/app", built(b"tab"), "v1", "v2")
    page.goto("/console/repositories/tab/app")

    def go_to(what: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            here = page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
            )
            if here == what:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{what} does not show that it has the focus"
                return
        raise AssertionError(f"no Tab leads to {what}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    go_to("Remove the tag v1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/deleting*")
    go_to("Remove")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It can be undone")).to_be_visible()
    assert client.get("/v2/tab/app/tags/list").json()["tags"] == ["v2"]
    go_to("Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("it is there again")).to_be_visible()
    client.delete("/v2/tab/app")


def test_two_people_delete_the_same_thing(
    browser: Browser, page: Page, example: JettisonServer, client: httpx2.Client
) -> None:
    """The second is told that it is gone; and where one has undone it meanwhile, the other's Undo says so."""
    push(client, "both/app", built(b"both"), "v1")
    context = browser.new_context(base_url=example.url)
    other = context.new_page()
    for each in (page, other):
        each.goto("/console/deleting?t=both/app:v1")
    for each in (page, other):
        each.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("It can be undone")).to_be_visible()
    expect(other.get_by_role("alert")).to_contain_text("v1")
    expect(other.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    other.goto(page.url)
    for each in (page, other):
        each.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("it is there again")).to_be_visible()
    expect(other.get_by_role("alert")).to_contain_text("was restored")
    assert client.get("/v2/both/app/tags/list").json()["tags"] == ["v1"]
    context.close()
    client.delete("/v2/both/app")


def test_a_rule_ticks_what_goes_while_it_is_written(page: Page) -> None:
    """Nothing is asked to be deleted: each key changes what is ticked, the address has it, and one step shows all."""
    page.goto("/console/repositories/shop/web")
    page.get_by_text("Choose by a rule").click()
    page.get_by_label("Tags that match").fill("v*")
    expect(page.locator("[data-ruled]")).to_contain_text("lets go of 8 tags")
    page.get_by_label("Keep the newest").fill("3")
    expect(page.locator("[data-ruled]")).to_contain_text("lets go of 5 tags")
    expect(page.locator(".chip.going")).to_have_count(5)
    expect(page).to_have_url(re.compile("rule-tag=v.*keep=3"))
    page.reload()
    expect(page.locator(".chip.going")).to_have_count(5)
    expect(page.locator(".chip.going input:checked")).to_have_count(5)
    page.locator(".chip.going input").first.uncheck()
    page.get_by_role("button", name="Show what goes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove 4 tags of shop/web")


def test_what_is_half_written_is_said_and_stays(page: Page) -> None:
    """An age without its unit is not one yet: the page says so, beside what is being written."""
    page.goto("/console/repositories/shop/web")
    older = page.locator("input[name=age]")
    older.press_sequentially("30")
    expect(page.locator("[data-problem]")).to_contain_text("30")
    expect(older).to_have_value("30")
    expect(older).to_be_focused()
    older.press_sequentially("d")
    expect(page.locator("[data-problem]")).to_be_hidden()
    expect(page.get_by_text("No version matches")).to_be_visible()


def test_the_keyboard_alone_does_it(page: Page, client: httpx2.Client) -> None:
    """`/` searches, `j` moves, `x` selects, `#` deletes, `u` takes it back."""
    push(client, "keys/one", built(b"one"), "v1")
    push(client, "keys/two", built(b"two"), "v1")
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("keys/")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.keyboard.press("Escape")
    for key in ("j", "j", "k", "x"):
        page.keyboard.press(key)
    expect(page.get_by_label("Select keys/one")).to_be_checked()
    page.keyboard.press("#")
    page.get_by_label("Type keys/one to confirm").fill("keys/one")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It can be undone")).to_be_visible()
    assert client.get("/v2/keys/one/tags/list").status_code == 404
    page.keyboard.press("u")
    expect(page.get_by_text("it is there again")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    for name in ("one", "two"):
        client.delete(f"/v2/keys/{name}")


def test_shift_selects_a_range(page: Page) -> None:
    """From the box that was ticked before to this one."""
    page.goto("/console/repositories/shop/web")
    boxes = page.locator("tbody .check input")
    boxes.nth(1).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.locator("tbody .check input:checked")).to_have_count(5)
    expect(page.get_by_text("5 selected")).to_be_visible()


def test_times_are_those_of_the_visitor(browser: Browser, example: JettisonServer) -> None:
    """In the zone of the browser, with the exact time for who points at it."""
    context = browser.new_context(base_url=example.url, timezone_id="Asia/Kathmandu", locale="en-GB")
    page = context.new_page()
    page.goto("/console/trash/1")
    assert "Asia/Kat" in (page.locator("time").first.get_attribute("title") or "")
    context.close()


def test_without_scripts_a_tag_is_removed_and_restored(
    browser: Browser, example: JettisonServer, client: httpx2.Client
) -> None:
    """Reading and deleting are forms and links."""
    push(client, "plain/app", built(b"plain"), "v1", "v2")
    context = browser.new_context(base_url=example.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/?q=plain")
    page.get_by_role("link", name="plain/app").click()
    page.get_by_label("Remove the tag v1").click()
    page.get_by_role("button", name="Remove").click()
    assert client.get("/v2/plain/app/tags/list").json()["tags"] == ["v2"]
    page.get_by_role("button", name="Undo").click()
    assert client.get("/v2/plain/app/tags/list").json()["tags"] == ["v1", "v2"]
    context.close()
    client.delete("/v2/plain/app")


def test_what_was_pushed_while_the_dialog_was_open_is_told(page: Page, client: httpx2.Client) -> None:
    """Nothing goes then, and the page says what is different."""
    push(client, "busy/app", built(b"busy"), "v1")
    page.goto("/console/deleting?t=busy/app")
    push(client, "busy/app", built(b"busier"), "v2")
    page.get_by_label("Type busy/app to confirm").fill("busy/app")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("changed since the plan was made")).to_be_visible()
    assert client.get("/v2/busy/app/tags/list").json()["tags"] == ["v1", "v2"]
    client.delete("/v2/busy/app")


def test_a_restart_in_between_changes_nothing(browser: Browser) -> None:
    """The dialog was open while the server started anew: the form is still good."""
    with JettisonServer() as running, httpx2.Client(base_url=running.url, trust_env=False) as client:
        push(client, "app", built(b"layer"), "v1", "v2")
        context = browser.new_context(base_url=running.url)
        page = context.new_page()
        page.goto("/console/deleting?t=app:v1")
        running.restart()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("It can be undone")).to_be_visible()
        context.close()
