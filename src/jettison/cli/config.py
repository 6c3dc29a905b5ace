"""`jettison config`: the settings that are in effect, and whether they can be served."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_BAD_SETTINGS, ConfigArgument, configured, say

if TYPE_CHECKING:
    from jettison.settings import Finding, Loaded
    from jettison.settings.effective import Effective


def config(
    config: ConfigArgument = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say only whether this can be served here, and all that is wrong.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print the settings that are in effect, and where each came from: a line of the file, a variable, a default.

    Secrets are hidden. With `--check` it says whether a server could start with this file and this environment, as
    this user on this machine: everything that is wrong in one go. It ends with 0 if it could, with 2 if not.

    **Examples**

        jettison config /etc/docker/registry/config.yml
        jettison config --check /etc/docker/registry/config.yml && systemctl restart jettison
        jettison config --json | jq '.settings["http.addr"]'
    """
    if check:
        _check(config, as_json=as_json)
        return
    loaded = configured(config)
    from jettison.settings.effective import effective

    found = list(effective(loaded))
    if as_json:
        typer.echo(json.dumps(_document(loaded, found), indent=2))
    else:
        typer.echo("\n".join(_table(found)))


def _check(config: Path | None, *, as_json: bool) -> None:
    from jettison.settings import USUAL_FILES, SettingsError, load
    from jettison.settings.presence import missing

    findings: Sequence[Finding]
    try:
        loaded = load(config, os.environ, USUAL_FILES)
        findings, notices = tuple(missing(loaded)), loaded.notices
    except SettingsError as error:
        findings, notices = error.findings, error.notices
    if as_json:
        answer = {"servable": not findings, "errors": _json(findings), "warnings": _json(notices)}
        typer.echo(json.dumps(answer, indent=2))
    else:
        say("warning", notices)
        say("error", findings)
        typer.echo(f"cannot be served: {_number(len(findings))}" if findings else "can be served")
    raise typer.Exit(EXIT_BAD_SETTINGS if findings else 0)


def _number(findings: int) -> str:
    return f"{findings} error{'' if findings == 1 else 's'}"


def _table(found: list[Effective]) -> list[str]:
    rows = [("SETTING", "VALUE", "FROM")]
    rows += [(each.path, _shown(each.value), str(each.origin or "default")) for each in found]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"{path:<{first}}  {value:<{min(second, 40)}}  {origin}" for path, value, origin in rows]


def _shown(value: object) -> str:
    """A value as YAML takes it in one line."""
    if value is None or value in ("", [], {}):
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(loaded: Loaded, found: list[Effective]) -> dict[str, object]:
    return {
        "file": None if loaded.path is None else str(loaded.path),
        "settings": {each.path: each.to_json() for each in found},
        "warnings": _json(loaded.notices),
    }


def _json(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [
        {"where": {"name": each.origin.name, "line": each.origin.line}, "setting": each.path, "message": each.message}
        for each in findings
    ]
