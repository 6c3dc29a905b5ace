"""`jettison audit`: who did what, from where, with what result."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.show.data import AsJson, AsLines, document, put_lines
from jettison.cli.show.table import table
from jettison.registry.times import microseconds, rfc3339

if TYPE_CHECKING:
    from jettison.metadata.audit import Entry, Filter
    from jettison.oci.errors import Json
    from jettison.registry.registry import Registry

PAGE = 1000

_COLUMNS = ("AT", "WHO", "ADDRESS", "ACTION", "RESULT", "REPOSITORY", "TARGET")


def audit(
    who: Annotated[str | None, typer.Option("--who", help="Only what this account did.", show_default=False)] = None,
    action: Annotated[
        str | None, typer.Option("--action", help="Only this: push, delete, sign-in, ...", show_default=False)
    ] = None,
    repository: Annotated[
        str | None, typer.Option("--repository", "-r", help="Only what was done to it.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Not before this time: 2026-11-24T14:15:53Z, or 24h ago.", show_default=False),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Before this time, written likewise.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many lines at most: the last ones.")] = 100,
    config: ConfigOption = None,
    as_json: AsJson = False,
    as_lines: AsLines = False,
) -> None:
    """Say who did what, from where, with what result: pushes, deletions, restores, purges, sign-ins, accounts, rules.

    The last line is the newest. The log keeps lines for `jettison.audit.keep` (90 days); nothing changes them.

    **Examples**

        jettison audit --repository team/app --since 24h
        jettison audit --action delete --who ci --jsonl
    """
    from jettison.metadata.audit import Filter

    only = Filter(who, _action(action), _name(repository), _time(since, "--since"), _time(until, "--until"))
    with opened(config) as registry:
        entries = _last(registry, only, limit)
    if as_json:
        document(_objects(entries))
    elif as_lines:
        put_lines(map(json.dumps, _objects(entries)))
    else:
        put_lines(table(_COLUMNS, map(_row, entries)))


def _action(action: str | None) -> str | None:
    from jettison.registry.audit import Deed

    words = [deed.value for deed in Deed]
    if action is not None and action not in words:
        raise typer.BadParameter(f"{action!r} is none of {', '.join(words)}", param_hint="--action")
    return action


def _name(repository: str | None) -> str | None:
    from jettison.oci.errors import NameInvalid
    from jettison.oci.reference import RepositoryName

    try:
        return RepositoryName.parse(repository).value if repository is not None else None
    except NameInvalid as error:
        raise typer.BadParameter(error.message, param_hint="--repository") from None


def _time(text: str | None, option: str) -> int | None:
    """A moment, or a length of time before now."""
    from jettison.settings.duration import parse_duration

    if text is None:
        return None
    try:
        return microseconds(text)
    except ValueError as error:
        try:
            return microseconds((datetime.now(UTC) - parse_duration(text)).isoformat())
        except (ValueError, OverflowError):
            raise typer.BadParameter(f"{text!r} {error}, or like 24h", param_hint=option) from None


def _last(registry: Registry, only: Filter, limit: int) -> list[Entry]:
    """The last lines, the oldest of them first."""
    from jettison.registry import audit as log

    found: list[Entry] = []
    before, more = log.NEWEST, True
    while more and len(found) < limit:
        page = log.page(registry, min(PAGE, limit - len(found)), before, only)
        found += page.entries
        more = page.more
        before = found[-1].id if found else 0
    return found[::-1]


def _objects(entries: list[Entry]) -> list[Json]:
    from jettison.registry.audit import entry_json

    return [entry_json(entry) for entry in entries]


def _row(entry: Entry) -> tuple[str, ...]:
    who = entry.who or f"({entry.kind})"
    cells = (who, entry.address or "-", entry.action, entry.result, entry.repository or "-", entry.target or "-")
    return (rfc3339(entry.at) or "", *map(_printable, cells))


def _printable(text: str) -> str:
    """As text that changes no terminal: a name that somebody tried may hold anything."""
    return text if text.isprintable() else ascii(text)
