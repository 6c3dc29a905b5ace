"""The command `jettison`: its verbs and its help."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from jettison import __version__
from jettison.cli.verb import Lazy, Verb
from jettison.registry import failpoint

_HELP = """A container image registry on which deletion works.

Its settings are those of CNCF distribution's registry:
the same `config.yml`, the same `REGISTRY_*` variables.

**Examples**

    jettison serve                            # 127.0.0.1:5000, data in ./data
    jettison serve config.yml                 # with a configuration file
    curl -X DELETE localhost:5000/v2/repo1    # a whole repository goes at once
    jettison usage                            # where the disk went
    jettison garbage-collect --dry-run        # what would come back now, and what later

and a client that deletes well on any other registry:

    jettison rm registry:5000/app:v1          # a tag, and nothing else
    jettison prune registry:5000/app --keep 10 --dry-run
"""

ANY_REGISTRY = "Any registry"
"""The panel of the help that has the verbs of the client."""

PLAIN = "jettison.cli.plain:Plain"


class _Jettison(Lazy):
    """All verbs, in the order of the help, each loaded when it is asked for."""

    verbs = (
        Verb("serve"),
        Verb("garbage-collect", kind="jettison.cli.go_flags:GoFlags"),
        Verb("usage"),
        Verb("why"),
        Verb("check"),
        Verb("audit"),
        Verb("backup"),
        Verb("config"),
        Verb("adopt"),
        Verb("export"),
        Verb("move"),
        *(
            Verb(name, ANY_REGISTRY, PLAIN)
            for name in ("ls", "tags", "inspect", "du", "rm", "prune", "undo", "cp", "login", "logout")
        ),
        Verb("user"),
        Verb("token"),
        Verb("group"),
        Verb("grant"),
        Verb("keys"),
    )


app = typer.Typer(
    name="jettison",
    cls=_Jettison,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # An error that nobody expected keeps Python's own traceback: it is the one that is searched for and reported.
    pretty_exceptions_enable=False,
)


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
    failpoint.arm(os.environ)
    app(prog_name="jettison")
