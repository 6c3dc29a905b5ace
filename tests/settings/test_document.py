from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.settings.document import MAXIMUM_BYTES, MAXIMUM_DEPTH, MAXIMUM_NODES, Node, parse, read_document
from jettison.settings.findings import Origin, Report


def _parsed(text: str) -> tuple[Node | None, list[str]]:
    report = Report()
    return parse(text, lambda line: Origin("f", line), report), [str(finding) for finding in report.findings]


def _plain(node: Node | None) -> Any:
    assert node is not None
    if isinstance(node.value, dict):
        return {key: _plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 0.10", {"a": "0.10"}),
        ("a: yes", {"a": "yes"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 0o17", {"a": "0o17"}),
        ("a: :5000", {"a": ":5000"}),
        ("a: 'null'", {"a": "null"}),
        ("a: ''", {"a": ""}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("a: !!str", {"a": ""}),
        ("a: !!null x", {"a": None}),
        ("1: {true: [x, 2]}", {"1": {"true": ["x", "2"]}}),
        ("", None),
        ("# nothing", None),
        ("a: |\n  b\n  c\n", {"a": "b\nc\n"}),
        ("\ufeffa: b", {"a": "b"}),
    ],
)
def test_scalars_stay_text(text: str, value: object) -> None:
    """Nothing is a number, a date or a truth by its looks; only a null is one."""
    node, findings = _parsed(text)
    assert (_plain(node), findings) == (value, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x [1]\nb: *x", {"a": ["1"], "b": ["1"]}),
        ("a: &x {k: 1}\nb: {<<: *x, l: 2}", {"a": {"k": "1"}, "b": {"k": "1", "l": "2"}}),
        ("a: &x {k: 1}\nb: {k: 2, <<: *x}", {"a": {"k": "1"}, "b": {"k": "2"}}),
        ("b: {<<: [{k: 1, l: 1}, {k: 2, m: 2}]}", {"b": {"k": "1", "l": "1", "m": "2"}}),
        ("b: {'<<': 1}", {"b": {"<<": "1"}}),
    ],
)
def test_aliases_and_merges_mean_what_they_mean_in_yaml(text: str, value: object) -> None:
    """An alias is a copy; a merged map fills what its taker does not say itself, the first source winning."""
    node, findings = _parsed(text)
    assert (_plain(node), findings) == (value, [])


def test_a_value_knows_its_line() -> None:
    """A key's value has the key's line, also where it begins below it, and an item its own."""
    node, _ = _parsed("a: 1\nb:\n  c:\n    - x\n    - y\n")
    assert node is not None
    assert isinstance(node.value, dict)
    below = node.value["b"].value
    assert isinstance(below, dict)
    items = below["c"].value
    assert isinstance(items, list)
    assert [node.value["a"].origin.line, below["c"].origin.line, items[1].origin.line] == [1, 3, 5]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("a: b: c", "f:1: not YAML: mapping values are not allowed in this context (line 1, column 5)"),
        ("a: 1\n\tb: 2", "f:2: not YAML: "),
        ("a: [1", "f:2: not YAML: "),
        ("a: \x00", "f:1: not YAML: it holds characters that are not text"),
        ("a: \ud800", "f:1: not YAML: it holds characters that are not text"),
        ("a: @x", "f:1: not YAML: found character that cannot start any token"),
        ("a: 1\n---\nb: 2", "f:2: holds a second document: keep one"),
        ("a: *x", "f:1: the alias *x has no anchor before it"),
        ("a: &x [*x]", "f:1: the alias *x has no anchor before it"),
        ("? [a]\n: b", "f:1: a key is a word, not a list, a map or an alias"),
        ("a: {<<: 1}", "f:1: `<<` takes a map, or a list of maps"),
        ("a: {d: 1}\nb: {c: 1}\na: 2", "f:3: a: is given twice, first in f:1: keep one"),
        ("b:\n  c: {}\n  c: {d: 1}", "f:3: b.c: is given twice, first in f:2: keep one"),
        ("b: [{c: 1, c: [1]}]", "f:1: b[0].c: is given twice"),
        (
            "a: !!python/object/apply:os.system [id]",
            "f:1: a: the YAML tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: !secret x", "f:1: a: the YAML tag !secret means nothing here: remove it"),
        ("a: !!binary aGk=", "f:1: a: the YAML tag tag:yaml.org,2002:binary means nothing here"),
    ],
)
def test_what_is_not_plain_yaml_is_found_with_its_line(text: str, finding: str) -> None:
    """Broken YAML, tags, sections given twice and aliases of nothing are findings with a line; nothing is executed."""
    _, findings = _parsed(text)
    assert len(findings) == 1
    assert findings[0].startswith(finding)


def _alias_bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]", "a0: &a0 [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 20)]
    return "\n".join(lines)


def _alias_tower() -> str:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{number}: &a{number} {{x: *a{number - 1}}}" for number in range(1, 100)]
    return "\n".join(lines)


_BOMBS = {
    "brackets": "[" * 500_000,
    "braces": "{a: " * 200_000,
    "dashes": "- " * 400_000,
    "indents": "\n".join(" " * depth + "a:" for depth in range(1200)),
    "aliases of aliases": _alias_bomb(),
    "aliases inside aliases": _alias_tower(),
    "a long list": "a: [" + "x, " * 300_000 + "x]",
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_a_bomb_is_refused_quickly(bomb: str) -> None:
    """Nesting without end and aliases of aliases cost neither the stack, nor memory, nor time."""
    began = time.process_time()
    _, findings = _parsed(_BOMBS[bomb])
    assert time.process_time() - began < 2
    assert len(findings) == 1
    assert f"deeper than {MAXIMUM_DEPTH} levels" in findings[0] or f"more than {MAXIMUM_NODES} values" in findings[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a map of settings: it begins with the line `version: 0.1`"),
        (b"- a", "is not a map of settings"),
        (b"just text", "is not a map of settings"),
        (b"a: \xff", "is not UTF-8 text (byte 3)"),
        (b"\x89PNG\r\n", "is not UTF-8 text (byte 0)"),
        (b"#" * (MAXIMUM_BYTES + 1), "is larger than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_configuration_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that is empty, no map, no text or huge is one finding with its path."""
    path = tmp_path / "config.yml"
    path.write_bytes(content)
    report = Report()
    assert read_document(path, report) is None
    assert str(report.findings[0]).startswith(f"{path}: {message}")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A missing file and a folder are findings with the system's reason."""
    report = Report()
    assert read_document(tmp_path / "none.yml", report) is None
    assert read_document(tmp_path, report) is None
    assert read_document(Path("a\0b"), report) is None
    assert [finding.message for finding in report.findings] == [
        "cannot be read: no such file or directory",
        "cannot be read: is a directory",
        "cannot be read: embedded null byte",
    ]


_YAMLISH = st.text(alphabet="ab:-[]{}&*!?<>|'\"#%@,~ \n\t0", max_size=60) | st.text(max_size=40)


@given(_YAMLISH)
def test_parsing_ends_in_a_node_or_a_finding(text: str) -> None:
    """Whatever the text, the answer is a node or a finding, never another error."""
    node, findings = _parsed(text)
    assert node is not None or findings
