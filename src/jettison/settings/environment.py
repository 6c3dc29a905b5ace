"""Environment variables laid over a document, by distribution's rules.

`REGISTRY_HTTP_ADDR` is `http.addr`: each underscore goes one level down. A value is YAML and replaces all that stood
at its path, so `REGISTRY_STORAGE=filesystem` replaces the whole section. Names are taken in their sorted order: what
is more specific comes later. An item of a list is named by its number, counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TypeAlias

from jettison.settings.document import Node, below, parse
from jettison.settings.findings import Origin, Report
from jettison.settings.known import VOCABULARY
from jettison.settings.nearest import nearest_variable
from jettison.settings.shapes import Free, Many, Named, Section, Shape, variables

PREFIX = "REGISTRY_"
CONFIGURATION_PATH = "REGISTRY_CONFIGURATION_PATH"
_OURS = "REGISTRY_JETTISON_"
_LONGEST_INDEX = 4

Step: TypeAlias = str | int


class _Misplaced(Exception):
    pass


def overlay(root: Node, environ: Mapping[str, str], report: Report) -> None:
    """Write every `REGISTRY_*` variable into the document `root`.

    A variable that names no key is a notice, since orchestrators inject such; below `REGISTRY_JETTISON_` a finding.
    """
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        if name == CONFIGURATION_PATH:
            continue
        origin = Origin(name)
        steps = locate(name)
        if steps is None:
            _unknown(name, origin, report)
        elif steps == ["version"]:
            report.warn(origin, "version", "has no effect: the version is that of the file")
        else:
            _apply(root, steps, environ[name], origin, report)


def locate(name: str) -> list[Step] | None:
    """The path that a variable's name spells; free names as spelled. None where no key is meant."""
    return _steps(VOCABULARY, name.split("_")[1:])


def _steps(shape: Shape, parts: Sequence[str]) -> list[Step] | None:
    if not parts or isinstance(shape, Free):
        return []
    if isinstance(shape, Section):
        # A few keys hold underscores themselves: the longest spelling that leads anywhere is meant.
        for end in range(len(parts), 0, -1):
            spelled = "_".join(parts[:end])
            for key, inner in shape.keys.items():
                if shape.variable(key) == spelled and (rest := _steps(inner, parts[end:])) is not None:
                    return [key, *rest]
    elif isinstance(shape, Named) and parts[0]:
        rest = _steps(shape.value, parts[1:])
        return None if rest is None else [parts[0], *rest]
    elif isinstance(shape, Many) and parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= _LONGEST_INDEX:
        rest = _steps(shape.item, parts[1:])
        return None if rest is None else [int(parts[0]), *rest]
    return None


def _unknown(name: str, origin: Origin, report: Report) -> None:
    known = nearest_variable(name, PREFIX, list(variables(VOCABULARY)))
    hint = f"; the nearest is {known}" if known else ""
    if name.startswith(_OURS):
        report.refuse(origin, "", f"no such setting: unset it{hint}")
    else:
        report.warn(origin, "", f"names no setting and has no effect{hint}")


def _apply(root: Node, steps: list[Step], text: str, origin: Origin, report: Report) -> None:
    path = reduce(below, steps, "")
    node = parse(text, lambda _: origin, report, path)
    if node is None:
        return
    try:
        _put(root, VOCABULARY, steps, node)
    except _Misplaced as misplaced:
        report.refuse(origin, path, str(misplaced))


def _put(holder: Node, shape: Shape, steps: list[Step], node: Node) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        entry = _item(holder, step, node.origin)
        inner = shape.item if isinstance(shape, Many) else Free()
    else:
        key = step if isinstance(shape, Section) else _free_name(holder, step, inside=bool(rest))
        entry = _entry(holder, shape, key, node.origin)
        inner = _inner(shape, key)
    if rest:
        _put(entry, inner, rest, node)
    else:
        entry.value, entry.origin = node.value, node.origin


def _inner(shape: Shape, key: str) -> Shape:
    if isinstance(shape, Section):
        return shape.keys[key]
    return shape.value if isinstance(shape, Named) else Free()


def _free_name(holder: Node, spelled: str, *, inside: bool) -> str:
    # Distribution goes inside an entry whatever the case of its name, but writes a whole entry under its name in
    # lower case: a header that the file gives as X-A is then sent twice.
    present = holder.value if inside and isinstance(holder.value, dict) else {}
    return next((key for key in present if key.upper() == spelled), spelled.lower())


def _entry(holder: Node, shape: Shape, key: str, origin: Origin) -> Node:
    free = {} if holder.value is None else holder.value
    entries = shape.entries(holder) if isinstance(shape, Section) else free
    if not isinstance(entries, dict):
        raise _Misplaced(f"sets something inside a section, but {holder.origin} gives no section there: change one")
    holder.value = entries
    return entries.setdefault(key, Node(None, origin))


def _item(holder: Node, index: int, origin: Origin) -> Node:
    items = [] if holder.value is None else holder.value
    if not isinstance(items, list):
        raise _Misplaced(f"sets an item of a list, but {holder.origin} gives no list there: change one")
    if index > len(items):
        raise _Misplaced(f"sets item {index} of a list that has {len(items)}, counted from 0: the next is {len(items)}")
    holder.value = items
    if index == len(items):
        items.append(Node(None, origin))
    return items[index]
