"""`jettison undo`: bring back what was deleted from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection
from jettison.cli.exit_status import ExitStatus
from jettison.cli.show.data import AsJson, document, put, put_lines
from jettison.cli.show.said import error, note, tell

if TYPE_CHECKING:
    from jettison.client.journal import Entry, Journal
    from jettison.client.registry import Registry
    from jettison.oci.errors import Json


@command
def undo(
    connection: Connection,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[DELETION]", help="Its name, as `--list` shows it. Without it: the last one.", show_default=False
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the deletions that are kept, the newest first.")] = False,
    as_json: AsJson = False,
) -> ExitStatus | None:
    """Bring back what `rm` or `prune` deleted.

    A Jettison server takes the deletion back itself, for as long as it keeps it. To other registries the manifests and
    tags are pushed back, which `rm` wrote down before it deleted them; that works as long as the registry has not
    collected their blobs. A tag that was pushed since is left as it is.

    **Examples**

        jettison undo
        jettison undo --list
        jettison undo 20261123T202502123Z-5f2c
    """
    from jettison.client.address import Host
    from jettison.client.journal import Journal

    journal = Journal()
    if list_:
        _list(journal, as_json=as_json)
        return None
    entry = journal.latest() if name is None else journal.entry(name)
    registry = connection.registry(Host.parse(entry.plan.host))
    try:
        return _undo(entry, registry, as_json=as_json)
    except KeyboardInterrupt:
        error(f"interrupted: what is back stays back; `jettison undo {entry.name}` goes on with the rest")
        return ExitStatus.INTERRUPTED


def _undo(entry: Entry, registry: Registry, *, as_json: bool) -> ExitStatus:
    from jettison.client.undo import undo as bring_back

    host = entry.plan.host
    undone = bring_back(entry, registry)
    if as_json:
        document({"deletion": entry.name, "host": host, **undone.to_json()})
    else:
        put_lines(f"{host}/{each}" for each in undone.back)
    for stay in undone.left:
        note(f"left {host}/{stay.what} as it is: {stay.reason}")
    for stay in undone.failed:
        error(f"{host}/{stay.what} is not back: {stay.reason}")
    if not (undone.back or undone.left or undone.failed):
        tell(f"everything that {entry.name} deleted is there already")
    if undone.failed:
        return ExitStatus.PARTLY if undone.back else ExitStatus.FAILED
    return ExitStatus.DONE


def _list(journal: Journal, *, as_json: bool) -> None:
    from jettison.cli.show.table import table

    entries = list(journal.entries())
    if as_json:
        document([_to_json(entry) for entry in entries])
        return
    if not entries:
        tell("nothing was deleted from here that could be brought back")
        return
    rows = [(entry.name, entry.at, entry.plan.host, _what(entry)) for entry in entries]
    put("\n".join(table(("DELETION", "AT", "REGISTRY", "WHAT"), rows)))


def _to_json(entry: Entry) -> dict[str, Json]:
    return {
        "deletion": entry.name,
        "at": entry.at,
        "host": entry.plan.host,
        "items": [item.name for item in entry.plan.items],
        "finished": entry.result is not None,
    }


def _what(entry: Entry) -> str:
    items = entry.plan.items
    if not items:
        return ""
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0].name}{more}{'' if entry.result is not None else ' (cut off)'}"
