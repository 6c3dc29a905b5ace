"""A treemap: rectangles whose areas are as their sizes, as near to squares as they can be laid in order of size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SMALLEST: Final = 0.0008
"""Of the whole area: what is smaller cannot be seen, and is summed up."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a rectangle stands for: ``kind`` is a class of the style sheet; ``path`` leads to it, or is empty."""

    title: str
    size: int
    kind: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A block in its place."""

    block: Block
    x: float
    y: float
    width: float
    height: float


def lay(blocks: Sequence[Block], width: float, height: float) -> list[Rectangle]:
    """The blocks in a rectangle of that size, the largest first; the smallest of them as one."""
    total = sum(block.size for block in blocks)
    if total <= 0:
        return []
    seen = [block for block in blocks if block.size >= SMALLEST * total]
    rest = total - sum(block.size for block in seen)
    ordered = sorted(seen, key=lambda block: -block.size)
    if rest > 0:
        ordered.append(Block(f"{len(blocks) - len(seen)} smaller", rest, "other"))
    scale = width * height / total
    placed: list[Rectangle] = []
    x = y = 0.0
    while ordered:
        row = _row(ordered, scale, min(width, height))
        area = sum(block.size for block in row) * scale
        along = width < height
        depth = area / (width if along else height)
        at = 0.0
        for block in row:
            length = block.size * scale / depth
            place = (x + at, y, length, depth) if along else (x, y + at, depth, length)
            placed.append(Rectangle(block, *(round(each, 1) for each in place)))
            at += length
        if along:
            y, height = y + depth, height - depth
        else:
            x, width = x + depth, width - depth
        ordered = ordered[len(row) :]
    return placed


def _row(blocks: Sequence[Block], scale: float, side: float) -> list[Block]:
    """As many of the first as, laid along that side, are nearer to squares together than with one more."""
    row = [blocks[0]]
    for block in blocks[1:]:
        if _worst([*row, block], scale, side) > _worst(row, scale, side):
            break
        row.append(block)
    return row


def _worst(row: Sequence[Block], scale: float, side: float) -> float:
    """The longest of the row, by how much longer one side is than the other."""
    area = sum(block.size for block in row) * scale
    depth = area / max(side, 0.001)
    lengths = [block.size * scale / max(depth, 0.001) for block in row]
    return max(max(length / max(depth, 0.001), depth / max(length, 0.001)) for length in lengths)
