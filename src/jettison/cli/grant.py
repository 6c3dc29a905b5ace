"""`jettison grant`: who may do what with which repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.scopes import parsed_scopes
from jettison.cli.show.data import AsJson, document, put, put_lines
from jettison.cli.show.table import table

if TYPE_CHECKING:
    from jettison.registry.scope import Scope

_HELP = """Who may do what with which repositories. What is not granted is refused. Works beside the running server.

A grant is to a user or a robot by its name, to `group:NAME`, or to `anonymous`: everybody, signed in or not. It is
written `PATTERN:ACTIONS`. Actions are `pull`, `push`, `delete` and `admin`, which is all of them; pushing a tag anew is
push, and every deletion, restore and purge is delete. In a pattern, `*` is any characters of one component, `**` any
number of components. `**:admin` makes an administrator of the whole registry.

**Examples**

    jettison grant add ana 'team/**:pull,push'
    jettison grant add group:dev 'team/**:pull' 'sandbox/**:pull,push,delete'
    jettison grant add anonymous 'public/**:pull'
    jettison grant list ana
    jettison grant remove ana 'team/**:push'      # she may still pull
    jettison grant remove ana 'team/**'           # nothing is left of that grant
"""

grant = typer.Typer(name="grant", help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")

Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="A user's or robot's name, `group:NAME`, or `anonymous`.", show_default=False),
]


@grant.command(name="add")
def add(
    who: Who,
    scope: Annotated[
        list[str],
        typer.Argument(metavar="PATTERN:ACTIONS...", help="Such as 'team/**:pull,push'.", show_default=False),
    ],
    config: ConfigOption = None,
) -> None:
    """Grant something, beside what is granted already.

    **Examples**

        jettison grant add ana 'team/**:pull,push'
        jettison grant add ana '**:admin'             # an administrator
    """
    scopes = parsed_scopes(scope, "PATTERN:ACTIONS")
    with opened(config) as registry:
        from jettison.registry import grants
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        for each in scopes:
            given = grants.give(registry, EVERYONE, NOBODY, who, each)
            put(f"{who} may {_may(given.scope)}")


@grant.command(name="list")
def list_grants(
    who: Annotated[
        str | None,
        typer.Argument(metavar="[WHO]", help="Only those to it: not what its groups have.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """List the grants: everybody's, then those of groups, then those of users and robots."""
    with opened(config) as registry:
        from jettison.registry import grants
        from jettison.registry.access import EVERYONE

        found = grants.everyone(registry, EVERYONE, who)
    if as_json:
        document({"grants": [each.to_json() for each in found]})
    else:
        rows = ((each.to, each.scope.pattern, ",".join(each.scope.words)) for each in found)
        put_lines(table(("TO", "PATTERN", "ACTIONS"), rows))


@grant.command(name="remove")
def remove(
    who: Who,
    pattern: Annotated[
        list[str],
        typer.Argument(
            metavar="PATTERN[:ACTIONS]...",
            help="As it was granted: with some actions these are taken, without any the whole.",
            show_default=False,
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Take back what was granted by exactly that pattern.

    **Examples**

        jettison grant remove ana 'team/**'
        jettison grant remove group:dev 'team/**:delete'
    """
    taken: list[tuple[str, Scope | None]] = [
        (text.partition(":")[0], parsed_scopes([text], "PATTERN[:ACTIONS]")[0] if ":" in text else None)
        for text in pattern
    ]
    with opened(config) as registry:
        from jettison.registry import grants
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        for by, scope in taken:
            actions = scope.actions if scope is not None else None
            left = grants.take(registry, EVERYONE, NOBODY, who, by, actions)
            put(f"{who} may still {_may(left.scope)}" if left else f"nothing is granted to {who} by {by} any more")


def _may(scope: Scope) -> str:
    return f"{', '.join(scope.words)} {scope.pattern}"
