"""The shapes that a vocabulary is made of: which keys a document may have, and what stands below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jettison.settings.document import Node, below


@dataclass(frozen=True, slots=True)
class Section:
    """A map of known keys. `named`: a bare word stands for the entry of that name (`storage: filesystem`).

    `variables` are the keys that are spelled otherwise in the names of environment variables.
    """

    keys: Mapping[str, Shape]
    named: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    def variable(self, key: str) -> str:
        """The key as the name of an environment variable spells it."""
        return self.variables.get(key, key.upper())

    def entries(self, node: Node) -> dict[str, Node] | None:
        """What a node holds as this section: nothing for a null; None where it cannot be a section."""
        if node.value is None:
            return {}
        if isinstance(node.value, str) and self.named:
            return {node.value: Node(None, node.origin)}
        return node.value if isinstance(node.value, dict) else None


@dataclass(frozen=True, slots=True)
class Named:
    """A map whose keys are free names, each with a value of one shape."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Many:
    """A list whose items have one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Single:
    """One value."""


@dataclass(frozen=True, slots=True)
class Free:
    """Whatever it holds, nobody names it beforehand."""


Shape: TypeAlias = "Section | Named | Many | Single | Free"


def paths(section: Section, path: str = "") -> Iterator[str]:
    """Every key of a section, dotted, those of a list's items too (`endpoints[].url`), down to free names."""
    for key, shape in section.keys.items():
        where = below(path, key)
        yield where
        if isinstance(shape, Many) and isinstance(shape.item, Section):
            yield from paths(shape.item, f"{where}[]")
        elif isinstance(shape, Section):
            yield from paths(shape, where)


def variables(section: Section, prefix: str = "REGISTRY") -> Iterator[str]:
    """The environment variable of each of those keys, a list's by its first item."""
    for key, shape in section.keys.items():
        name = f"{prefix}_{section.variable(key)}"
        yield name
        if isinstance(shape, Many) and isinstance(shape.item, Section):
            yield from variables(shape.item, f"{name}_0")
        elif isinstance(shape, Section):
            yield from variables(shape, name)
