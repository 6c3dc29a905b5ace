"""YAML read into nodes that remember where each value was written.

Scalars stay text: what `0.1`, `yes` or `5000` means is decided by the setting it is given to, not by its looks.
The document is built from parser events, with its size and depth bounded, since composing it whole follows
nesting with the C stack and expands aliases without end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from jettison.settings.findings import Origin, Report

MAXIMUM_BYTES = 1024 * 1024
MAXIMUM_NODES = 20_000
MAXIMUM_DEPTH = 32

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_NULL_TAG = "tag:yaml.org,2002:null"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Value: TypeAlias = "str | list[Node] | dict[str, Node] | None"


@dataclass(slots=True)
class Node:
    """A value as written (text, list, map, or None for YAML's null) and where."""

    value: Value
    origin: Origin


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def below(path: str, key: str | int) -> str:
    """The path of an entry (`http.addr`) or of an item (`clientcas[0]`) inside `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def read_document(path: Path, report: Report) -> Node | None:
    """Read a configuration file: a YAML map. None, and a finding in the report, where it is not one."""
    whole = Origin(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        report.refuse(whole, "", f"cannot be read: {(error.strerror or str(error)).lower()}")
        return None
    except UnicodeDecodeError as error:
        report.refuse(whole, "", f"is not UTF-8 text (byte {error.start})")
        return None
    except ValueError as error:
        report.refuse(whole, "", f"cannot be read: {error}")
        return None
    if len(content) > MAXIMUM_BYTES:
        report.refuse(whole, "", f"is larger than {MAXIMUM_BYTES} bytes: is it the configuration file?")
        return None
    root = parse(text, lambda line: Origin(str(path), line), report)
    if root is None:
        return None
    if not isinstance(root.value, dict):
        report.refuse(whole, "", "is not a map of settings: it begins with the line `version: 0.1`")
        return None
    return root


def parse(text: str, at: Callable[[int], Origin], report: Report, path: str = "") -> Node | None:
    """Parse one YAML document, the value of `path`; `at` gives the origin of a line.

    None, and a finding, where it is not YAML. A section given twice and a tag that means nothing here are findings too,
    a single value given twice is a notice. Empty text is a null.
    """
    try:
        return _Composer(text, at, report).document(path)
    except _Refused as refusal:
        report.refuse(at(refusal.line), path, str(refusal))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        report.refuse(at(line), path, f"not YAML: {error.problem} (line {line}, column {column})")
    except (yaml.YAMLError, UnicodeEncodeError):
        report.refuse(at(1), path, "not YAML: it holds characters that are not text")
    return None


class _Composer:
    def __init__(self, text: str, at: Callable[[int], Origin], report: Report) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._at = at
        self._report = report
        self._anchors: dict[str, Node] = {}
        self._room = MAXIMUM_NODES

    def document(self, path: str) -> Node:
        root = Node(None, self._at(1))
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(_line(event), "holds a second document: keep one")
                root = self._node(next(self._events), path, 0)
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            anchored = self._anchors.get(str(event.anchor))
            if anchored is None:
                raise _Refused(_line(event), f"the alias *{event.anchor} has no anchor before it")
            return self._copy(anchored, _line(event), depth)
        self._claim(_line(event), depth)
        if event.tag not in _PLAIN_TAGS | {None, "!"}:
            self._report.refuse(self._at(_line(event)), path, f"the YAML tag {event.tag} means nothing here: remove it")
        node = Node(self._value(event, path, depth), self._at(_line(event)))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: Any, path: str, depth: int) -> Value:
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._entries(path, depth)
        null = event.tag == _NULL_TAG or (event.implicit[0] and event.value in _NULLS)
        return None if null else str(event.value)

    def _items(self, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, below(path, len(items)), depth + 1))
        return items

    def _entries(self, path: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: list[Node] = []
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise _Refused(_line(key), "a key is a word, not a list, a map or an alias")
            name = str(key.value)
            node = self._node(next(self._events), below(path, name), depth + 1)
            if key.implicit[0] and name == "<<":
                merged += self._merged(node, _line(key))
            elif name in entries:
                self._again(entries, name, Node(node.value, self._at(_line(key))), below(path, name))
            else:
                entries[name] = Node(node.value, self._at(_line(key)))
        for source in merged:
            if isinstance(source.value, dict):
                entries = source.value | entries
        return entries

    def _again(self, entries: dict[str, Node], name: str, node: Node, path: str) -> None:
        # Of two single values distribution takes the last; of two sections it makes one, and of others we know nothing.
        first = entries[name]
        if isinstance(first.value, str) and isinstance(node.value, str):
            self._report.warn(node.origin, path, f"is given twice, first in {first.origin}: the last one holds")
            entries[name] = node
        else:
            self._report.refuse(node.origin, path, f"is given twice, first in {first.origin}: keep one")

    def _merged(self, node: Node, line: int) -> list[Node]:
        # Of several maps the first named wins, and a key of the map itself wins over all of them.
        sources = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            raise _Refused(line, "`<<` takes a map, or a list of maps")
        return sources

    def _copy(self, node: Node, line: int, depth: int) -> Node:
        self._claim(line, depth)
        if isinstance(node.value, dict):
            entries = {key: self._copy(child, line, depth + 1) for key, child in node.value.items()}
            return Node(entries, node.origin)
        if isinstance(node.value, list):
            return Node([self._copy(child, line, depth + 1) for child in node.value], node.origin)
        return Node(node.value, node.origin)

    def _claim(self, line: int, depth: int) -> None:
        self._room -= 1
        if self._room < 0:
            raise _Refused(line, f"holds more than {MAXIMUM_NODES} values, aliases counted each time")
        if depth > MAXIMUM_DEPTH:
            raise _Refused(line, f"is nested deeper than {MAXIMUM_DEPTH} levels")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
