"""`jettison usage`: where the disk went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigOption
from jettison.cli.opened import opened
from jettison.cli.sizes import short_size, size

if TYPE_CHECKING:
    from jettison.registry.usage import RepositoryUsage, Usage


def usage(
    repository: Annotated[
        str | None, typer.Argument(metavar="[REPOSITORY]", help="Only this repository.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in bytes.")] = False,
) -> None:
    """Say where the disk went: the bytes of each repository, and what deletions, garbage and uploads still hold.

    The bytes at rest are counted once each, so that they add up to what lies on the disk. `exclusive` ones only that
    repository has; `shared` ones others have too, so that they are in the numbers of several.

    **Examples**

        jettison usage --config /etc/docker/registry/config.yml
        jettison usage team/app --json
    """
    from jettison.oci.errors import NameInvalid
    from jettison.oci.reference import RepositoryName

    try:
        name = RepositoryName.parse(repository) if repository is not None else None
    except NameInvalid as error:
        raise typer.BadParameter(error.message, param_hint="REPOSITORY") from None
    with opened(config) as registry:
        from jettison.registry import usage as found

        if name is None:
            all_of_it = found.usage(registry)
            shown, lines = all_of_it.to_json(), [*_table(all_of_it.repositories), "", *_sums(all_of_it)]
        else:
            one = found.usage_of(registry, name)
            shown, lines = one.to_json(), list(_table([one]))
        typer.echo(json.dumps(shown, indent=2) if as_json else "\n".join(lines))


def _table(repositories: Iterable[RepositoryUsage]) -> Iterator[str]:
    """A line for each repository, the largest first."""
    yield _row("EXCLUSIVE", "SHARED", "TAGS", "VERSIONS", "REPOSITORY")
    for each in sorted(repositories, key=lambda each: (-each.exclusive, each.name)):
        yield _row(short_size(each.exclusive), short_size(each.shared), each.tags, each.versions, each.name)


def _row(exclusive: object, shared: object, tags: object, versions: object, name: object) -> str:
    return f"{exclusive:>12} {shared:>12} {tags:>8} {versions:>8}  {name}"


def _sums(usage: Usage) -> Iterator[str]:
    bytes_ = usage.bytes
    yield f"exclusive  {size(bytes_.exclusive)}: in one repository only"
    yield f"shared     {size(bytes_.shared)}: in several, counted once"
    yield f"undo       {size(bytes_.undo)}: only deletions that can be undone hold it"
    yield f"garbage    {size(bytes_.garbage)}: nothing holds it, it is about to be deleted"
    yield f"uploads    {size(bytes_.uploads)}: of uploads that are not finished"
    yield f"total      {size(bytes_.total)}: what lies on the disk, beside the database"
