"""The command `jettison`, one verb a file."""

from __future__ import annotations
