"""`jettison rm REF...`: delete tags, versions or whole repositories of any registry."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.deletion import Deletion
from jettison.cli.exit_status import ExitStatus
from jettison.cli.show.said import error, tell, warn
from jettison.cli.show.working import working

if TYPE_CHECKING:
    from jettison.client.address import Address
    from jettison.client.plan import Plan


@command
def rm(
    connection: Connection,
    deletion: Deletion,
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="REF...",
            help="HOST/REPO:TAG, HOST/REPO@DIGEST, or with -r HOST/REPO. `-` reads them from stdin, one a line.",
        ),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Delete whole repositories: each REF is HOST/REPO.")
    ] = False,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="What is not there is no error: the rest is deleted.")
    ] = False,
) -> ExitStatus | None:
    """Delete tags, versions or whole repositories, and nothing else.

    A tag goes alone: other tags of the same version stay, on registries too that know no such thing. A version goes by
    its digest, with its tags, the platforms that only it lists, and what refers to it. What goes, and what stays and
    why, is shown before anything is done. `jettison undo` takes it back.

    If one of them is not there, nothing is deleted and the status is 3, unless there is --ignore-missing.

    **Examples**

        jettison rm localhost:5000/team/app:v1
        jettison rm localhost:5000/team/app@sha256:... --dry-run
        jettison rm -r localhost:5000/team/old --yes
        jettison tags localhost:5000/app 'pr-*' | sed 's,^,localhost:5000/app:,' | jettison rm --yes -
    """
    targets = [_target(text, recursive=recursive) for text in _read(references, connection)]
    with working("looking"):
        plans = _planned(connection, targets)
    missing = [f"{plan.host}/{name}" for plan in plans for name in plan.missing]
    for name in missing:
        (warn if ignore_missing else error)(f"{name} is not there")
    if missing and not ignore_missing:
        tell("nothing was deleted: leave out what is missing, or add --ignore-missing")
        return ExitStatus.NOT_FOUND
    if not any(plan.items or plan.stays for plan in plans):
        tell("there is nothing to delete")
    return deletion.carry_out(plans)


def _read(references: Sequence[str], connection: Connection) -> list[str]:
    """The references, those of standard input in the place of `-`, each once. Raises Invalid."""
    from jettison.client.errors import Invalid

    if "-" not in references:
        return list(dict.fromkeys(references))
    if connection.password_stdin:
        raise Invalid("- and --password-stdin cannot both read standard input: sign in once with `jettison login HOST`")
    lines = [line.strip() for line in sys.stdin]
    read = [line for line in lines if line and not line.startswith("#")]
    return list(dict.fromkeys(each for text in references for each in (read if text == "-" else [text])))


def _target(text: str, *, recursive: bool) -> Address:
    from jettison.cli.glob import is_pattern
    from jettison.client.errors import Invalid

    shape = "HOST/REPO" if recursive else "HOST/REPO:TAG or HOST/REPO@DIGEST"
    if is_pattern(text):
        raise Invalid(
            f"{text}: rm takes no patterns; `jettison prune` takes them, for repositories and for tags (--tag)"
        )
    where = address(text, shape)
    if where.repository is None:
        raise Invalid(f"{text} is a registry, which is not deleted: write {shape}")
    if recursive:
        if where.reference is not None:
            raise Invalid(f"{text}: -r deletes whole repositories: leave out {where.reference}, or leave out -r")
    elif where.reference is None:
        raise Invalid(
            f"{text} is a whole repository, for which there is -r: `jettison rm -r {where}`. One tag of it is "
            f"`jettison rm {where}:TAG`; `jettison tags {where}` lists them"
        )
    elif where.tag is not None and where.digest is not None:
        raise Invalid(
            f"{text} says both: `jettison rm {where.host}/{where.repository}:{where.tag}` deletes the tag alone, "
            f"`jettison rm {where.host}/{where.repository}@{where.digest}` the version with all its tags"
        )
    return where


def _planned(connection: Connection, targets: Sequence[Address]) -> list[Plan]:
    """One plan for each registry. Raises what a request raises."""
    from jettison.client.errors import NotFound
    from jettison.client.plan import Plan
    from jettison.client.planning import plan_deletion

    by_repository: dict[tuple[str, str], list[Address]] = {}
    for target in targets:
        by_repository.setdefault((str(target.host), str(target.repository)), []).append(target)
    plans: dict[str, list[Plan]] = {}
    for (host, name), wanted in by_repository.items():
        registry = connection.registry(wanted[0].host)
        references = [each.reference for each in wanted if each.reference is not None]
        vendor = connection.vendor_of(registry)
        try:
            made = plan_deletion(registry.repository(name), references, whole=not references, vendor=vendor)
        except NotFound:
            made = Plan(host, "", (), missing=(name,))
        plans.setdefault(host, []).append(made)
    return [_joined(each) for each in plans.values()]


def _joined(plans: Sequence[Plan]) -> Plan:
    from jettison.client.plan import Plan

    # What carries a joined plan out is that of the first: one that found something comes before those that did not.
    return Plan.join(sorted(plans, key=lambda plan: plan.executor is None))
