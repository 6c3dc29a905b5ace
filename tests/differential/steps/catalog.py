"""The catalog and its pages, in registries that hold nothing else."""

from __future__ import annotations

from tests.differential.ask import Steps
from tests.differential.world import World, push
from tests.support.content import image

PLAIN = tuple(f"c{number:03}" for number in range(110))
BELOW = ("m", "m/a", "m/a/b", "m/b", "m-a", "m.a", "m0", "m_a", "n/a", "o")
"""Names that lie below one another, which the two registries put in different orders."""

NUMBERS = ("1", "2", "7", "99", "100", "101", "109", "110", "120", "1000")
LASTS = (
    "",
    "c",
    "c000",
    "c0005",
    "c050",
    "c108",
    "c109",
    "c999",
    "a",
    "m",
    "m/a",
    "m-a",
    "m.",
    "m/",
    "n",
    "o",
    "z",
    "UPPER",
    "%00",
)


def of_plain_names(world: World) -> Steps:
    """Names that any order puts in the same place: all of them, and pages of every size from every place."""
    for name in PLAIN:
        world.blobs[name], world.drafts[name], world.tags[name] = [], [], {}
        yield from push(world, name, image(config=b"{}"), "v1")
    yield world.ask("GET", "/v2/_catalog")
    yield from _ask_for_pages(world, LASTS)


def of_names_below_others(world: World) -> Steps:
    """The same with names that lie below one another."""
    for name in BELOW:
        world.blobs[name], world.drafts[name], world.tags[name] = [], [], {}
        yield from push(world, name, image(config=b"{}"), "v1")
    yield world.ask("GET", "/v2/_catalog?n=1000")
    yield from _ask_for_pages(world, LASTS)


def _ask_for_pages(world: World, lasts: tuple[str, ...]) -> Steps:
    for number in (*NUMBERS, "0", "x", "-1", "1001", ""):
        for last in world.rng.sample(lasts, 6):
            yield world.ask("GET", f"/v2/_catalog?n={number}&last={last}")
    yield from _follow(world, "/v2/_catalog?n=17")


def _follow(world: World, target: str) -> Steps:
    """Page after page, as long as both say that there is one, and the same."""
    for _ in range(20):
        exchange = yield world.ask("GET", target)
        link = exchange.ours.aspects.get("link")
        if not isinstance(link, tuple) or link != exchange.theirs.aspects.get("link"):
            return
        target = f"{link[0]}?" + "&".join(f"{name}={value}" for name, value in link[1])
