"""The server: one process, one data folder, one address."""

from __future__ import annotations

from jettison.server.errors import ServeError
from jettison.server.serving import Site, serve

__all__ = ["ServeError", "Site", "serve"]
