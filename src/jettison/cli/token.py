"""`jettison token`: robots, which sign in with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.scopes import parsed_scopes
from jettison.cli.show.data import AsJson, document, put, put_lines
from jettison.cli.show.table import table

if TYPE_CHECKING:
    from jettison.registry.robots import Robot

_HELP = """Robots: programs that sign in with a token of their own. Works beside the running server.

**Examples**

    jettison token create ci --scope 'team/**:pull,push'                  # may push, never delete
    jettison token create cleaner --scope 'team/*:pull,delete' --days 30
    echo "$TOKEN" | docker login registry.example.com -u ci --password-stdin
    jettison token list                                                   # who was used when, what expires
    jettison token revoke ci
"""

token = typer.Typer(name="token", help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")

DAYS = 90


@token.command(name="create")
def create(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The robot's name, by which it signs in; no user has it.", show_default=False
        ),
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            "-s",
            metavar="PATTERN:ACTIONS",
            help="What it may do: some of pull, push, delete and admin on the repositories of a pattern. Can be"
            " repeated.",
            show_default=False,
        ),
    ],
    days: Annotated[
        int | None,
        typer.Option("--days", help=f"How long it works: {DAYS} days where nobody says.", show_default=False),
    ] = None,
    no_expiry: Annotated[bool, typer.Option("--no-expiry", help="It works until it is revoked.")] = False,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a robot and print its token: this once, since only its hash is kept.

    The token alone is on stdout, so that it can go where it is needed. It is the password of the robot's name, for
    `docker login` and all others, and works as `Authorization: Bearer` for the API.

    In a pattern, `*` is any characters of one component, `**` any number of components: `team/**` is all below team.

    **Examples**

        jettison token create ci --scope 'team/**:pull,push'
        jettison token create mirror -s 'base/*:pull' -s 'mirror/**:pull,push' --no-expiry > token
    """
    if days is not None and no_expiry:
        raise typer.BadParameter("--days and --no-expiry contradict each other", param_hint="--days")
    scopes = parsed_scopes(scope, "--scope")
    with opened(config) as registry:
        from jettison.registry import robots
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        good_for = None if no_expiry else days if days is not None else DAYS
        robot, secret = robots.create(registry, EVERYONE, NOBODY, name, scopes, good_for)
    if as_json:
        document({**robot.to_json(), "token": secret})
        return
    typer.echo(f"the token of {name}, {_until(robot)}; it is not shown again:", err=True)
    put(secret)


@token.command(name="list")
def list_tokens(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """List the robots, with what they may do, when they expire and when they were last used. No token is shown."""
    with opened(config) as registry:
        from jettison.registry import robots
        from jettison.registry.access import EVERYONE

        found = robots.everyone(registry, EVERYONE)
    if as_json:
        document({"robots": [each.to_json() for each in found]})
    else:
        put_lines(table(("NAME", "GOOD", "LAST USED", "SCOPES"), map(_row, found)))


def _row(robot: Robot) -> tuple[str, ...]:
    from jettison.registry.times import rfc3339

    return robot.name, _until(robot), rfc3339(robot.used_at) or "never", " ".join(map(str, robot.scopes)) or "-"


def _until(robot: Robot) -> str:
    from jettison.registry.times import rfc3339

    if robot.expires_at is None:
        return "until it is revoked"
    return f"{'expired' if robot.expired else 'until'} {rfc3339(robot.expires_at)}"


@token.command(name="revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The robot's name.", show_default=False)],
    config: ConfigOption = None,
) -> None:
    """Remove a robot: nobody can sign in with its token any more. Bearer tokens that it holds end within minutes."""
    with opened(config) as registry:
        from jettison.registry import robots
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        robots.revoke(registry, EVERYONE, NOBODY, name)
    put(f"{name} was removed, and its token with it")
