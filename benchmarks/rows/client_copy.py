"""Copying an index of eight platforms to another repository of its registry, by the client and by others."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused, request
from benchmarks.content import MANIFEST_TYPE, digest_of, repository
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server
from benchmarks.push import push
from benchmarks.rows.client_programs import STARTED, Trial, address, command, compared, pair, run
from benchmarks.scale import Scale

PLATFORMS = ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "mips64le")
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
COPIES = 5
TURNS = 2
"""Turns for each sample of the scale."""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of each client for one copy, of several one after the other, each to a repository that is new."""
    with pair(peers, folder) as servers:
        if servers is None:
            return []
        server, least = servers

        def trial(name: str, turn: int) -> Trial:
            there = _copy(name, least, f"{STARTED.name}:v0", f"{STARTED.name}/{name.lower()}:v0")
            run([there])
            starting = seconds(lambda: [run([there]) for _ in range(COPIES)])
            named = [_source(server, f"{name.lower()}/turn-{turn}/copy-{number}") for number in range(COPIES)]
            copies = [_copy(name, server, f"{source}:all", f"{target}:all") for source, target in named]
            spent = seconds(lambda: [run([each]) for each in copies])
            for _, target in named:
                _check(server, target)
            return Trial(spent / COPIES, starting / COPIES)

        what = (
            f"a client copies an index of {len(PLATFORMS)} platforms within a registry, without referrers; apart: less "
            "its time for one image that is there already"
        )
        return [compared("client-copy", what, scale.samples * TURNS, trial)]


def _copy(name: str, server: Server, source: str, target: str) -> list[str]:
    one, other = (f"{address(server)}/{each}" for each in (source, target))
    if name == JETTISON:
        # The others leave signatures and the like behind, unless they are told not to.
        return command(name, server, "cp", "--no-referrers", one, other)
    if name == "regctl":
        return command(name, server, "image", "copy", one, other)
    if name == "crane":
        return command(name, server, "copy", one, other)
    plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
    return command(name, server, "--insecure-policy", "copy", "--all", *plain, f"docker://{one}", f"docker://{other}")


def _source(server: Server, name: str) -> tuple[str, str]:
    """A repository with an index of images that nothing else has, and the name of one to copy it to."""
    source = f"{name}/source"
    images = [repository(f"{name}/{platform}", 1) for platform in PLATFORMS]
    entries = []
    for image, platform in zip(images, PLATFORMS, strict=True):
        placed = type(image)(
            source, image.blobs, tuple(type(each)(platform, each.content, each.digest) for each in image.versions)
        )
        push(server.port, [placed], 1)
        (version,) = placed.versions
        entries.append(
            {
                "mediaType": MANIFEST_TYPE,
                "digest": version.digest,
                "size": len(version.content),
                "platform": {"os": "linux", "architecture": platform},
            }
        )
    salt = {"salt": str(random.Random(name).random())}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries, "annotations": salt}
    content = json.dumps(index).encode()
    with server.connect() as connection:
        message = request("PUT", f"/v2/{source}/manifests/all", content, {"Content-Type": INDEX_TYPE})
        connection.send(message, 201)
    return source, f"{name}/target"


def _check(server: Server, target: str) -> None:
    index = server.get(f"/v2/{target}/manifests/all", {"Accept": INDEX_TYPE})
    for entry in json.loads(index)["manifests"]:
        content = server.get(f"/v2/{target}/manifests/{entry['digest']}", {"Accept": MANIFEST_TYPE})
        if digest_of(content) != entry["digest"]:
            raise Refused(f"{target} was copied wrongly")
