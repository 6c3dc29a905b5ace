"""From CNCF distribution and back: its tree adopted where it lies, and a tree made that it serves."""

from __future__ import annotations
