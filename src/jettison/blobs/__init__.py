"""The only bytes at rest: a small protocol (`store`) and the backends that fulfil it."""

from __future__ import annotations
