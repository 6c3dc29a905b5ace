"""Space: where the disk went, as a picture; what comes back, and when; sweeping now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jettison.http.console.page import page
from jettison.http.console.treemap import Block, lay
from jettison.http.console.visit import Visit
from jettison.http.console.words import path, short
from jettison.http.response import Response
from jettison.registry import disk, sweeps
from jettison.registry.disk import Day, Disk

WIDTH: Final = 1000
HEIGHT: Final = 480
RUNS: Final = 10


async def get(visit: Visit) -> Response:
    """Needs admin. The picture of the disk."""
    edge = visit.request.edge
    found = await edge.run(lambda: disk.disk(edge.registry))
    status = await edge.run(lambda: sweeps.status(edge.registry, RUNS))
    return page(
        visit,
        "space.html",
        found=found,
        sweeping=status,
        rectangles=lay(_blocks(found), WIDTH, HEIGHT),
        width=WIDTH,
        height=HEIGHT,
        points=_line(found.days),
    )


async def post(visit: Visit) -> Response:
    """Needs admin. Sweep now."""
    await visit.sent()
    request = visit.request
    registry, origin, caller = request.edge.registry, request.origin, request.caller
    await request.edge.run(lambda: sweeps.sweep_for(registry, origin, caller))
    return visit.redirect("/console/space")


def _blocks(found: Disk) -> list[Block]:
    own = [
        Block(each.name, each.exclusive, "own", f"/console/repositories/{path(each.name)}")
        for each in found.repositories
        if each.exclusive
    ]
    shared = [
        Block(
            f"shared by {each.repositories}: {short(each.digest)}",
            each.size,
            "both",
            f"/console/why/{each.digest}",
        )
        for each in found.shared
        if each.size
    ]
    parts = found.bytes
    named = sum(block.size for block in own), sum(block.size for block in shared)
    rest = [
        Block("other repositories", max(0, parts.exclusive - named[0]), "own"),
        Block("shared by others", max(0, parts.shared - named[1]), "both"),
        Block("kept to undo", parts.undo, "undo", "/console/trash"),
        Block("garbage", parts.garbage, "garbage"),
        Block("uploads", parts.uploads, "uploads"),
    ]
    return [*own, *shared, *(block for block in rest if block.size)]


def _line(days: Sequence[Day]) -> str:
    """The points of the line of all bytes, in a square of a hundred; empty where there are no two days."""
    if len(days) < 2:
        return ""
    first, last = days[0].counted_at, days[-1].counted_at
    most = max(day.bytes.total for day in days) or 1
    along = max(last - first, 1)
    return " ".join(
        f"{100 * (day.counted_at - first) / along:.1f},{100 - 92 * day.bytes.total / most:.1f}" for day in days
    )
