"""`jettison export`: the way back, a tree that CNCF distribution serves, made beside a running server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_FAILED, ConfigOption, say
from jettison.cli.opened import opened
from jettison.cli.progress import progress
from jettison.cli.sizes import size

if TYPE_CHECKING:
    from jettison.migrate.export import Exported

_SHOWN = 10


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to: a new folder, or an empty one.")],
    config: ConfigOption = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help="Write what distribution cannot hold, with the reasons, as JSON."
        ),
    ] = None,
) -> None:
    """Make FOLDER a root directory that CNCF distribution 2.8 and 3 serve, with all that is live here.

    The server may run: only the sweep waits. On the same filesystem blobs are hard links, which take no space, and
    elsewhere copies. Each repository is as it was at one moment. What was deleted and could be undone is left out, and
    so are unfinished uploads.

    Ends with 0 if all of it is there, 1 if it could not be made, or something could not be held.

    **Examples**

        jettison export /var/lib/registry-again --config /etc/docker/registry/config.yml
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/var/lib/registry-again registry serve config.yml
    """
    started_at = time.time_ns() // 1000
    with opened(config) as registry, progress() as tell:
        from jettison.blobs.store import BlobsError
        from jettison.migrate.export import export as carry_out
        from jettison.migrate.report import write
        from jettison.registry.times import rfc3339

        try:
            exported = carry_out(registry, folder, tell)
            if report is not None:
                head = {"folder": str(folder), "started_at": rfc3339(started_at), "exported": dict(exported.counts)}
                write(report, head, exported.findings)
        except (OSError, BlobsError) as error:
            say("error", [f"the export was not made: {error}"])
            raise typer.Exit(EXIT_FAILED) from None
    _tell(exported, folder, report)


def _tell(exported: Exported, folder: Path, report: Path | None) -> None:
    counts = dict(exported.counts)
    of_bytes = counts.pop("bytes", 0)
    listed = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    typer.echo(f"{folder}: {listed or 'nothing'}, {size(of_bytes)}")
    if not exported.findings:
        return
    for finding in exported.findings[:_SHOWN]:
        where = f"{finding.repository}: " if finding.repository else ""
        typer.echo(f"{finding.kind}: {where}{finding.subject}: {finding.reason}")
    if len(exported.findings) > _SHOWN and report is None:
        typer.echo(f"and {len(exported.findings) - _SHOWN} more: --report FILE names each")
    if any(finding.kind not in ("deletions", "referrers", "media-type") for finding in exported.findings):
        raise typer.Exit(EXIT_FAILED)
