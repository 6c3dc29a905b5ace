"""The console: how soon its lists are answered, how heavy its pages are, and when a browser first paints one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.connection import Refused, request
from benchmarks.measurement import JETTISON, Goal, Row, Series, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.scale import Scale

CROWDED = "crowd/busy"
BROWSER = {"Accept": "text/html"}
ANSWERED = 50.0
"""Milliseconds for a list."""

WEIGHT = 100.0
"""Thousands of bytes of a page."""

PAINTED = 200.0
"""Milliseconds from asking to the first contents, with style and script, by a browser that has nothing of it yet."""

LISTS: Mapping[str, str] = {
    "repositories": "/",
    "repositories, the largest first": "/?sort=exclusive",
    "repositories, by the last pull": "/?sort=pulled",
    "repositories, searched": "/?q=service-0001",
    "versions of one": f"/console/repositories/{CROWDED}",
    "versions of one, by tag": f"/console/repositories/{CROWDED}?tag=v1.*",
}


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Milliseconds of lists, thousands of bytes of pages, milliseconds to the first paint; of Jettison alone."""
    with running([peer for peer in peers if peer.name == JETTISON], folder) as servers:
        if not servers:
            return []
        [server] = servers
        _fill(server, scale)
        size = f"of {scale.crowd:,} repositories, or {scale.crowd_tags:,} tags in one"
        answered = {what: _answered(server, path, scale) for what, path in LISTS.items()}
        slowest = max(answered, key=lambda what: answered[what].median)
        weight = max(len(server.get(path, BROWSER)) for path in LISTS.values()) / 1000
        return [
            Row(
                "console-list",
                f"the slowest list of the console {size}: {slowest}",
                "ms",
                (answered[slowest],),
                (_at_most(f"under {ANSWERED:g} ms", answered[slowest].median, ANSWERED, " ms"),),
            ),
            Row(
                "console-weight",
                "the heaviest list of the console",
                "kB",
                (Series(JETTISON, (weight,)),),
                (_at_most(f"under {WEIGHT:g} kB", weight, WEIGHT, " kB"),),
            ),
            *_painted(server, scale, size),
        ]


def _fill(server: Server, scale: Scale) -> None:
    server.process.stop()
    command = [sys.executable, "-m", "benchmarks.crowd", str(server.folder / "config.yml")]
    environ = {**os.environ, **server.peer.environ()}
    subprocess.run([*command, str(scale.crowd), CROWDED, str(scale.crowd_tags)], env=environ, check=True)
    server.restart()
    for path, what in (("/?q=service-00", b"data-row"), (f"/?q={CROWDED}", CROWDED.encode())):
        if what not in server.get(path, BROWSER):
            raise Refused(f"the console does not list what is at {path}")


def _answered(server: Server, path: str, scale: Scale) -> Series:
    message = request("GET", path, headers=BROWSER)
    with server.connect() as connection:
        connection.send(message, 200)
        taken = [
            seconds(lambda: [connection.send(message, 200) for _ in range(scale.requests)]) / scale.requests * 1000
            for _ in range(scale.samples)
        ]
    return Series(JETTISON, tuple(taken))


def _painted(server: Server, scale: Scale, size: str) -> list[Row]:
    """Nothing where there is no browser: that row is of who has one."""
    program = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only this row needs a browser)
    except ImportError:
        return []
    if program is None:
        return []
    with sync_playwright() as playwright:
        # It does not run as root with its own sandbox, and what it visits is ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            _paint(browser, server)
            taken = Series(JETTISON, tuple(_paint(browser, server) for _ in range(scale.samples)))
        finally:
            browser.close()
    goal = _at_most(f"under {PAINTED:g} ms", taken.median, PAINTED, " ms")
    return [Row("console-paint", f"Chromium first paints the list {size}", "ms", (taken,), (goal,))]


_FIRST_PAINT = """() => new Promise(done => new PerformanceObserver(list => {
    const [first] = list.getEntriesByName("first-contentful-paint");
    if (first) done(first.startTime);
}).observe({type: "paint", buffered: true}))"""


def _paint(browser: Any, server: Server) -> float:
    """Of a visitor who was never there."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    try:
        page = context.new_page()
        page.goto("/")
        return float(page.evaluate(_FIRST_PAINT))
    finally:
        context.close()


def _at_most(text: str, reached: float, bound: float, unit: str) -> Goal:
    return Goal(text, reached, bound, at_most=True, unit=unit)
