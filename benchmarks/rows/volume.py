"""What many manifests change for Jettison itself: the start, a push, and the deletion of a large repository."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Connection, request
from benchmarks.content import Repository, repository, version
from benchmarks.measurement import JETTISON, Goal, Row, Series, alternate, ratio, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.push import push_blobs, push_version, push_versions
from benchmarks.scale import Scale

# "Same as": what the medians of five may differ by when nothing differs.
SAME = 1.1
BUSY = "busy"


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """One server with a repository of `busy_tags` and one of `doomed_tags` per sample: 100,000 manifests in full."""
    with running([peer for peer in peers if peer.name == JETTISON], folder) as servers:
        rows: list[Row] = []
        for server in servers:
            busy = repository(f"volume/{BUSY}", scale.busy_tags)
            doomed = [repository(f"volume/doomed-{turn}", scale.doomed_tags) for turn in range(scale.samples)]
            for each in (busy, *doomed):
                push_versions(server.port, each, scale.clients)
            manifests = scale.busy_tags + scale.samples * scale.doomed_tags
            rows += [_start(server, scale, manifests), _push(server, scale, busy), _deletion(server, scale, doomed)]
        return rows


def _start(server: Server, scale: Scale, manifests: int) -> Row:
    (elapsed,) = alternate([server], scale.samples, lambda server, turn: (server.restart(),))
    goal = Goal("under 1 s", elapsed[0].median, 1.0, at_most=True, unit=" s")
    return Row("start", f"start with {manifests} manifests, to the first answer", "s", elapsed, (goal,))


def _push(server: Server, scale: Scale, busy: Repository) -> Row:
    """Push into the busy repository and into ones with a single tag, in turn."""
    into_busy: list[float] = []
    into_small: list[float] = []
    for turn in range(scale.samples):
        with server.connect() as connection:
            small = [repository(f"volume/small-{turn}-{number}", 1) for number in range(scale.requests)]
            for each in small:
                push_blobs(connection, each)
                push_version(connection, each.name, each.versions[0])
            pairs = [(_push_new(connection, busy, each.name), _push_new(connection, each, "new")) for each in small]
        into_busy.append(statistics.mean(to_busy for to_busy, _ in pairs))
        into_small.append(statistics.mean(to_small for _, to_small in pairs))
    many = f"into {scale.busy_tags}"
    series = (Series(many, tuple(into_busy)), Series("into 1", tuple(into_small)))
    same = f"as long as into one that has 1 (at most {SAME}x)"
    goal = Goal(same, ratio(series, many, "into 1"), SAME, at_most=True)
    return Row("tag-push", f"push of a tag into a repository that has {scale.busy_tags}", "ms", series, (goal,))


def _push_new(connection: Connection, target: Repository, tag: str) -> float:
    new = version(target.name, target.blobs, tag.replace("/", "-"))
    return seconds(lambda: push_version(connection, target.name, new)) * 1000


def _deletion(server: Server, scale: Scale, doomed: Sequence[Repository]) -> Row:
    """In each doomed repository, DELETE a tag, then the repository."""
    tags: list[float] = []
    wholes: list[float] = []
    for each in doomed:
        with server.connect() as connection:
            tags.append(_delete(connection, f"/v2/{each.name}/manifests/{each.versions[0].tag}"))
            wholes.append(_delete(connection, f"/v2/{each.name}"))
            connection.send(request("GET", f"/v2/{each.name}/tags/list"), 404)
    series = (Series("repository", tuple(wholes)), Series("one tag", tuple(tags)))
    goal = Goal("under 50x the time of one tag", ratio(series, "repository", "one tag"), 50, at_most=True)
    work = f"DELETE of a repository of {scale.doomed_tags} tags, its summary included"
    return Row("repository-delete", work, "ms", series, (goal,))


def _delete(connection: Connection, path: str) -> float:
    return seconds(lambda: connection.send(request("DELETE", path), 202)) * 1000
