from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.command import run
from tests.support.parts import ROOT

pytestmark = pytest.mark.timeout(300)

BIN = Path(sys.executable).parent


def test_the_style_is_kept() -> None:
    """Ruff finds nothing to object to in the whole tree, and nothing to lay out anew."""
    run([str(BIN / "ruff"), "check", "--no-cache", "."], cwd=ROOT)
    run([str(BIN / "ruff"), "format", "--check", "--no-cache", "."], cwd=ROOT)


@pytest.mark.slow
def test_the_types_hold() -> None:
    """Mypy, strict, finds nothing to object to in the package and its tests."""
    run([str(BIN / "mypy")], cwd=ROOT, seconds=250)


def test_imports_go_one_way() -> None:
    """Every contract on who may import whom is kept."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run([str(BIN / "lint-imports"), "--no-cache"], cwd=ROOT, environ=environ)


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    """A file of the package is a noun: none is longer than 400 lines."""
    assert len(path.read_text().splitlines()) <= 400
