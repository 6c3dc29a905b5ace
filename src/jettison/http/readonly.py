"""A registry that is read only: which requests it takes, and what it says to the others.

It sweeps as it always does: what a deletion took before, or an upload has left, goes when its time is over. A dry run
is refused like the deletion that it foretells, as where deletion is disabled: what it promises could not be done.
"""

from __future__ import annotations

from jettison.http.request import Request
from jettison.oci.errors import Unsupported

READING = ("GET", "HEAD", "OPTIONS")
SETTING = "storage.maintenance.readonly.enabled"


def check(request: Request) -> None:
    """Where the registry is read only, let only requests pass that read. Raises Unsupported for any other.

    Asked by both tables of routes once the path is known: no handler has to think of it.
    """
    if not request.edge.registry.rules.read_only:
        return
    request.allowed = [method for method in request.allowed if method in READING]
    if request.method not in READING:
        raise Unsupported(
            f"{request.method} is refused: this registry is read only, since {SETTING} is true in its settings; "
            "reading works"
        )
