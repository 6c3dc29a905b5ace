"""The storage that a contract test gets, once for each backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.blobs.store import Blobs
from tests.blobs.backends import BACKENDS, Backend, Opener


@pytest.fixture(params=[pytest.param(each, id=each.name, marks=[pytest.mark.needs(*each.needs)]) for each in BACKENDS])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the test's storage anew, as if the process before had been killed."""
    backend: Backend = request.param
    opened: list[Blobs] = []
    opener = backend.storage(tmp_path, request)

    def open_anew() -> Blobs:
        opened.append(opener())
        return opened[-1]

    yield open_anew
    for blobs in opened:
        blobs.close()


@pytest.fixture
def blobs(reopen: Opener) -> Blobs:
    """An empty storage."""
    return reopen()
