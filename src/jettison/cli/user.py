"""`jettison user`: people who sign in with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.password import PasswordStdin, given_password
from jettison.cli.show.data import AsJson, document, put, put_lines
from jettison.cli.show.table import table

if TYPE_CHECKING:
    from jettison.registry.users import User

_HELP = """People who sign in with a password, where `auth.jettison` is on. Works beside the running server.

A new user may do nothing but what everybody may: see `jettison grant`.

**Examples**

    jettison user add --admin root          # the first administrator; the password is asked for
    jettison user add ana --password-stdin < password.txt
    jettison grant add ana 'team/**:pull,push'
    docker login registry.example.com       # as ana
"""

user = typer.Typer(name="user", help=_HELP, no_args_is_help=True, rich_markup_mode="markdown")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.", show_default=False)]


@user.command(name="add")
def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Lower-case letters, digits, '.', '_', '@', '+' and '-'.", show_default=False
        ),
    ],
    admin: Annotated[bool, typer.Option("--admin", help="It may do everything, accounts included.")] = False,
    password_stdin: PasswordStdin = False,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password, of at least 8 characters, is asked for, or read from stdin.

    **Examples**

        jettison user add ana
        jettison user add --admin root --config /etc/docker/registry/config.yml
        pass show registry/ana | jettison user add ana --password-stdin
    """
    password = given_password(name, password_stdin)
    with opened(config) as registry:
        from jettison.registry import users
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        added = users.add(registry, EVERYONE, NOBODY, name, password, admin=admin)
    if as_json:
        document(added.to_json())
    elif admin:
        put(f"{name} may do everything here")
    else:
        put(f"{name} was added. Nothing is granted to it yet: jettison grant add {name} 'team/**:pull,push'")


@user.command(name="list")
def list_users(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """List the users, with their groups and when they last signed in."""
    with opened(config) as registry:
        from jettison.registry import users
        from jettison.registry.access import EVERYONE

        found = users.everyone(registry, EVERYONE)
    if as_json:
        document({"users": [each.to_json() for each in found]})
    else:
        put_lines(table(("NAME", "ROLE", "GROUPS", "CREATED", "LAST USED"), map(_row, found)))


def _row(found: User) -> tuple[str, ...]:
    from jettison.registry.times import rfc3339

    role = "disabled" if found.disabled else "admin" if found.admin else "user"
    created, used = rfc3339(found.created_at) or "", rfc3339(found.used_at) or "never"
    return found.name, role, ",".join(found.groups) or "-", created, used


@user.command(name="passwd")
def passwd(name: Name, password_stdin: PasswordStdin = False, config: ConfigOption = None) -> None:
    """Give a user another password, and sign it out everywhere."""
    password = given_password(name, password_stdin)
    with opened(config) as registry:
        from jettison.registry import users
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        users.set_password(registry, EVERYONE, NOBODY, name, password)
    put(f"{name} has another password, and is signed out everywhere")


@user.command(name="disable")
def disable(name: Name, config: ConfigOption = None) -> None:
    """Keep a user out, and sign it out everywhere; what is granted to it stays for later."""
    _set_disabled(name, config, disabled=True)
    put(f"{name} is disabled: `jettison user enable {name}` lets it in again")


@user.command(name="enable")
def enable(name: Name, config: ConfigOption = None) -> None:
    """Let a disabled user in again, with what is granted to it."""
    _set_disabled(name, config, disabled=False)
    put(f"{name} can sign in")


def _set_disabled(name: str, config: ConfigOption, *, disabled: bool) -> None:
    with opened(config) as registry:
        from jettison.registry import users
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        users.set_disabled(registry, EVERYONE, NOBODY, name, disabled=disabled)


@user.command(name="remove")
def remove(name: Name, config: ConfigOption = None) -> None:
    """Remove a user with all that is granted to it; what it has pushed stays. The last administrator is not removed."""
    with opened(config) as registry:
        from jettison.registry import users
        from jettison.registry.access import EVERYONE
        from jettison.registry.origin import NOBODY

        users.remove(registry, EVERYONE, NOBODY, name)
    put(f"{name} was removed")
