"""`jettison garbage-collect`: gives back now what nothing needs, beside a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import ConfigArgument
from jettison.cli.opened import opened
from jettison.cli.sizes import number, short_size, size
from jettison.registry.times import rfc3339

if TYPE_CHECKING:
    from jettison.metadata.space import Returning
    from jettison.registry.collection import Collected

_IDS = 10


def garbage_collect(
    config: ConfigArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-d", help="Change nothing, and say to the byte what would be done.")
    ] = False,
    delete_untagged: Annotated[
        bool,
        typer.Option("--delete-untagged", "-m", help="First delete versions that no tag, index or subject needs."),
    ] = False,
    purge_deleted: Annotated[
        bool, typer.Option("--purge-deleted", help="End the time in which deletions can be undone: all of them, now.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Give back the space that nothing needs, now.

    The server does the same by itself every `jettison.sweep.interval`; it may run or not. What was deleted stays as
    long as it can be undone, and what `--delete-untagged` deletes can be undone too. The switches are those of
    distribution's command, in any order, before the file or after it, and with `=true` or `=false`.

    **Examples**

        jettison garbage-collect /etc/docker/registry/config.yml
        jettison garbage-collect --dry-run --delete-untagged config.yml
        jettison garbage-collect -m config.yml --purge-deleted
    """
    with opened(config) as registry:
        from jettison.registry.collection import Order, collect, rehearse
        from jettison.registry.sweep import holder_name

        order = Order(delete_untagged=delete_untagged, purge_deleted=purge_deleted)
        act = rehearse if dry_run else collect
        with _progress(shown=not quiet) as progress:
            collected = act(registry, order, holder_name(), progress)
        if not quiet:
            typer.echo("\n".join(_report(collected, dry_run=dry_run, grace=registry.rules.sweep_grace)))


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[Collected], None]]:
    """What is done so far, on a terminal's stderr, while it is done."""
    from rich.console import Console

    with Console(stderr=True, quiet=not shown).status("looking") as status:

        def update(done: Collected) -> None:
            swept = done.swept
            deleted, dropped = number(done.versions, "version"), number(swept.blobs, "blob")
            status.update(f"{deleted} deleted, {dropped} dropped, {short_size(swept.bytes)} freed")

        yield update


def _report(collected: Collected, *, dry_run: bool, grace: int) -> Iterator[str]:
    would = "would be " if dry_run else ""
    for deleted in collected.deleted:
        for item in deleted.plan.goes:
            yield f"{deleted.plan.repositories[0]}@{item.digest}"
    if collected.deleted:
        places = number(len(collected.deleted), "repository", "repositories")
        yield f"{would}deleted: {number(collected.versions, 'version')} of {places}{_undo(collected, dry_run=dry_run)}"
    if collected.purged:
        yield f"{would}purged: {number(collected.purged, 'deletion')}"
    swept = collected.swept
    abandoned = f", {number(swept.uploads, 'abandoned upload')}" if swept.uploads else ""
    yield f"{would}freed: {size(swept.bytes)}, {number(swept.files, 'file')}{abandoned}"
    for later in collected.returning:
        yield f"later: {size(later.bytes)}, {number(later.blobs, 'blob')}, {_when(later)}: {_why(later, grace)}"


def _undo(collected: Collected, *, dry_run: bool) -> str:
    until = max((deleted.undo_until for deleted in collected.deleted if deleted.undo_until), default=None)
    if until is None or collected.purged:
        return ""
    # Those of a dry run are not the ones that the real one will have.
    ids = "" if dry_run else " by " + ", ".join(f"deletion {deleted.id}" for deleted in collected.deleted[:_IDS])
    more = len(collected.deleted) - _IDS
    others = f" and {more} more" if ids and more > 0 else ""
    return f"{ids}{others}, can be undone until {rfc3339(until)}"


def _when(later: Returning) -> str:
    if later.first == later.last:
        return f"at {rfc3339(later.last)}"
    return f"from {rfc3339(later.first)} to {rfc3339(later.last)}"


def _why(later: Returning, grace: int) -> str:
    from jettison.settings.duration import format_duration

    after = f" but for the grace of {format_duration(timedelta(microseconds=grace))}" if grace else ""
    return {
        "undo": f"deletions can be undone until then; --purge-deleted gives it back now{after}",
        "lease": "uploaded or asked for, waiting until then for a manifest that needs it",
        "grace": "nothing needs it; whoever is reading it may end",
    }[later.why]
