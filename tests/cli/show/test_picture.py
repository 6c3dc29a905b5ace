from __future__ import annotations

from xml.etree import ElementTree as ET

from jettison.cli.show.picture import painted, svg
from jettison.cli.space import Used

USED = [
    Used("team/<app>", 700, 300),
    Used("other", 100, 0),
    Used("empty", 0, 0),
    *(Used(f"t{n}", 0, 1) for n in range(99)),
]


def test_names_that_look_like_markup_are_text() -> None:
    """The document can be read, whatever a repository is called."""
    titles = [each.text or "" for each in ET.fromstring(svg("a & b", USED)).iter("{http://www.w3.org/2000/svg}title")]  # noqa: S314
    assert titles[0] == "a & b"
    assert titles[1].startswith("team/<app>: 1.0 kB, 700 bytes of it exclusive")


def test_what_is_too_small_to_see_is_drawn_as_one() -> None:
    """Rectangles that nobody could see are summed up; what has no bytes is not drawn."""
    many = [Used("large", 10**9, 0), *(Used(f"t{number}", 1, 0) for number in range(99))]
    document = svg("x", many)
    assert "99 more: 99 bytes" in document
    assert "empty" not in svg("x", USED)


def test_a_terminal_gets_whole_lines() -> None:
    """Every line is as wide as the terminal, and there are as many as there is place for."""
    lines = painted(USED, 60, 12)
    assert [len(line.plain) for line in lines] == [60] * 12
    assert any("team/<app>" in line.plain for line in lines)


def test_of_nothing_there_is_an_empty_picture() -> None:
    """A registry without bytes is no error."""
    assert [line.plain.strip() for line in painted([], 20, 3)] == ["", "", ""]
    assert ET.fromstring(svg("x", [])).tag.endswith("svg")  # noqa: S314
