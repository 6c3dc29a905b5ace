"""The console: pages for people, over the same rules as the API."""

from __future__ import annotations
