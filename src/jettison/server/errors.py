"""Why a registry cannot be served."""

from __future__ import annotations


class ServeError(Exception):
    """The registry cannot be served. The message names the cause and what to do about it."""
