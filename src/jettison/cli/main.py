"""The command `jettison`: its verbs and its help."""

from __future__ import annotations

from typing import Annotated

import typer

from jettison import __version__
from jettison.cli.serve import serve

_HELP = """A container image registry on which deletion works.

Its settings are those of CNCF distribution's registry:
the same `config.yml`, the same `REGISTRY_*` variables.

**Examples**

    jettison serve                            # 127.0.0.1:5000, data in ./data
    jettison serve config.yml                 # with a configuration file
    curl -X DELETE localhost:5000/v2/repo1    # a whole repository goes at once
"""

app = typer.Typer(
    name="jettison",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # An error that nobody expected keeps Python's own traceback: it is the one that is searched for and reported.
    pretty_exceptions_enable=False,
)
app.command(name="serve")(serve)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"jettison {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before a verb."""


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    app(prog_name="jettison")
