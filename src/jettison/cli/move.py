"""`jettison move`: to another database and other storage, and back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_BAD_SETTINGS, EXIT_FAILED, say
from jettison.cli.progress import progress
from jettison.cli.sizes import short_size

if TYPE_CHECKING:
    from jettison.migrate.move import Made
    from jettison.settings import Settings

_VARIABLES = "REGISTRY_"


def move(
    source: Annotated[
        Path, typer.Option("--from", metavar="CONFIG", help="Configuration file of the registry as it is.")
    ],
    target: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="CONFIG", help="Configuration file of what it becomes: an empty database and storage."
        ),
    ] = None,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only carry bytes that are not there yet; the registry goes on as ever."),
    ] = False,
    damaged: Annotated[
        bool, typer.Option("--damaged", help="End it even where bytes of blobs are missing or are not the right ones.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Let the registry be written again where it is.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Cancel even a move that has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Move a registry between SQLite and PostgreSQL, and between a folder and S3, with all that it has.

    It may be served meanwhile. First bytes are carried, which takes long and disturbs nobody. Then the registry becomes
    read only, by its own database, for all its servers: the rest of the bytes and all rows are carried and compared.
    From then on the target is the registry, and the old one stays as it was, read only.

    Whatever interrupts it, run it again: it goes on, and carries nothing twice. Until it has ended the target is not
    served. The same command the other way round moves it back. Variables REGISTRY_* are not read: they would be meant
    for both.

    Ends with 0 if it is done, 1 if it is not, 2 for bad settings.

    **Examples**

        jettison move --from embedded.yml --to distributed.yml --prepare    # days before
        jettison move --from embedded.yml --to distributed.yml
        jettison move --from embedded.yml --cancel                          # it was begun, and is not to go on
    """
    if cancel == (target is not None) or (force and not cancel) or (cancel and (prepare or damaged)):
        say("error", ["--from and --to move; --from and --cancel (with --force, if need be) undo"])
        raise typer.Exit(EXIT_BAD_SETTINGS)
    old = _settings(source)
    from jettison.oci.errors import RegistryError
    from jettison.server.errors import ServeError

    try:
        if target is None:
            _cancel(old, force=force)
            return
        made = _move(old, _settings(target), prepare=prepare, damaged=damaged, shown=not as_json)
    except ServeError as error:
        say("error", [str(error)])
        raise typer.Exit(EXIT_FAILED) from None
    except RegistryError as error:
        say("error", [error.message])
        raise typer.Exit(EXIT_FAILED) from None
    except OSError as error:
        say("error", [f"{error}: run it again once that is well, it goes on from there"])
        raise typer.Exit(EXIT_FAILED) from None
    typer.echo(json.dumps(asdict(made), indent=2) if as_json else _told(made, source, target))


def _move(old: Settings, new: Settings, *, prepare: bool, damaged: bool, shown: bool) -> Made:
    from jettison.migrate.move import Wishes
    from jettison.migrate.move import move as carry_out
    from jettison.server.moving import both

    with both(old, new) as ends, progress(shown=shown) as tell:
        return carry_out(ends.source, ends.target, Wishes(ends.same_bytes, prepare, damaged), tell)


def _cancel(old: Settings, *, force: bool) -> None:
    from jettison.migrate.move import cancel
    from jettison.server.moving import one

    with one(old) as end:
        typer.echo("it can be written again" if cancel(end, force=force) else "it is not being moved")


def _settings(config: Path) -> Settings:
    from jettison.settings import SettingsError, load

    environ = {name: value for name, value in os.environ.items() if not name.startswith(_VARIABLES)}
    try:
        loaded = load(config, environ)
    except SettingsError as error:
        say("warning", [f"{config}: {notice}" for notice in error.notices])
        say("error", [f"{config}: {finding}" for finding in error.findings])
        raise typer.Exit(EXIT_BAD_SETTINGS) from None
    return loaded.settings


def _told(made: Made, source: Path, target: Path) -> str:
    carried = f"{_blobs(made.blobs)} carried, {short_size(made.bytes)}; {made.there} there before"
    lost = f"; {_blobs(len(made.lost))} could not be: their bytes are missing or wrong" if made.lost else ""
    if not made.ended:
        return f"{carried}{lost}. Nothing else was done: without --prepare it goes on"
    if not made.rows:
        return f"it has moved already: serve {target}"
    return (
        f"{carried}{lost}. {made.rows} rows copied and compared. Serve {target} now: what {source} describes is read"
        " only and stays as it is"
    )


def _blobs(count: int) -> str:
    return f"{count} blob{'' if count == 1 else 's'}"
