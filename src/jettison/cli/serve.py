"""`jettison serve`: the registry, until a signal ends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jettison.settings import Finding, Loaded

_EXIT_NOT_SERVED = 1
_EXIT_BAD_SETTINGS = 2


def serve(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]",
            help="Configuration file, as of CNCF distribution's registry (version 0.1)."
            " Without it: the file that REGISTRY_CONFIGURATION_PATH names, or built-in defaults.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve a registry.

    Without a configuration it listens on 127.0.0.1:5000, keeps its data in ./data, and allows deletion.
    Every setting can also be given as a variable: `http.addr` is `REGISTRY_HTTP_ADDR`.

    **Examples**

        jettison serve
        jettison serve /etc/docker/registry/config.yml
        REGISTRY_HTTP_ADDR=:5000 jettison serve
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/registry jettison serve
        REGISTRY_STORAGE_DELETE_ENABLED=true jettison serve config.yml
    """
    loaded = _settings(config)
    # Both are imported here: `jettison --help` must not load a server.
    from jettison.server import ServeError
    from jettison.server import serve as run

    try:
        run(loaded)
    except ServeError as error:
        _say("error", typer.colors.RED, [str(error)])
        raise typer.Exit(_EXIT_NOT_SERVED) from None


def _settings(config: Path | None) -> Loaded:
    from jettison.settings import SettingsError, load

    try:
        loaded = load(config, os.environ)
    except SettingsError as error:
        _say("warning", typer.colors.YELLOW, error.notices)
        _say("error", typer.colors.RED, error.findings)
        raise typer.Exit(_EXIT_BAD_SETTINGS) from None
    _say("warning", typer.colors.YELLOW, loaded.notices)
    return loaded


def _say(kind: str, colour: str, messages: Iterable[Finding | str]) -> None:
    for message in messages:
        typer.echo(f"{typer.style(f'{kind}:', fg=colour, bold=True)} {message}", err=True)
