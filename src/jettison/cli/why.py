"""`jettison why DIGEST`: what holds it, since when, and when it goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.configured import EXIT_FAILED, ConfigOption
from jettison.cli.opened import opened
from jettison.cli.sizes import size
from jettison.registry.times import rfc3339

if TYPE_CHECKING:
    from jettison.oci.digest import Digest
    from jettison.registry.why import Going, Holder, Place, Why

DEEPEST = 20


def why(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="Of a blob or a manifest: sha256:...")],
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say why a blob or a manifest is still there: every tag, index, subject, deletion, lease and upload that holds it.

    Or that nothing does, and when it goes. Where the registry knows nothing of it, the command ends with 1.

    **Examples**

        jettison why sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1
        jettison why sha256:... --config /etc/docker/registry/config.yml --json
    """
    from jettison.oci.digest import Digest
    from jettison.oci.errors import DigestInvalid

    try:
        wanted = Digest.parse(digest)
    except DigestInvalid as error:
        raise typer.BadParameter(error.message, param_hint="DIGEST") from None
    with opened(config) as registry:
        from jettison.registry.why import why_is

        found = why_is(registry, wanted)
        typer.echo(json.dumps(found.to_json(), indent=2) if as_json else "\n".join(_lines(found)))
        if not found.known:
            raise typer.Exit(EXIT_FAILED)


def _lines(found: Why) -> Iterator[str]:
    if not found.known:
        yield f"{found.digest} is not in this registry, and nothing in it names it"
        return
    yield f"{found.digest}{_kinds(found)}"
    for place in found.places:
        yield from _place(place)
    named = sum(holder.itself for place in found.places for holder in place.holders) - found.manifest
    if found.versions > named:
        yield f"and others: {found.versions} versions need it"
    for upload in found.uploads:
        yield f"upload {upload.id} to {upload.repository} has brought it, begun at {rfc3339(upload.started_at)}"
    for name, digest in found.awaited_by:
        yield f"{name} does not have it, though {digest} names it"
    if found.going is not None:
        yield _going(found.going)


def _kinds(found: Why) -> str:
    kinds = [kind for kind, is_it in (("blob", found.blob), ("manifest", found.manifest)) if is_it]
    damaged = ", damaged: push it again" if found.damaged else ""
    return f" is a {' and a '.join(kinds)} of {size(found.size)}{damaged}" if found.size is not None else ""


def _place(place: Place) -> Iterator[str]:
    taken = place.deletion
    if taken is None:
        yield place.repository
    else:
        until = "can be undone until" if taken.state == "deleted" else f"{taken.state}, held until"
        yield f"{place.repository}, deleted (deletion {taken.id}), {until} {rfc3339(taken.expires_at)}"
    if place.leased_until is not None:
        yield f"  uploaded or asked for: kept for a manifest until {rfc3339(place.leased_until)}"
    holders = {holder.digest: holder for holder in place.holders}
    for holder in place.holders:
        if holder.itself:
            yield from _holder(holder, holders, "  ", "", DEEPEST)


def _holder(holder: Holder, holders: dict[Digest, Holder], indent: str, relation: str, depth: int) -> Iterator[str]:
    """A version, then below it whatever it is held by."""
    held = bool(holder.tags or holder.indexes or holder.subject)
    since = f"since {rfc3339(holder.since)}"
    yield f"{indent}{relation}{holder.digest} {since}{'' if held else ', untagged'}"
    for name, at in holder.tags:
        yield f"{indent}  tag {name} since {rfc3339(at)}"
    above = [("in the index ", digest) for digest in holder.indexes]
    if holder.subject is not None:
        above.append(("refers to ", holder.subject))
    for how, digest in above:
        if digest in holders and depth:
            yield from _holder(holders[digest], holders, f"{indent}  ", how, depth - 1)


def _going(going: Going) -> str:
    if going.held_until is None:
        return f"nothing holds it: the next sweep drops it, and its bytes go at {rfc3339(going.bytes_at)} or later"
    what = {"lease": "a lease", "undo": "a deletion that can be undone", "grace": "the grace of readers and pushes"}
    held = f"{what[going.held_by or 'grace']} holds it until {rfc3339(going.held_until)}"
    return f"{held}; its bytes go at {rfc3339(going.bytes_at)} or later"
