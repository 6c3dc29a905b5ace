"""`jettison cp SRC DST`: copy an image, all of it."""

from __future__ import annotations

from typing import Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.exit_status import ExitStatus
from jettison.cli.show.data import AsJson, document, put
from jettison.cli.show.said import error, tell, warn
from jettison.cli.show.working import counting


@command
def cp(
    connection: Connection,
    source: Annotated[str, typer.Argument(metavar="SRC", help="HOST/REPO:TAG or HOST/REPO@DIGEST.")],
    target: Annotated[
        str, typer.Argument(metavar="DST", help="HOST/REPO:TAG; without a tag, that of SRC, or its digest alone.")
    ],
    no_referrers: Annotated[
        bool, typer.Option("--no-referrers", help="Leave behind what refers to it: signatures, bills of materials.")
    ] = False,
    as_json: AsJson = False,
) -> ExitStatus | None:
    """Copy an image within a registry or to another: every platform, and with it what refers to it.

    What the target has is not sent again, and within a registry blobs are taken over without being sent. The tag comes
    last: a copy that is broken off has changed no tag, and goes on where it ended when it is run again.

    **Examples**

        jettison cp localhost:5000/team/app:v1 localhost:5000/released/app:v1
        jettison cp docker.io/library/debian:12 localhost:5000/debian
        jettison cp localhost:5000/app@sha256:... registry.example.com/app:v1 --no-referrers
    """
    from jettison.client.errors import Invalid

    from_, to = address(source, "HOST/REPO:TAG"), address(target, "HOST/REPO[:TAG]")
    if from_.repository is None or from_.reference is None:
        raise Invalid(f"{source} names no tag and no digest: `jettison tags {from_}` lists what there is")
    if to.repository is None or to.digest is not None:
        raise Invalid(f"{target} cannot be copied to: write HOST/REPO:TAG; a digest follows from what is copied")
    here = connection.registry(from_.host).repository(from_.repository)
    there = connection.registry(to.host).repository(to.repository)
    tag = to.tag or from_.tag
    try:
        with counting(f"copying {from_}", None, in_bytes=True) as moved:
            copied = here.copy(from_.reference, there, tag, referrers=not no_referrers, moved=moved)
    except KeyboardInterrupt:
        error(
            f"interrupted: {there}{'' if tag is None else f':{tag}'} was not changed; what has been sent stays for a "
            "while, so that the same command goes on from there"
        )
        return ExitStatus.INTERRUPTED
    for digest in copied.missing:
        warn(f"{from_} lists {digest}, which {here} does not have: it was left out")
    name = f"{there}{'' if tag is None else f':{tag}'}@{copied.digest}"
    if as_json:
        document(
            {
                "copied": name,
                "digest": str(copied.digest),
                "manifests": copied.manifests,
                "referrers": copied.referrers,
                "blobs": {"sent": copied.blobs_sent, "mounted": copied.blobs_mounted, "there": copied.blobs_there},
                "bytes_sent": copied.bytes_sent,
                "missing": [str(each) for each in copied.missing],
            }
        )
        return None
    from jettison.cli.sizes import number, short_size

    put(name)
    tell(
        f"pushed {number(copied.manifests, 'manifest')}, {copied.referrers} of them referrers; blobs: "
        f"{copied.blobs_sent} sent ({short_size(copied.bytes_sent)}), {copied.blobs_mounted} taken over, "
        f"{copied.blobs_there} there already"
    )
    return None
