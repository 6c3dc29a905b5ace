"""`jettison tags HOST/REPO`: the tags of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.show.data import AsJson, AsLines, document, json_line, put, put_lines

if TYPE_CHECKING:
    from jettison.client.repository import Repository
    from jettison.oci.errors import Json
    from jettison.oci.reference import Tag


@command
def tags(
    connection: Connection,
    repository: Annotated[str, typer.Argument(metavar="HOST/REPO", help="The repository.")],
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="[PATTERN]", help="Only tags that match, as in 'v1.*'.", show_default=False),
    ] = None,
    long: Annotated[
        bool, typer.Option("--long", "-l", help="With digest, size, and when it was made; the newest first.")
    ] = False,
    as_json: AsJson = False,
    as_lines: AsLines = False,
) -> None:
    """List the tags of a repository, one a line.

    The size with --long is that of all platforms together: manifests, configs and layers, each once.

    **Examples**

        jettison tags localhost:5000/team/app
        jettison tags localhost:5000/team/app 'v1.*' --long
        jettison tags ghcr.io/org/app --json
    """
    from jettison.client.errors import Invalid
    from jettison.selection.pattern import Pattern

    where = address(repository, "HOST/REPO")
    if where.repository is None:
        raise Invalid(f"{repository} is a registry: `jettison ls {where.host}` lists its repositories")
    if where.reference is not None:
        raise Invalid(f"leave out {where.reference}: `jettison inspect {where}` shows what is under it")
    matches = (lambda name: True) if pattern is None else Pattern.parse(pattern).matches
    there = connection.registry(where.host).repository(where.repository)
    names = (tag for tag in there.tags() if matches(str(tag)))
    if long:
        _long(there, list(names), as_json=as_json, as_lines=as_lines)
    elif as_json:
        document([str(tag) for tag in names])
    else:
        for tag in names:
            if as_lines:
                json_line({"tag": str(tag)})
            else:
                put(str(tag))


def _long(repository: Repository, names: Sequence[Tag], *, as_json: bool, as_lines: bool) -> None:
    from jettison.cli.contents import dates, read_tags
    from jettison.cli.show.table import table
    from jettison.cli.show.times import ago
    from jettison.cli.sizes import short_size
    from jettison.cli.space import size_of

    contents = read_tags(repository, names)
    made = dates(repository, contents.manifests)
    newest_first = sorted(
        contents.tags.items(),
        key=lambda each: (at.timestamp() if (at := made[each[1].digest]) else 0, str(each[0])),
        reverse=True,
    )
    listed: list[Json] = []
    rows = []
    now = datetime.now(UTC)
    for tag, manifest in newest_first:
        at, size = made[manifest.digest], size_of(manifest, contents.manifests)
        listed.append(
            {
                "tag": str(tag),
                "digest": str(manifest.digest),
                "mediaType": manifest.media_type,
                "size": size,
                "created": None if at is None else at.isoformat(),
            }
        )
        rows.append((str(tag), str(manifest.digest), short_size(size), ago(at, now)))
    if as_lines:
        for each in listed:
            json_line(each)
    elif as_json:
        document(listed)
    else:
        put_lines(table(("TAG", "DIGEST", "SIZE", "AGE"), rows, right=(2, 3)))
