"""Who asked for something, and how: what events tell of the request behind a change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A request, as CNCF distribution's events describe it; what is not known is empty.

    ``address`` is the client's, ``addr`` the same with its port where no proxy stands between; ``host`` the one it
    asked for. ``base`` is what a URL of this registry begins with, as that client reached it, up to the slash before
    ``v2``. ``actor`` is the caller's name.
    """

    id: str = ""
    address: str = ""
    addr: str = ""
    host: str = ""
    method: str = ""
    useragent: str = ""
    base: str = ""
    actor: str = ""


NOBODY = Origin()
"""No request: a command beside the server asked, or nothing is told of who did."""
