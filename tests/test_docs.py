"""The pages of the design name tests: every one of them exists, and every race has its entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DESIGN = ROOT / "docs" / "design"


def names_below(folder: Path) -> set[str]:
    """The names of the tests in a folder."""
    return {
        name
        for file in folder.rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }


def named(page: str) -> set[str]:
    """The names of tests that a page gives."""
    return set(re.findall(r"`(test_\w+)`", (DESIGN / page).read_text("utf-8")))


@pytest.mark.parametrize("page", ["invariants.md", "races.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    """A test that was renamed takes its entry along."""
    assert named(page)
    assert named(page) - names_below(ROOT / "tests") == set()


def test_every_race_has_an_entry() -> None:
    """A race that has a test is explained."""
    assert names_below(ROOT / "tests" / "races") - named("races.md") == set()


def test_every_entry_of_a_race_is_named_like_its_test() -> None:
    """Each says what goes wrong elsewhere, why it can't here, and which test shows it, by its own name."""
    entries = re.split(r"^### ", (DESIGN / "races.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    races = names_below(ROOT / "tests" / "races")
    for entry in entries:
        heading, _, text = entry.partition("\n")
        assert "\n- elsewhere: " in text, heading
        assert "\n- here: " in text, heading
        found = re.findall(r"`(test_\w+)`", text)
        assert found, heading
        slug = "_".join(re.findall(r"[a-z0-9]+", heading.lower().replace(" x ", " meets ").replace("'", "")))
        assert f"test_{slug}" in found or not races & set(found), heading


def links() -> list[tuple[str, str]]:
    """Every link to a file of the project, with the page it stands on."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return sorted(
        {
            (str(page.relative_to(ROOT)), target)
            for page in pages
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        }
    )


@pytest.mark.parametrize(("page", "target"), links())
def test_every_link_leads_somewhere(page: str, target: str) -> None:
    """No page sends its reader to a file that is not there."""
    assert ((ROOT / page).parent / target).exists()
