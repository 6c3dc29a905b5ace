"""Jettison: a container image registry on which deletion works."""

from __future__ import annotations

__version__ = "0.1.0"
