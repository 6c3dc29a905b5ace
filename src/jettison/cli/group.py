"""`jettison group`: users to whom things are granted together."""

from __future__ import annotations

from typing import Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.show.data import AsJson, document, put, put_lines
from jettison.cli.show.table import table

_HELP = """Groups of users, to whom things are granted together. Works beside the running server.

**Examples**

    jettison group add dev ana bo                       # with two members
    jettison grant add group:dev 'team/**:pull,push'
    jettison group join dev eva
    jettison group leave dev bo                         # he has only his own grants then
"""

group = typer.Typer(name="group", help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")

Name = Annotated[str, typer.Argument(metavar="GROUP", help="The group's name.", show_default=False)]
Members = Annotated[list[str], typer.Argument(metavar="USER...", help="Names of users.", show_default=False)]


@group.command(name="add")
def add(
    name: Name,
    members: Annotated[
        list[str] | None, typer.Argument(metavar="[USER...]", help="Its first members.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add a group."""
    with opened(config) as registry:
        from jettison.registry import groups
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        groups.add(registry, EVERYONE, NOBODY, name, *(members or ()))
    put(f"the group {name} was added: jettison grant add group:{name} 'team/**:pull,push'")


@group.command(name="list")
def list_groups(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """List the groups with their members."""
    with opened(config) as registry:
        from jettison.registry import groups
        from jettison.registry.access import EVERYONE

        found = groups.everyone(registry, EVERYONE)
    if as_json:
        document({"groups": [each.to_json() for each in found]})
    else:
        put_lines(table(("GROUP", "MEMBERS"), ((each.name, " ".join(each.members) or "-") for each in found)))


@group.command(name="join")
def join(name: Name, members: Members, config: ConfigOption = None) -> None:
    """Make users members of a group."""
    with opened(config) as registry:
        from jettison.registry import groups
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        found = groups.join(registry, EVERYONE, NOBODY, name, *members)
    put(f"{name}: {' '.join(found.members)}")


@group.command(name="leave")
def leave(name: Name, members: Members, config: ConfigOption = None) -> None:
    """End users' membership of a group; what is granted to it counts for them no more."""
    with opened(config) as registry:
        from jettison.registry import groups
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        found = groups.leave(registry, EVERYONE, NOBODY, name, *members)
    put(f"{name}: {' '.join(found.members) or 'nobody is left'}")


@group.command(name="remove")
def remove(name: Name, config: ConfigOption = None) -> None:
    """Remove a group with all that is granted to it. Its members stay users."""
    with opened(config) as registry:
        from jettison.registry import groups
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        groups.remove(registry, EVERYONE, NOBODY, name)
    put(f"the group {name} was removed")
