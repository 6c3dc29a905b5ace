"""What a test of crashes gets: the folder of a registry, empty as often as it asks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.place import MEMORY, database_url, empty, shared_url

__all__ = ["database_url", "shared_url"]


@pytest.fixture
def fresh(database_url: str | None) -> Iterator[Callable[[], Path]]:
    """Makes the place of a registry empty, its PostgreSQL database too, and answers its folder."""
    folder = Path(tempfile.mkdtemp(prefix="jettison-steps-", dir=MEMORY if MEMORY.is_dir() else None))

    def emptied() -> Path:
        shutil.rmtree(folder)
        folder.mkdir()
        if database_url is not None:
            empty(database_url)
        return folder

    yield emptied
    shutil.rmtree(folder)
