"""`jettison backup`: the rows and the bytes that they name, in a folder that can be served, beside a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from jettison.cli.configured import EXIT_BAD_SETTINGS, ConfigOption, say
from jettison.cli.opened import opened
from jettison.cli.progress import progress
from jettison.cli.sizes import short_size

_EXIT_INCOMPLETE = 1
_EXIT_NOT_MADE = EXIT_BAD_SETTINGS


def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to: a new folder, or one that an earlier backup made.")
    ],
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Back up the registry into FOLDER, which can then be served as it is.

    The server may run: pushes, pulls and deletions go on, only the sweep waits. On the same filesystem blobs are hard
    links, which take no space and no time, and share the fate of the disk; elsewhere they are copies. Into a folder
    that holds an earlier backup only what is new is brought, and what is gone is dropped.

    Ends with 0 if the backup is whole, 1 if bytes of some blobs were missing, 2 if there is none.

    **Examples**

        jettison backup /mnt/backup/registry --config /etc/docker/registry/config.yml
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/mnt/backup/registry jettison serve
    """
    with opened(config, failed=_EXIT_NOT_MADE) as registry, progress(shown=not as_json) as tell:
        from jettison.blobs.store import BlobsError
        from jettison.registry.backup import back_up

        try:
            made = back_up(registry, folder, tell)
        except (OSError, BlobsError) as error:
            say("error", [f"the backup was not made: {error}"])
            raise typer.Exit(_EXIT_NOT_MADE) from None
    if as_json:
        typer.echo(json.dumps(made.to_json(), indent=2))
    else:
        typer.echo(
            f"{_blobs(made.blobs)}, {short_size(made.bytes)}, in {folder}: {made.linked} linked, {made.copied} copied, "
            f"{made.there} there before; {made.dropped} dropped"
        )
    if made.missing:
        shown = ", ".join(made.missing[:3]) + (" and others" if len(made.missing) > 3 else "")
        say("error", [f"no bytes to back up for {_blobs(len(made.missing))} ({shown}): `jettison check` says more"])
        raise typer.Exit(_EXIT_INCOMPLETE)


def _blobs(count: int) -> str:
    return f"{count} blob{'' if count == 1 else 's'}"
