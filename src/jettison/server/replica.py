"""What a process is called among those that are one registry."""

from __future__ import annotations

import os
import re

from jettison.settings import Settings

_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")


def replica(settings: Settings) -> str | None:
    """Its name; None where it is alone: it has none, and shares no bucket."""
    own = settings.jettison.replica
    if own is not None or settings.storage.s3 is None:
        return own
    return _FOREIGN.sub("-", os.uname().nodename) or "replica"
