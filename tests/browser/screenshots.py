"""`make screenshots`: each page of the console in light and dark and on a phone, for looking at, in docs/images.

python -m tests.browser.screenshots [FOLDER]

With a folder, all of them are put there, and those of docs/images stay as they are.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from typing import Final

import httpx2
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.chromium import LOOKS, chromium
from tests.browser.example import age, fill, fill_accounts
from tests.browser.pages import GUARDED, PAGES, SIGNING_IN, path_of
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server
from tests.support.parts import ROOT
from tests.support.server import JettisonServer

IMAGES: Final = ROOT / "docs" / "images"
COUNTED_SECONDS: Final = 60
COLOURS: Final = 128
"""Of a picture that is kept: pages have few, and it takes a third of the bytes."""

LEFT_OUT: Final = ("nothing", "rule", "why", "setup", "password")
"""Pages that are looked at, and of which no picture is kept."""

PHONES: Final = ("repositories", "repository", "version", "deleting", "deletion")
"""Pages of which the picture on a phone is kept too."""


def main() -> None:
    """Take them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if folder is None:
        for old in IMAGES.glob("console-*.png"):
            old.unlink()
    _take_all(folder)


def _take_all(folder: Path | None) -> None:
    with chromium() as browser:
        with JettisonServer() as running, httpx2.Client(base_url=running.url, timeout=30, trust_env=False) as client:
            fill(client)
            deletion = {"targets": [{"repository": "tools/lint"}], "reason": "nobody uses it"}
            client.post("/api/v1/deletions", json=deletion).raise_for_status()
            age(running)
            _wait_until_counted(client)
            for name, page in PAGES:
                _take(browser, folder, name, running.url + path_of(page, client))
        with accounts_server() as guarded:
            fill_accounts(guarded)
            for name, page in SIGNING_IN:
                _take(browser, folder, name, guarded.url + page)
            for name, page in GUARDED:
                _take(browser, folder, name, guarded.url + page, signed_in=True)


def _wait_until_counted(client: httpx2.Client) -> None:
    deadline = time.monotonic() + COUNTED_SECONDS
    before = None
    while time.monotonic() < deadline:
        time.sleep(4)
        listed = client.get("/api/v1/repositories").json()["repositories"]
        numbers = [(each["versions"], each["bytes"], each["pushed_at"]) for each in listed]
        if numbers == before:
            return
        before = numbers


def _take(browser: Browser, folder: Path | None, name: str, url: str, *, signed_in: bool = False) -> None:
    for look, options in LOOKS.items():
        if folder is None and (name in LEFT_OUT or (look == "phone" and name not in PHONES)):
            continue
        context = browser.new_context(**options)
        page = context.new_page()
        page.goto(url)
        if signed_in:
            page.get_by_label("Name").fill("root")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(url)
        taken = page.screenshot(full_page=folder is not None)
        with Image.open(io.BytesIO(taken)) as image:
            small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            small.save((folder or IMAGES) / f"console-{name}-{look}.png", optimize=True)
        context.close()


if __name__ == "__main__":
    main()
