"""The settings of a verb that works on a registry of our own, and what there is to say about them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jettison.settings import Finding, Loaded

EXIT_FAILED = 1
EXIT_BAD_SETTINGS = 2

ConfigArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[CONFIG]",
        help="Configuration file, as of CNCF distribution's registry (version 0.1)."
        " Without it: the file that REGISTRY_CONFIGURATION_PATH names, else that of distribution's images, else"
        " built-in defaults.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="CONFIG",
        help="Configuration file of the registry."
        " Without it: the file that REGISTRY_CONFIGURATION_PATH names, else that of distribution's images, else"
        " built-in defaults (data in ./data).",
        show_default=False,
    ),
]


def configured(config: Path | None) -> Loaded:
    """The settings of the file ``config`` and the environment. Warnings are said; errors too, and the command ends."""
    from jettison.settings import USUAL_FILES, SettingsError, load

    try:
        loaded = load(config, os.environ, USUAL_FILES)
    except SettingsError as error:
        say("warning", error.notices)
        say("error", error.findings)
        raise typer.Exit(EXIT_BAD_SETTINGS) from None
    say("warning", loaded.notices)
    return loaded


def say(kind: str, messages: Iterable[Finding | str]) -> None:
    """Print messages on stderr, each on a line that begins with its ``kind``: error or warning."""
    colour = typer.colors.RED if kind == "error" else typer.colors.YELLOW
    for message in messages:
        typer.echo(f"{typer.style(f'{kind}:', fg=colour, bold=True)} {message}", err=True)
