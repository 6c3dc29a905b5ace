"""What a request does to a repository, and so what its sender must be allowed."""

from __future__ import annotations

from enum import Enum


class Action(Enum):
    """One of the things that can be granted. Every route names the one it needs."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    ADMIN = "admin"
    CATALOG = "catalog"
    NOTHING = "nothing"
