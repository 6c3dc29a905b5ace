"""A document against the vocabulary: what of it is served, and what is to be said about the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel

from jettison.settings import treatment
from jettison.settings.document import Node, below
from jettison.settings.findings import Origin, Report
from jettison.settings.known import VOCABULARY
from jettison.settings.nearest import nearest_path
from jettison.settings.schema import Settings
from jettison.settings.shapes import Many, Named, Section, Shape, Single, paths

# Of these no key is passed over: who mistypes the name of a lock must not find the door open.
_STRICT = re.compile(r"jettison\..*|auth\.[^.]*|auth\.jettison\..*", re.DOTALL).fullmatch
_NUMBER = re.compile(r"\[[0-9]+\]")


@dataclass(slots=True)
class Survey:
    """Goes through a document.

    `origins` says of each path that is served, sections too, where it was written; `unread` are the sections that could
    not be read, and were refused.
    """

    report: Report
    origins: dict[str, Origin] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def of(self, root: Node) -> dict[str, Any]:
        """The values of `root` that are served, nested, every scalar as text; nulls are left out."""
        _move_loglevel(root, self.report)
        return self._section(root, VOCABULARY, Settings, "")

    def _section(self, node: Node, shape: Section, model: type[BaseModel] | None, path: str) -> dict[str, Any]:
        entries = shape.entries(node)
        if entries is None:
            self.report.refuse(node.origin, path, "is a section: write its keys below it, each as `key: value`")
            self.unread.add(path)
            return {}
        taken = {}
        for key, child in entries.items():
            where = below(path, key)
            inner = shape.keys.get(key)
            if inner is None:
                self._unknown(child, where)
            elif model is not None and key in model.model_fields:
                value = self._value(child, inner, model_inside(model.model_fields[key].annotation), where)
                if value is not None:
                    taken[key] = value
            else:
                self._not_served(child, inner, where)
        return taken

    def _value(self, node: Node, shape: Shape, model: type[BaseModel] | None, path: str) -> Any:
        value = node.value
        if isinstance(shape, Section):
            self.origins[path] = node.origin
            return self._section(node, shape, model, path)
        if value is None:
            return None
        self.origins[path] = node.origin
        if isinstance(shape, Named) and isinstance(value, dict):
            taken = {name: self._value(child, shape.value, None, below(path, name)) for name, child in value.items()}
            return {name: each for name, each in taken.items() if each is not None}
        if isinstance(shape, Many) and isinstance(value, list):
            items = [self._value(child, shape.item, model, below(path, index)) for index, child in enumerate(value)]
            return tuple("" if item is None else item for item in items)
        if isinstance(shape, Single) and isinstance(value, str):
            return value
        self.report.refuse(node.origin, path, f"takes {_EXPECTED[type(shape)]}")
        return None

    def _unknown(self, node: Node, path: str) -> None:
        meant = nearest_path(generic(path), list(paths(VOCABULARY)))
        hint = f"; the nearest is {meant}" if meant else ""
        if _STRICT(path):
            self.report.refuse(node.origin, path, f"no such setting: remove it{hint}")
        else:
            self.report.warn(node.origin, path, f"is no known setting and has no effect{hint}")

    def _not_served(self, node: Node, shape: Shape, path: str) -> None:
        key = generic(path)
        if key in treatment.NO_EFFECT:
            self.report.warn(node.origin, path, f"has no effect: {treatment.NO_EFFECT[key]}")
        elif key in treatment.SAME:
            self._same(node, treatment.SAME[key], path)
        elif treatment.has_exceptions(key) and isinstance(shape, Section):
            self._section(node, shape, None, path)
        elif treatment.says_nothing(node, key):
            return
        elif lacking := treatment.lacks(node, key):
            self.report.warn(node.origin, path, f"has no effect without `{lacking}`, as with distribution")
        else:
            for origin in _writers(node):
                self.report.refuse(origin, path, treatment.refusal(key))

    def _same(self, node: Node, same: treatment.Same, path: str) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, str):
            self.report.refuse(node.origin, path, f"takes {_EXPECTED[Single]}")
            return
        try:
            differs = same.read(node.value) != same.value
        except ValueError as error:
            self.report.refuse(node.origin, path, str(error))
            return
        if differs:
            self.report.refuse(node.origin, path, treatment.refusal(generic(path)))


def _move_loglevel(root: Node, report: Report) -> None:
    """`loglevel`, the older word for `log.level`, stands in for it, as in distribution, where that is not given."""
    if not isinstance(root.value, dict):
        return
    older = root.value.pop("loglevel", None)
    if older is None or older.value is None:
        return
    log = root.value.setdefault("log", Node(None, older.origin))
    if log.value is None:
        log.value = {}
    if not isinstance(log.value, dict):
        return
    level = log.value.setdefault("level", older)
    if level.value is None:
        log.value["level"] = older
    elif level is not older:
        report.warn(older.origin, "loglevel", "has no effect: `log.level` is given as well")


_EXPECTED: dict[type[Shape], str] = {
    Single: "one value, not a list or a section",
    Many: "a list: write it as [first, second]",
    Named: "a section of names, each with its value: write each as `name: value`",
}


def model_inside(annotation: object) -> type[BaseModel] | None:
    """The section's model that a field holds: itself, or None, or many; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := model_inside(inner)) is not None), None)


def generic(path: str) -> str:
    """A path as the vocabulary has it: without the numbers of items."""
    return _NUMBER.sub("[]", path)


def _writers(node: Node) -> list[Origin]:
    """Where a node was written: its own origin, and each variable that wrote something inside it."""
    inside = (origin for origin in written(node) if origin.line is None)
    return list(dict.fromkeys((node.origin, *inside)))


def written(node: Node) -> Iterator[Origin]:
    """Where a node, and all inside it, were written."""
    yield node.origin
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from written(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from written(child)
