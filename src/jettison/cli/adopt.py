"""`jettison adopt`: takes a tree of CNCF distribution over where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_FAILED, ConfigArgument, configured, say
from jettison.cli.progress import progress
from jettison.cli.sizes import size

if TYPE_CHECKING:
    from jettison.migrate.adopt import Adopted


def adopt(
    config: ConfigArgument = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write what was adopted and what could not be, as JSON."),
    ] = None,
) -> None:
    """Take over what CNCF distribution (2.x or 3.x) has stored in the data folder or bucket, without moving or
    rewriting it.

    Stop that registry first: it must not write there any more. `jettison serve` does the same by itself where it finds
    such a tree and an empty database. A tree is adopted once: interrupted, it goes on where it was; done, another run
    changes nothing and only writes the report again.

    Ends with 0 if all is adopted, whatever was found to be broken in it, 1 if it could not go on, 2 for bad settings.

    **Examples**

        jettison adopt /etc/docker/registry/config.yml --report report.json
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/var/lib/registry jettison adopt
    """
    loaded = configured(config)
    from jettison.migrate.report import write_adoption
    from jettison.oci.errors import RegistryError
    from jettison.server.adopting import adopting, carry_out, tree_of
    from jettison.server.errors import ServeError

    try:
        with adopting(loaded.settings) as registry:
            with progress() as tell:
                adopted = carry_out(registry, tree_of(loaded.settings), tell)
            if report is not None:
                write_adoption(registry, report)
    except ServeError as error:
        say("error", [str(error)])
        raise typer.Exit(EXIT_FAILED) from None
    except RegistryError as error:
        say("error", [f"{error.message}: what was adopted so far stays, and the next run goes on from there"])
        raise typer.Exit(EXIT_FAILED) from None
    except OSError as error:
        say("error", [f"{report} cannot be written: {error.strerror}"])
        raise typer.Exit(EXIT_FAILED) from None
    _tell(adopted, report)


def _tell(adopted: Adopted, report: Path | None) -> None:
    counts = dict(adopted.counts)
    unlinked, lost = counts.pop("unlinked_blobs", 0), counts.pop("unlinked_bytes", 0)
    typer.echo(f"{'adopted before' if adopted.before else 'adopted'}: {_listed(counts) or 'nothing'}")
    if unlinked:
        typer.echo(f"left: {unlinked} blobs that no repository has, {size(lost)}; `jettison check` lists them")
    if adopted.findings:
        typer.echo(f"found: {_listed(adopted.findings)}")
        if report is None:
            typer.echo("--report FILE names each, with the reason")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
