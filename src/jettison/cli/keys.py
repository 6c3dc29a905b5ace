"""`jettison keys`: the keys that sign this registry's tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened

if TYPE_CHECKING:
    from jettison.metadata.keys import SigningKey

keys = typer.Typer(name="keys", help="The keys that sign this registry's tokens.", no_args_is_help=True)

_COLUMNS = ("KEY", "MADE", "ITS TOKENS ARE BELIEVED")


@keys.command(name="list")
def list_keys(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the keys by their names (`kid`), first the one that signs. A key itself is never shown."""
    from jettison.registry.keys import signing_keys

    with opened(config) as registry:
        found = signing_keys(registry)
    if as_json:
        typer.echo(json.dumps([_object(key) for key in found], indent=2))
        return
    rows = [_COLUMNS, *((key.id, *_times(key)) for key in found)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for id, made, believed in rows:
        typer.echo(f"{id:<{widths[0]}}  {made:<{widths[1]}}  {believed}")


@keys.command(name="rotate")
def rotate_keys(
    config: ConfigOption = None,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Believe no token any more that was made before: a key is in wrong hands.")
    ] = False,
) -> None:
    """Sign with a new key from now on. Tokens that were made before are good until they end, unless with `--revoke`.

    A server takes it up by itself, within ten seconds. Nobody has to sign in again.

    **Examples**

        jettison keys rotate
        jettison keys rotate --revoke    # whoever holds the old key can make no more tokens
    """
    from jettison.registry.keys import rotate

    with opened(config) as registry:
        key = rotate(registry, revoke=revoke)
    typer.echo(f"{key.id} signs from now on")


def _object(key: SigningKey) -> dict[str, object]:
    made, _ = _times(key)
    from jettison.registry.times import rfc3339

    return {
        "key": key.id,
        "made_at": made,
        "signs": key.ends_at is None,
        "believed_until": None if key.ends_at is None else rfc3339(key.ends_at),
    }


def _times(key: SigningKey) -> tuple[str, str]:
    from jettison.registry.times import rfc3339

    believed = "it signs" if key.ends_at is None else f"until {rfc3339(key.ends_at)}"
    return str(rfc3339(key.created_at)), believed
