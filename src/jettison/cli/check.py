"""`jettison check`: whether rows and bytes are as they must be, beside a running server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_BAD_SETTINGS, ConfigArgument, say
from jettison.cli.opened import opened
from jettison.cli.progress import progress
from jettison.cli.sizes import short_size

if TYPE_CHECKING:
    from jettison.registry.finding import Finding, Progress, Tell
    from jettison.registry.registry import Registry

_EXIT_CLEAN = 0
_EXIT_FOUND = 1
_EXIT_NOT_CHECKED = EXIT_BAD_SETTINGS


def check(
    config: ConfigArgument = None,
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Read every byte, and find each one that has changed.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Put right what can be without losing anything, and have damaged blobs brought anew by the next push.",
        ),
    ] = False,
    delete_unknown_files: Annotated[
        bool, typer.Option("--delete-unknown-files", help="Then delete the files that nothing names, once you say yes.")
    ] = False,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="TIME", help="Ask only of files that have been there for so long who needs them."
        ),
    ] = "15m",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
) -> None:
    """Look for whatever is not as it must be: rows without files, files without rows, changed bytes, broken links.

    The server may run or not: nothing is stopped, and nothing deleted unless you ask for it. Files that nothing names
    are left alone, since a newer database may know them, as after a restore.

    Ends with 0 if all is well, 1 if anything was found, 2 if it could not be looked at.

    **Examples**

        jettison check /etc/docker/registry/config.yml
        jettison check --read-data --repair config.yml
        jettison check --delete-unknown-files config.yml
        jettison check --json config.yml | jq '.findings[].kind'
    """
    young = _seconds(older_than)
    if delete_unknown_files and not yes and not sys.stdin.isatty():
        say("error", ["nobody is here to ask: add --yes to delete the files that nothing names"])
        raise typer.Exit(_EXIT_NOT_CHECKED)
    looked = _Looked()
    with opened(config, failed=_EXIT_NOT_CHECKED) as registry:
        try:
            _look(registry, looked, read_data, repair, young)
        finally:
            # However it ended: what was found is worth knowing.
            if not as_json:
                typer.echo("".join(f"{line}\n" for finding in looked.found for line in _lines(finding)), nl=False)
        if delete_unknown_files:
            looked.deleted = _delete(registry, looked.found, yes=yes)
    if as_json:
        typer.echo(json.dumps(_document(looked), indent=2))
    else:
        typer.echo("".join(f"deleted {finding.subject}\n" for finding in looked.deleted) + _summary(looked))
    raise typer.Exit(_EXIT_FOUND if looked.found else _EXIT_CLEAN)


@dataclass(slots=True)
class _Looked:
    """How far each part of the look came, what was found, and what of that is deleted now."""

    told: dict[str, Progress] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    deleted: list[Finding] = field(default_factory=list)


def _look(registry: Registry, looked: _Looked, read_data: bool, repair: bool, young: float) -> None:
    from jettison.registry.check import How
    from jettison.registry.check import check as look

    with progress() as show:
        looked.found.extend(look(registry, How(read_data, repair, young, tell=_remembering(looked.told, show))))


def _seconds(text: str) -> float:
    from jettison.settings.duration import parse_duration

    try:
        return parse_duration(text).total_seconds()
    except ValueError as error:
        say("error", [f"--older-than: {error}"])
        raise typer.Exit(_EXIT_NOT_CHECKED) from None


def _remembering(told: dict[str, Progress], show: Tell) -> Tell:
    def tell(said: Progress) -> None:
        told[said.part] = said
        show(said)

    return tell


def _delete(registry: Registry, found: list[Finding], *, yes: bool) -> list[Finding]:
    from jettison.registry.check_bytes import DELETABLE, delete_unknown

    doomed = [finding for finding in found if finding.kind in DELETABLE]
    if not doomed or not (yes or _confirmed(doomed)):
        return []
    return list(delete_unknown(registry, doomed))


def _confirmed(doomed: list[Finding]) -> bool:
    size = short_size(sum(finding.size or 0 for finding in doomed))
    question = f"Delete {_number(len(doomed), 'file')} that nothing names ({size})? They are gone for good. Type yes:"
    answer: str = typer.prompt(question, default="no", show_default=False, prompt_suffix=" ", err=True)
    return answer.strip().lower() == "yes"


# ------------------------------------------------------------------------------------------------------- what is said


def _lines(finding: Finding) -> Iterator[str]:
    where = f" in {', '.join(finding.repositories)}" if finding.repositories else ""
    yield f"{finding.kind}: {finding.subject}{where}"
    yield f"    {finding.problem}"
    if finding.done:
        yield f"    {finding.done}"
    if finding.remedy and not finding.settled:
        yield f"    {finding.remedy}"


def _summary(looked: _Looked) -> str:
    told = [looked.told[part] for part in ("manifests", "blobs", "bytes", "files") if part in looked.told]
    problems = _number(len(looked.found), "problem") if looked.found else "no problems"
    done = sum(1 for finding in looked.found if finding.settled) + len(looked.deleted)
    at = ", ".join(map(_looked_at, told)) or "the database alone"
    return f"{problems}{f', {done} put right' if done else ''}: looked at {at}"


def _looked_at(said: Progress) -> str:
    return f"{short_size(said.done)} of blobs" if said.in_bytes else _number(said.done, said.part.removesuffix("s"))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _document(looked: _Looked) -> dict[str, object]:
    gone = {finding.key: finding for finding in looked.deleted}
    return {
        "looked_at": {part: said.done for part, said in looked.told.items()},
        "findings": [gone.get(finding.key, finding).to_json() for finding in looked.found],
    }
