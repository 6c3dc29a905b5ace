"""Runs the OCI conformance program against a registry and reads what it wrote."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .command import run
from .parts import program

# Settings that the program leaves off for one version or the other; all others are on by themselves.
_TURNED_ON = {
    "apis": {
        "blobs": {"digestHeader": True, "mountAnonymous": True, "uploadCancel": True},
        "manifests": {"digestHeader": True, "tagParam": True},
        "referrer": True,
    },
    "data": {"sparse": True},
}


@dataclass(frozen=True, slots=True)
class Case:
    """One request or check of the program, and how it went: passed, failure, error or skipped (also: disabled)."""

    name: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Results:
    """What one run found, from the files it wrote: its exit status is 0 even where it could not start."""

    settings: Mapping[str, Any]
    """results.yaml, `config`: what the program ran with."""
    summary: Mapping[str, str]
    """results.yaml, `apis` and `data`: Pass, FAIL, Error, Skip or Disabled. A skip hides behind a pass in it."""
    cases: tuple[Case, ...]
    """junit.xml: every single case."""

    def turned_off(self) -> list[str]:
        """The API and data settings that were off."""
        return [name for part in ("apis", "data") for name, on in _switches(part, self.settings[part]) if not on]

    def not_passed(self) -> list[str]:
        """Everything that did anything but pass, a line each."""
        summary = [f"{name}: {status}" for name, status in self.summary.items() if status != "Pass"]
        cases = [f"{case.name}: {case.status}: {case.message}" for case in self.cases if case.status != "passed"]
        return summary + cases


def run_conformance(address: str, folder: Path, version: str) -> Results:
    """Run the program for a ``version`` of the specification ("1.1" or "dev") with every API and data setting on.

    ``folder`` keeps its files; report.html there shows each request. Raises AssertionError if it wrote no results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "registry": address,
        "tls": "disabled",
        "repo1": "conformance/repo1",
        "repo2": "conformance/repo2",
        "version": version,
        "resultsDir": str(folder),
        **_TURNED_ON,
    }
    file = folder / "oci-conformance.yaml"
    file.write_text(yaml.safe_dump(settings))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OCI_")}
    environ["OCI_CONFIGURATION"] = str(file)
    done = run([program("conformance")], environ=environ, cwd=folder, check=False, seconds=300)
    (folder / "output").write_text(done.stdout + done.stderr)
    written = folder / "results.yaml"
    assert written.exists(), f"the conformance program wrote no results:\n{done.stdout}{done.stderr}"
    results = yaml.safe_load(written.read_text())
    summary = {f"{part}: {name}": status for part in ("apis", "data") for name, status in results[part].items()}
    return Results(results["config"], summary, tuple(_cases(folder / "junit.xml")))


def _cases(junit: Path) -> Iterator[Case]:
    for case in ElementTree.parse(junit).getroot().iter("testcase"):  # noqa: S314 - written by the program just run
        yield Case(case.get("name", ""), case.get("status", ""), (case.findtext("system-out") or "").strip())


def _switches(path: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _switches(f"{path}.{name}", value)
        else:
            yield f"{path}.{name}", value is True
