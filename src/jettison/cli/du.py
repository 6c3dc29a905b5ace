"""`jettison du HOST[/REPO]`: where the bytes are, as far as tags lead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection
from jettison.cli.show.data import AsJson, AsLines, document, json_line, put, put_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jettison.cli.space import Space


@command
def du(
    connection: Connection,
    where: Annotated[
        str,
        typer.Argument(metavar="HOST[/REPO]", help="A registry, a repository, or several: HOST/team/**."),
    ],
    treemap: Annotated[
        bool,
        typer.Option("--treemap", help="As a picture: in a terminal, or as an SVG where stdout is a file."),
    ] = False,
    as_json: AsJson = False,
    as_lines: AsLines = False,
) -> None:
    """Say where the bytes are: of each repository of a registry, or of each version of a repository.

    `exclusive` bytes only that one has: they come back when it goes. `shared` ones others have too. Everything that
    tags lead to is counted, platforms of indexes too, each byte once; what has no tag, a registry does not show. On a
    registry of your own `jettison usage` counts all that lies on the disk.

    **Examples**

        jettison du localhost:5000
        jettison du localhost:5000/team/app
        jettison du localhost:5000 --treemap
        jettison du localhost:5000 --treemap > du.svg
    """
    from jettison.cli.show.working import working

    with working("reading"):
        title, kind, space = _measured(connection, where)
    if treemap:
        _picture(title, space)
    elif as_lines:
        for each in space.used:
            json_line(each.to_json(kind))
    elif as_json:
        plural = "repositories" if kind == "repository" else "versions"
        listed = [each.to_json(kind) for each in space.used]
        document({"of": title, "bytes": {"total": space.total, "shared": space.shared}, plural: listed})
    else:
        put_lines(_table(kind, space))


def _measured(connection: Connection, where: str) -> tuple[str, str, Space]:
    from jettison.cli.contents import read
    from jettison.cli.glob import matching
    from jettison.cli.space import of_repositories, of_versions
    from jettison.client.errors import Invalid, NotFound

    found = matching(connection, where)
    if found.exact is not None and found.exact.reference is not None:
        raise Invalid(
            f"leave out {found.exact.reference}: `jettison inspect {found.exact}` tells the size of one version"
        )
    contents = read(found.repositories)
    if found.exact is None:
        return where, "repository", of_repositories(contents)
    if not contents[0].tags:
        raise NotFound(f"{where} has no tags, or is not there: `jettison ls {found.exact.host}` lists what there is")
    return str(found.exact), "version", of_versions(contents[0])


def _table(kind: str, space: Space) -> Iterator[str]:
    from jettison.cli.show.table import table
    from jettison.cli.sizes import short_size, size

    rows: list[tuple[str, ...]] = []
    for each in space.used:
        sizes = (short_size(each.exclusive), short_size(each.shared))
        if kind == "repository":
            rows.append((*sizes, str(each.versions), str(len(each.tags)), each.name))
        else:
            rows.append((*sizes, each.name, ", ".join(each.tags)))
    if kind == "repository":
        yield from table(("EXCLUSIVE", "SHARED", "VERSIONS", "TAGS", "REPOSITORY"), rows, right=(0, 1, 2, 3))
    else:
        yield from table(("EXCLUSIVE", "SHARED", "VERSION", "TAGS"), rows, right=(0, 1))
    yield ""
    yield f"total   {size(space.total)}"
    yield f"shared  {size(space.shared)} of it"


def _picture(title: str, space: Space) -> None:
    from jettison.cli.show.picture import painted, svg
    from jettison.cli.show.terminal import console
    from jettison.cli.sizes import short_size

    title = f"{title}: {short_size(space.total)}, {short_size(space.shared)} of it shared"
    if not sys.stdout.isatty():
        put(svg(title, space.used))
        return
    terminal = console()
    terminal.print(title)
    for line in painted(space.used, terminal.width, max(6, terminal.height - 3)):
        terminal.print(line, soft_wrap=True)
