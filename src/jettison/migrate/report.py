"""Reports: what was adopted or exported and what could not be, as one JSON document, written as it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from jettison.metadata.adoption import Finding
from jettison.oci.errors import Json
from jettison.registry import adoption
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339


def write_adoption(registry: Registry, file: Path) -> None:
    """Write the report of the adoption that was begun here. Raises OSError."""
    state = adoption.state(registry)
    assert state is not None, "nothing was adopted"
    head: dict[str, Json] = {
        "tree": adoption.TREE,
        "started_at": rfc3339(state.started_at),
        "finished_at": rfc3339(state.finished_at),
        "adopted": dict(state.counts),
        "found": adoption.count_findings(registry),
    }
    write(file, head, adoption.findings(registry))


def write(file: Path, head: Mapping[str, Json], findings: Iterable[Finding]) -> None:
    """Write the fields of ``head``, and the findings as the list `findings`. Raises OSError."""
    with file.open("w", encoding="utf-8") as target:
        target.write(json.dumps(head, indent=2)[:-2] + ',\n  "findings": [')
        _write_each(target, findings)
        target.write("]\n}\n")


def _write_each(target: TextIO, findings: Iterable[Finding]) -> None:
    comma = "\n    "
    for finding in findings:
        target.write(comma + json.dumps(asdict(finding)))
        comma = ",\n    "
    if comma[0] == ",":
        target.write("\n  ")
