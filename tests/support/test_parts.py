from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run
from tests.support.parts import PARTS, ROOT, Part, find, program

pytestmark = pytest.mark.slow

NEEDY = """
import pytest
from tests.support import parts

parts.PARTS["warp-drive"] = parts.Part(("warp-drive",), "ask the shipyard")

def test_plain(): pass

@pytest.mark.needs("warp-drive")
def test_needy(): raise AssertionError("must never run")
"""
SHY = """
import pytest

def test_shy(): pytest.skip("not today")
"""
MISSPELT = """
import pytest

@pytest.mark.needs("wrap-drive")
def test_needy(): pass
"""
FIRST_AND_LAST = """
import pytest

@pytest.mark.needs("python")
def test_with_a_part(): pass

def test_alone(): pass
"""


def pytest_on(code: str, folder: Path, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run pytest on a file of its own, with the hooks of this project."""
    file = folder / "test_sample.py"
    file.write_text(code)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "CI": "true" if ci else ""}
    environ.pop("PYTEST_ADDOPTS", None)
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "pytest_timeout", "-p", "tests.conftest"]
    command += ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(file)]
    return run(command, environ=environ, cwd=folder, check=False)


def test_a_missing_part_is_a_skip_that_says_how_to_get_it(tmp_path: Path) -> None:
    """The test is skipped, and the end of the output names the part and what to run."""
    done = pytest_on(NEEDY, tmp_path, ci=False)

    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert "parts missing" in done.stdout
    assert "\nwarp-drive: warp-drive not found; ask the shipyard\n" in done.stdout


def test_in_ci_a_missing_part_is_a_failure(tmp_path: Path) -> None:
    """With CI=true the same test fails, and the part is named just so."""
    done = pytest_on(NEEDY, tmp_path, ci=True)

    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout
    assert "\nwarp-drive: warp-drive not found; ask the shipyard\n" in done.stdout


def test_in_ci_any_skip_is_a_failure(tmp_path: Path) -> None:
    """With CI=true a test may not leave itself out."""
    assert pytest_on(SHY, tmp_path, ci=False).returncode == 0

    done = pytest_on(SHY, tmp_path, ci=True)

    assert done.returncode == 1
    assert "was skipped, which CI=true forbids: Skipped: not today" in done.stdout


def test_in_ci_a_file_may_not_skip_itself(tmp_path: Path) -> None:
    """With CI=true a file that is skipped as a whole is an error."""
    code = "import pytest\npytest.importorskip('no_such_module', reason='gone')\n"

    done = pytest_on(code, tmp_path, ci=True)

    assert done.returncode != 0
    assert "was skipped, which CI=true forbids" in done.stdout


def test_a_misspelt_part_is_an_error(tmp_path: Path) -> None:
    """A part that is not in the table stops the run, or its test would never run anywhere."""
    done = pytest_on(MISSPELT, tmp_path, ci=False)

    assert done.returncode != 0
    assert "needs wrap-drive" in done.stdout + done.stderr


def test_tests_without_parts_run_first(tmp_path: Path) -> None:
    """What needs nothing is the quickest to know."""
    code = "from tests.support import parts\nparts.PARTS['python'] = parts.Part(('python3',), '')\n" + FIRST_AND_LAST

    done = pytest_on(code, tmp_path, ci=False)

    assert "2 passed" in done.stdout
    assert done.stdout.index("::test_alone") < done.stdout.index("::test_with_a_part")


def test_a_program_nobody_has_is_not_found() -> None:
    """Looking for it answers None; using it says what to do."""
    assert find("no-such-program") is None
    with pytest.raises(LookupError, match=r"pytest\.mark\.needs"):
        program("no-such-program")


@pytest.mark.parametrize("name", PARTS)
def test_every_part_says_how_to_get_it(name: str) -> None:
    """Each entry of the table has programs and a way to them."""
    part = PARTS[name]

    assert part.programs
    assert "make parts" in part.get


def test_a_part_for_root_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that only root can use counts as missing for others."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert Part(("sh",), "", root=True).missing() == "sh needs root; run the tests as root"
    assert Part(("sh",), "").missing() is None
