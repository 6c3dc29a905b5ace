"""Data on stdout: lines for a person, one JSON document, or JSON Lines as things become known."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from jettison.oci.errors import Json

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, when all is known.")]
AsLines = Annotated[bool, typer.Option("--jsonl", help="JSON Lines: a document for each, as soon as it is known.")]


def put(line: str = "") -> None:
    """One line."""
    print(line)  # noqa: T201


def put_lines(lines: Iterable[str]) -> None:
    """Many lines, with few writes where nobody looks on."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def document(value: Json) -> None:
    """One JSON document, laid out for reading."""
    put("\n".join(map(printable, json.dumps(value, indent=2, ensure_ascii=False).split("\n"))))


def json_line(value: Json) -> None:
    """One JSON document on one line, there at once for whoever reads along."""
    sys.stdout.write(printable(json.dumps(value, ensure_ascii=False)) + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """Text that changes no terminal, whoever wrote it: what is not printable is escaped, as JSON does it."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    # json leaves DEL as it is.
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
