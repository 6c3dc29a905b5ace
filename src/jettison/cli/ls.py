"""`jettison ls HOST`: the repositories of a registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.show.data import AsJson, AsLines, document, json_line, put_lines

if TYPE_CHECKING:
    from jettison.client.registry import Registry
    from jettison.oci.reference import RepositoryName


@command
def ls(
    connection: Connection,
    host: Annotated[str, typer.Argument(metavar="HOST", help="The registry: HOST or HOST:PORT.")],
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATTERN]", help="Only names that match, as in 'team/*' or 'team/**'.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    as_lines: AsLines = False,
) -> None:
    """List the repositories of a registry, one a line.

    **Examples**

        jettison ls localhost:5000
        jettison ls registry.example.com 'team/**'
        jettison ls localhost:5000 --jsonl
    """
    from jettison.client.errors import Invalid
    from jettison.selection.pattern import Pattern

    where = address(host if "/" in host else f"{host}/", "HOST or HOST:PORT")
    if where.repository is not None:
        raise Invalid(f"{host} is a repository: `jettison tags {where}` lists its tags")
    names = repositories(connection, connection.registry(where.host))
    if pattern is not None:
        matches = Pattern.parse(pattern).matches
        names = (name for name in names if matches(str(name)))
    if as_json:
        document([str(name) for name in names])
        return
    if as_lines:
        for name in names:
            json_line({"repository": str(name)})
    else:
        put_lines(map(str, names))


def repositories(connection: Connection, registry: Registry) -> Iterator[RepositoryName]:
    """All repositories: by the catalog, else by the vendor's own API. Raises what the vendor's raises."""
    from jettison.client.errors import NotAllowed, NotFound, Unsupported

    names = registry.repositories()
    try:
        first = next(names, None)
    except (NotAllowed, NotFound, Unsupported):
        names = connection.vendor_of(registry).repositories()
        first = next(names, None)
    if first is not None:
        yield first
        yield from names
