"""The command `jettison`: its verbs and its help."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from jettison import __version__
from jettison.cli.adopt import adopt
from jettison.cli.audit import audit
from jettison.cli.backup import backup
from jettison.cli.check import check
from jettison.cli.config import config
from jettison.cli.cp import cp
from jettison.cli.du import du
from jettison.cli.export import export
from jettison.cli.garbage_collect import garbage_collect
from jettison.cli.go_flags import GoFlags
from jettison.cli.grant import grant
from jettison.cli.group import group
from jettison.cli.inspect import inspect
from jettison.cli.keys import keys
from jettison.cli.login import login
from jettison.cli.logout import logout
from jettison.cli.ls import ls
from jettison.cli.prune import prune
from jettison.cli.rm import rm
from jettison.cli.serve import serve
from jettison.cli.tags import tags
from jettison.cli.token import token
from jettison.cli.undo import undo
from jettison.cli.usage import usage
from jettison.cli.user import user
from jettison.cli.why import why
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

app = typer.Typer(
    name="jettison",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # An error that nobody expected keeps Python's own traceback: it is the one that is searched for and reported.
    pretty_exceptions_enable=False,
)
app.command(name="serve")(serve)
app.command(name="garbage-collect", cls=GoFlags)(garbage_collect)
app.command(name="usage")(usage)
app.command(name="why")(why)
app.command(name="check")(check)
app.command(name="audit")(audit)
app.add_typer(user, name="user")
app.add_typer(token, name="token")
app.add_typer(group, name="group")
app.add_typer(grant, name="grant")
app.add_typer(keys, name="keys")
app.command(name="backup")(backup)
app.command(name="config")(config)
app.command(name="adopt")(adopt)
app.command(name="export")(export)
for verb in (ls, tags, inspect, du, rm, prune, undo, cp, login, logout):
    app.command(name=verb.__name__, rich_help_panel=ANY_REGISTRY)(verb)


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
