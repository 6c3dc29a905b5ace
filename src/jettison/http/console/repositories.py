"""The list of repositories: searched, sorted, in pages, with check boxes."""

from __future__ import annotations

from typing import Final

from jettison.http.console.page import page
from jettison.http.console.visit import Visit
from jettison.http.request import BadRequest
from jettison.http.response import Response
from jettison.oci.errors import quoted
from jettison.registry import overview
from jettison.registry.overview import Listing, Sort, Summary

A_PAGE: Final = 50

COLUMNS: Final = (
    (Sort.NAME, "Repository", ""),
    (Sort.EXCLUSIVE, "Its own", "number"),
    (Sort.SHARED, "Shared", "number"),
    (Sort.VERSIONS, "Versions", "number"),
    (Sort.PUSHED, "Last push", ""),
    (Sort.PULLED, "Last pull", ""),
)


async def get(visit: Visit) -> Response:
    """Needs the catalog. The repositories that one may pull; of an empty registry, how to push the first image."""
    edge, caller = visit.request.edge, visit.request.caller
    asked = _asked(visit)
    listed = await edge.run(lambda: overview.repositories(edge.registry, asked, caller))
    largest = max((each.exclusive + each.shared for each in listed.repositories), default=0)
    return page(
        visit,
        "repositories.html",
        listed=listed,
        most_counted=overview.MOST_COUNTED,
        asked=asked,
        columns=[(sort, title, shape, _direction(asked, sort)) for sort, title, shape in COLUMNS],
        bars={each.name: _bar(each, largest) for each in listed.repositories},
        empty=not (listed.repositories or asked.search or asked.after),
    )


def _asked(visit: Visit) -> Listing:
    fields = visit.fields
    sort, order = fields.one("sort") or Sort.NAME.value, fields.one("order")
    if sort not in {each.value for each in Sort}:
        raise BadRequest(f"{quoted(sort)} is nothing that repositories are sorted by")
    if order not in ("", "up", "down"):
        raise BadRequest("order is up or down")
    descending = {"up": False, "down": True}.get(order)
    return Listing(fields.one("q"), Sort(sort), descending, A_PAGE, fields.one("after"))


def _direction(asked: Listing, sort: Sort) -> tuple[str, str]:
    """How the list is sorted by this now (as ARIA says it), and what a click on its title asks for."""
    if asked.sort is not sort:
        return "", ""
    return ("descending", "up") if asked.downwards else ("ascending", "down")


def _bar(each: Summary, largest: int) -> tuple[float, float]:
    """The widths, of a hundred, of what it has alone and of what others have too."""
    if not largest:
        return 0.0, 0.0
    return round(100 * each.exclusive / largest, 1), round(100 * each.shared / largest, 1)
