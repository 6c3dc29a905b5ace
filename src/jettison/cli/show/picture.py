"""Where the bytes are, as a picture: an SVG file, or the same in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from jettison.cli.show.treemap import Rectangle, squarified
from jettison.cli.sizes import short_size

if TYPE_CHECKING:
    from rich.text import Text

    from jettison.cli.space import Used

WIDTH: Final = 1200
HEIGHT: Final = 720
LETTER: Final = 7.2
"""Units of the width of a letter of 12 units' size, in a font of fixed width."""

COLOURS: Final = ("#4e79a7", "#f28e2b", "#59a14f", "#b6992d", "#76b7b2", "#e15759", "#9c755f", "#b07aa1")
_SMALLEST: Final = 0.0005
"""Of the whole: what is smaller is drawn together as one."""


def drawn(used: Sequence[Used]) -> list[tuple[str, int, int]]:
    """What the picture shows: name, size and exclusive bytes, the largest first, the smallest together as one."""
    sized = [(each.name, each.exclusive + each.shared, each.exclusive) for each in used if each.exclusive + each.shared]
    sized.sort(key=lambda each: (-each[1], each[0]))
    least = sum(size for _, size, _ in sized) * _SMALLEST
    large = [each for each in sized if each[1] >= least]
    small = sized[len(large) :]
    if small:
        rest = (f"{len(small)} more", sum(each[1] for each in small), sum(each[2] for each in small))
        large = sorted([*large, rest], key=lambda each: -each[1])
    return large


def svg(title: str, used: Sequence[Used]) -> str:
    """The picture as an SVG document; the darker part of each rectangle is what only it has."""
    shown = drawn(used)
    top = 28
    places = squarified([size for _, size, _ in shown], Rectangle(0, top, WIDTH, HEIGHT - top))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<style>text { font: 12px ui-monospace, monospace }</style>",
        f"<title>{escape(title)}</title>",
        f'<text x="4" y="18">{escape(title)}</text>',
    ]
    for number, ((name, size, exclusive), place) in enumerate(zip(shown, places, strict=True)):
        lines += _rectangle(name, size, exclusive, place, COLOURS[number % len(COLOURS)])
    return "\n".join([*lines, "</svg>"])


def _rectangle(name: str, size: int, exclusive: int, place: Rectangle, colour: str) -> list[str]:
    dark = place.height * exclusive / size
    said = f"{name}: {short_size(size)}, {short_size(exclusive)} of it exclusive"
    lines = [
        f"<g><title>{escape(said)}</title>",
        f'<rect {_box(place)} fill="{colour}" fill-opacity="0.55" stroke="white"/>',
        f'<rect {_box(Rectangle(place.x, place.y + place.height - dark, place.width, dark))} fill="{colour}"/>',
    ]
    letters = int((place.width - 8) / LETTER)
    if letters >= 4 and place.height >= 18:
        lines.append(f'<text x="{place.x + 4:.1f}" y="{place.y + 14:.1f}">{escape(_cut(name, letters))}</text>')
    if letters >= 8 and place.height >= 34:
        lines.append(f'<text x="{place.x + 4:.1f}" y="{place.y + 29:.1f}">{short_size(size)}</text>')
    return [*lines, "</g>"]


def _box(place: Rectangle) -> str:
    return f'x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}"'


def painted(used: Sequence[Used], width: int, height: int) -> list[Text]:
    """The picture for a terminal of `width` columns: lines of colour, or of borders where there are no colours."""
    from rich.text import Text

    shown = drawn(used)
    # A letter is about twice as high as it is wide.
    places = squarified([size for _, size, _ in shown], Rectangle(0, 0, width, height * 2))
    cells: list[list[tuple[str, str]]] = [[(" ", "")] * width for _ in range(height)]
    for number, ((name, size, _), place) in enumerate(zip(shown, places, strict=True)):
        _paint(cells, place, name, short_size(size), f"black on {COLOURS[number % len(COLOURS)]}")
    lines = []
    for row in cells:
        line = Text(no_wrap=True, overflow="ignore")
        for style, run in groupby(row, key=lambda cell: cell[1]):
            line.append("".join(letter for letter, _ in run), style)
        lines.append(line)
    return lines


def _paint(cells: list[list[tuple[str, str]]], place: Rectangle, name: str, size: str, style: str) -> None:
    left, right = round(place.x), round(place.x + place.width)
    top, bottom = round(place.y / 2), round((place.y + place.height) / 2)
    words = [name, size]
    for row in range(top, min(bottom, len(cells))):
        inner = right - left - 2
        text = f" {_cut(words[row - top], inner)}" if row - top < len(words) and inner >= 3 else ""
        # The last column is a border, which tells neighbours apart where there are no colours either.
        line = text.ljust(right - left - 1) + "│"
        for column in range(left, min(right, len(cells[0]))):
            cells[row][column] = (line[column - left], style)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: max(0, letters - 1)]}…"
