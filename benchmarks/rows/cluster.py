"""One, two and three replicas on one PostgreSQL and one S3 engine, beside distribution on the same engine.

All of them stand behind an nginx of their own, with `deploy/nginx.conf`. What the replicas share they share here too:
three of them serve all three rows, and a balancer knows the first, the first two, or all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.connection import Connection
from benchmarks.content import LargeFile, Repository, repositories
from benchmarks.measurement import Goal, Row, Series, alternate, ratio, seconds
from benchmarks.peers.peer import Peer
from benchmarks.push import push, push_file
from benchmarks.rows.manifest_get import CONNECTIONS, rate, write_script
from benchmarks.scale import MIB, Scale
from tests.support.balancer import Balancer
from tests.support.cluster import Cluster, storage
from tests.support.distribution import DistributionServer
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine

DISTRIBUTION = "distribution v3"
REPLICAS = ("one replica", "two replicas", "three replicas")
QUIET = {"log": {"level": "error", "accesslog": {"disabled": True}}, "jettison": {"sweep": {"interval": "1h"}}}
NEEDED = ("postgresql", "s3", "nginx", "distribution")
"""What a run starts, by its names in tests/support/parts.py."""

TRANSFERS = 4
_PART_OF_A_BLOB = 4


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where one of those is asked."""

    name: str
    port: int


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Manifests a second, seconds of a push, and MB a second both ways, of every entrance."""
    with _entrances(with_distribution=any(peer.name == DISTRIBUTION for peer in peers)) as entrances:
        return [
            _pushed(entrances, scale),
            _manifests(entrances, scale, folder),
            *_blobs(entrances, scale, folder),
        ]


@contextlib.contextmanager
def _entrances(*, with_distribution: bool) -> Iterator[list[Entrance]]:
    with contextlib.ExitStack() as opened:
        postgres = opened.enter_context(PostgresCluster())
        engine = opened.enter_context(S3Engine())
        cluster = opened.enter_context(Cluster(postgres.create_database(), engine.bucket(), config=QUIET))
        ports = [replica.port for replica in cluster.replicas]
        balancers = [opened.enter_context(Balancer(ports[:number])) for number in (1, 2)]
        entrances = [
            Entrance(name, balancer.port)
            for name, balancer in zip(REPLICAS, [*balancers, cluster.balancer], strict=True)
        ]
        if with_distribution:
            config = {"storage": {"filesystem": None, "s3": storage(engine.bucket()), "redirect": {"disable": True}}}
            server = opened.enter_context(DistributionServer(config=config))
            balancer = opened.enter_context(Balancer([int(server.address.rpartition(":")[2])]))
            entrances.append(Entrance(DISTRIBUTION, balancer.port))
        yield entrances


def _pushed(entrances: Sequence[Entrance], scale: Scale) -> Row:
    number = max(1, scale.repositories // 4)

    def sample(entrance: Entrance, turn: int) -> tuple[float]:
        stock = repositories(f"{entrance.name.replace(' ', '-')}/turn-{turn}", number, scale.tags)
        return (seconds(lambda: push(entrance.port, stock, scale.clients)),)

    (elapsed,) = alternate(entrances, scale.samples, sample)
    work = f"on S3, push of {number} repositories x (2 blobs + {scale.tags} manifests) by {scale.clients} clients"
    return Row("cluster-push", work, "s", elapsed, (_quicker(elapsed),))


def _manifests(entrances: Sequence[Entrance], scale: Scale, folder: Path) -> Row:
    stock: list[Repository] = list(repositories("library", scale.repositories, scale.tags))
    for entrance in (entrances[0], *entrances[len(REPLICAS) :]):
        push(entrance.port, stock, scale.clients)
    script = write_script(folder, stock)

    def sample(entrance: Entrance, turn: int) -> tuple[float]:
        return (rate(entrance.name, entrance.port, script, scale.seconds),)

    (rates,) = alternate(entrances, scale.samples, sample)
    work = f"on S3, manifest GET by tag, {CONNECTIONS} connections, {scale.seconds} s"
    return Row("cluster-manifest-get", work, "requests/s", rates, (_higher(rates),))


def _blobs(entrances: Sequence[Entrance], scale: Scale, folder: Path) -> list[Row]:
    files = [LargeFile(folder / f"blob-{number}", scale.blob_bytes // _PART_OF_A_BLOB) for number in range(TRANSFERS)]
    moved = sum(file.size for file in files) / 1e6

    def sample(entrance: Entrance, turn: int) -> tuple[float, float]:
        for file in files:
            file.change()
        name = f"large/{entrance.name.replace(' ', '-')}"
        up = seconds(lambda: _each(files, lambda file: push_file(entrance.port, name, file)))
        down = seconds(lambda: _each(files, lambda file: _pull(entrance.port, f"/v2/{name}/blobs/{file.digest}")))
        return moved / up, moved / down

    up, down = alternate(entrances, scale.samples, sample)
    work = f"{TRANSFERS} x {scale.blob_bytes // _PART_OF_A_BLOB // MIB} MiB at a time"
    return [
        Row("cluster-blob-put", f"on S3, blob PUT {work}", "MB/s", up, (_higher(up),)),
        Row("cluster-blob-get", f"on S3, blob GET {work}", "MB/s", down, (_higher(down),)),
    ]


def _each(files: Sequence[LargeFile], work: Callable[[LargeFile], object]) -> None:
    with ThreadPoolExecutor(len(files)) as pool:
        list(pool.map(work, files))


def _pull(port: int, path: str) -> None:
    with Connection(port) as connection:
        connection.discard(path)


def _higher(series: Sequence[Series]) -> Goal:
    return Goal("with three replicas at least distribution v3", ratio(series, REPLICAS[-1], DISTRIBUTION), 1)


def _quicker(series: Sequence[Series]) -> Goal:
    reached = ratio(series, DISTRIBUTION, REPLICAS[-1])
    return Goal("with three replicas at least the speed of distribution v3", reached, 1)
