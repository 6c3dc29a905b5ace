"""Several replicas on one PostgreSQL and one S3 engine, behind nginx: all on loopback, all of it in one hand.

python -m tests.support.cluster        or: make cluster
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from .balancer import Balancer
from .parts import PARTS, ROOT
from .postgres import PostgresCluster
from .s3 import S3Engine
from .server import JettisonServer, answers, merged

if TYPE_CHECKING:
    from jettison.blobs.bucket import Bucket

REPLICAS = 3
CONFIG = ROOT / "deploy" / "config.yml"
NEEDED = ("postgresql", "s3", "nginx")


class Cluster:
    """Replicas that share ``database_url`` and ``bucket``, and the balancer before them. A context manager.

    Each has the configuration of `deploy/config.yml`, with ``config`` laid over it and addresses of its own; and
    ``environs`` has variables for each replica. What a client's test asks of one server, it can ask of this:
    :attr:`address`, :attr:`url`, :attr:`log`.
    """

    def __init__(
        self,
        database_url: str,
        bucket: Bucket,
        *,
        replicas: int = REPLICAS,
        config: Mapping[str, Any] | None = None,
        environs: Sequence[Mapping[str, str]] = (),
    ) -> None:
        whole = merged(replica_config(database_url, bucket), config or {})
        whole["storage"]["filesystem"] = None  # takes away what a server has by itself
        given: list[Mapping[str, str]] = [*environs, *[{}] * (replicas - len(environs))]
        self.replicas = [
            JettisonServer(config=whole, environ={"REGISTRY_JETTISON_REPLICA": f"replica-{number}", **environ})
            for number, environ in enumerate(given, 1)
        ]
        self.database_url = database_url
        self.bucket = bucket
        self._balancer: Balancer | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            for replica in self.replicas:
                opening.enter_context(replica)
            ports = [replica.port for replica in self.replicas]
            self._balancer = opening.enter_context(Balancer(ports))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    @property
    def balancer(self) -> Balancer:
        """The balancer; known once it was entered."""
        assert self._balancer is not None, "the cluster was not started"
        return self._balancer

    @property
    def port(self) -> int:
        """The balancer's port."""
        return self.balancer.port

    @property
    def address(self) -> str:
        """127.0.0.1:PORT of the balancer, as it stands in an image reference."""
        return self.balancer.address

    @property
    def url(self) -> str:
        """The balancer's URL, without a slash at the end."""
        return f"http://{self.address}"

    @property
    def data(self) -> Path:
        """A folder without blobs: they are in the bucket."""
        return self.replicas[0].data

    @property
    def log(self) -> str:
        """What all replicas have printed, in the order of their times."""
        lines = [line for replica in self.replicas for line in replica.log.splitlines(keepends=True)]
        return "".join(sorted(lines, key=lambda line: line.partition(" ")[0]))

    def heal(self, seconds: float = 30) -> None:
        """Start the replicas that do not run, and wait until each serves. Raises TimeoutError, or DaemonDied."""
        for replica in self.replicas:
            if replica.daemon is not None and not replica.daemon.running:
                replica.daemon = None
            if replica.daemon is None:
                replica.start()
            assert replica.daemon is not None
            replica.daemon.wait_until(partial(answers, replica.port, "/healthz"), "well", seconds)


def replica_config(database_url: str, bucket: Bucket) -> dict[str, Any]:
    """`deploy/config.yml` for that database and that bucket, with its log as people read it, and shorter times."""
    given: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    for name in ("addr", "debug"):
        del given["http"][name]
    return merged(
        given,
        {
            "log": {"formatter": "text"},
            "http": {"draintimeout": "5s"},
            "storage": {"s3": storage(bucket)},
            "jettison": {"database": {"url": database_url}, "proxies": ["127.0.0.1"]},
        },
    )


def storage(bucket: Bucket) -> dict[str, Any]:
    """What `storage.s3` says of a bucket."""
    return {
        "bucket": bucket.name,
        "region": bucket.region,
        "regionendpoint": bucket.endpoint,
        "accesskey": bucket.access_key,
        "secretkey": bucket.secret_key,
        "forcepathstyle": bucket.path_style,
        "secure": bucket.secure,
    }


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster, and what is its alone: each can be killed."""

    cluster: Cluster
    postgres: PostgresCluster
    storage: S3Engine


@contextmanager
def whole(**options: Any) -> Iterator[Site]:
    """A cluster with a database and an engine of its own. ``options`` are those of :class:`Cluster`."""
    with (
        PostgresCluster() as postgres,
        S3Engine() as engine,
        Cluster(postgres.create_database(), engine.bucket(), **options) as cluster,
    ):
        yield Site(cluster, postgres, engine)


def main() -> None:
    """Start one, say where it is, and end it at Ctrl-C."""
    missing = [reason for name in NEEDED if (reason := PARTS[name].missing())]
    if missing:
        sys.exit("\n".join(missing))
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    print("Starting PostgreSQL, SeaweedFS, three replicas and nginx ...", flush=True)
    with whole() as site:
        print(_told(site.cluster), flush=True)
        over.wait()
        print("Ending all of it ...", flush=True)


def _told(cluster: Cluster) -> str:
    lines = [
        f"The cluster is at {cluster.url}; its data goes when it ends, at Ctrl-C.",
        f"  push      docker tag alpine {cluster.address}/repo1 && docker push {cluster.address}/repo1",
        f"  delete    curl -X DELETE {cluster.url}/v2/repo1",
        *(f"  replica   {replica.url}   log: {replica.log_file}" for replica in cluster.replicas),
        f"  database  {cluster.database_url}",
        f"  storage   {cluster.bucket.endpoint}, bucket {cluster.bucket.name}",
        f"  requests  {cluster.balancer.folder}/access.log",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
