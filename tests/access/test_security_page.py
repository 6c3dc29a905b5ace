"""docs/security.md: every past bug has a row, and every test that it names exists."""

from __future__ import annotations

import re

import pytest

from tests.support.parts import ROOT
from tests.test_docs import names_below

PAGE = ROOT / "docs" / "security.md"
BUGS = (
    *("CVE-2023-2253", "CVE-2025-24976", "CVE-2021-41190", "CVE-2024-39897", "CVE-2026-27771", "CVE-2025-68944"),
    *("CVE-2026-31801", "GHSA-c9p4-xwr9-rfhx", "CVE-2026-41888", "CVE-2026-35172", "CVE-2026-32589", "CVE-2022-31667"),
    *("CVE-2024-22278", "CVE-2026-4404", "CVE-2024-4956", "CVE-2024-3727", "CVE-2026-33540", "CVE-2026-2376"),
)


def rows() -> list[list[str]]:
    """The cells of each row that is about a past bug."""
    table = PAGE.read_text("utf-8").partition("| our test |\n|---|---|---|---|\n")[2]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("bug", BUGS)
def test_a_past_bug_has_a_row_and_a_test_of_its_name(bug: str) -> None:
    """Whoever looks for it finds what it was, and what shows that it is not here."""
    [row] = [row for row in rows() if row[0].startswith(bug)]
    assert f"test_{bug.lower().replace('-', '_')}" in row[-1]


def test_every_test_that_the_page_names_exists() -> None:
    """A test that was renamed takes its row along; every row names one."""
    named = [re.findall(r"`(test_\w+)`", row[-1]) for row in rows()]
    assert all(named)
    assert {name for names in named for name in names} - names_below(ROOT / "tests") == set()


def test_every_file_that_the_page_names_exists() -> None:
    """And files as well."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text("utf-8")))
    assert named
    assert {name for name in named if not (ROOT / name).is_file()} == set()
