"""Clients of all kinds under a sweeper that never rests, every pull verified: what they did, and what they met.

python -m tests.crashes.soak 100000        or: make soak OPERATIONS=100000
"""

from __future__ import annotations

import http.client
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.sqlite import SQLiteDatabase, system_time
from jettison.oci.digest import Digest
from jettison.registry.registry import Registry
from tests.crashes.aftermath import nothing_is_left_over
from tests.crashes.client import POOL, TAGS, Client, Repository, check, tags_of
from tests.support.content import Draft
from tests.support.server import JettisonServer

CLIENTS = 12
SHARED = ("shared/a", "shared/b")
"""Repositories that all push to, pull from and delete, all the time."""

SWEEP_SECONDS = 0.3
LEASES_A_PUSH = 4
"""How many of the longest push measured fit into a lease, and into the time in which a deletion can be undone."""
LEAST_SECONDS = 2.0
CALIBRATION = 300
REPORT_SECONDS = 15.0
LOOKS = 5

_SWEPT = re.compile(r"jettison\.sweep: swept (?:.* )?bytes=(\d+)")


@dataclass
class Measured:
    """Seconds of each kind of operation, and what went wrong, over all clients."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float) -> None:
        """One operation more."""
        with self.lock:
            self.seconds[kind].append(seconds)

    @property
    def operations(self) -> int:
        """How many there were."""
        with self.lock:
            return sum(len(each) for each in self.seconds.values())

    def longest(self, *kinds: str) -> float:
        """The longest of these."""
        with self.lock:
            return max((max(self.seconds[kind], default=0.0) for kind in kinds), default=0.0)

    def table(self) -> str:
        """Number, median and 99th percentile of each kind."""
        with self.lock:
            rows = [(kind, sorted(each)) for kind, each in sorted(self.seconds.items()) if each]
        lines = [f"  {'operation':<18}{'number':>9}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}"]
        for kind, each in rows:
            p50, p99, most = (1000 * each[int(part * (len(each) - 1))] for part in (0.5, 0.99, 1))
            lines.append(f"  {kind:<18}{len(each):>9}{p50:>10.1f}{p99:>10.1f}{most:>10.1f}")
        return "\n".join(lines)


class SoakClient(Client):
    """A client that also works on what others work on, and whose every operation is measured."""

    def __init__(self, measured: Measured, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._measured = measured
        self._old: list[Draft] = []

    def lost(self, error: Exception) -> None:
        """Nobody kills this server: a connection that breaks off is an error."""
        self.wrong.append(f"{self.name}: {type(error).__name__}: {error}")

    def step(self) -> None:
        """Do one thing or another, and take its time."""
        if self.wrong:
            return
        own = [self.push, self.push_again, self.delete_tag, self.delete_version, self.delete_repository, self.restore]
        acts = [*own, self.pull, self.push_shared, self.pull_shared, self.delete_shared, self.mount, self.head]
        [act] = self.random.choices(acts, weights=[16, 10, 5, 5, 3, 8, 20, 8, 10, 3, 6, 6])
        started = time.monotonic()
        act(self.random.choice(self.repositories))
        self._measured.add(act.__name__, time.monotonic() - started)

    def new_image(self) -> Draft:
        """An image that nobody has pushed; it may be pushed again later."""
        draft = super().new_image()
        self._old = [*self._old[-20:], draft]
        return draft

    def push_again(self, repository: Repository) -> None:
        """Push an image that was pushed before, and may have been deleted and swept since."""
        draft = self.random.choice(self._old) if self._old else self.new_image()
        for blob in draft.blobs:
            self.bring(repository.name, blob)
        tag = f"t{self.random.randrange(TAGS)}"
        after = {**repository.tags, tag: draft}
        self.change(repository, after, 201, "PUT", f"/v2/{repository.name}/manifests/{tag}", draft)

    def pull(self, repository: Repository) -> None:
        """Pull one tag."""
        if repository.tags:
            tag = self.random.choice(sorted(repository.tags))
            check(self.connection, repository.name, {tag: repository.tags[tag]})

    def push_shared(self, repository: Repository) -> None:
        """Push where others delete at the same time: it succeeds, whatever they do."""
        name, draft = self.random.choice(SHARED), self.new_image()
        for blob in draft.blobs:
            self.bring(name, blob)
        path = f"/v2/{name}/manifests/t{self.random.randrange(TAGS)}"
        status, _, body = self.ask("PUT", path, draft.content, draft.media_type)
        assert status == 201, f"PUT {path}: {status} {body!r}"

    def pull_shared(self, repository: Repository) -> None:
        """Pull where others delete: a manifest that was answered has its blobs, unless it is gone by now."""
        name = self.random.choice(SHARED)
        path = f"/v2/{name}/manifests/t{self.random.randrange(TAGS)}"
        status, headers, body = self.ask("GET", path)
        assert status in (200, 404), f"GET {path}: {status} {body!r}"
        if status == 404:
            return
        digest = headers["docker-content-digest"]
        assert str(Digest.of(body)) == digest
        for blob in re.findall(rb'"digest": "(sha256:[0-9a-f]{64})"', body):
            if not self._pull_needed(name, digest, blob.decode()):
                return

    def _pull_needed(self, name: str, manifest: str, blob: str) -> bool:
        """Pull a blob that a manifest needs; False where the manifest is gone. Both may go and come back meanwhile."""
        for _ in range(LOOKS):
            status, _, found = self.ask("GET", f"/v2/{name}/blobs/{blob}")
            if status == 200:
                assert str(Digest.of(found)) == blob, f"{blob} is other bytes"
                return True
            assert status == 404, f"GET of a blob: {status} {found[:200]!r}"
            if self.ask("GET", f"/v2/{name}/manifests/{manifest}")[0] == 404:
                return False
        raise AssertionError(f"{name}@{manifest} is there without {blob}")

    def delete_shared(self, repository: Repository) -> None:
        """Delete what others push to: a tag, or all of it."""
        name = self.random.choice(SHARED)
        path = f"/v2/{name}" if self.random.random() < 0.3 else f"/v2/{name}/manifests/t{self.random.randrange(TAGS)}"
        status, _, body = self.ask("DELETE", path)
        assert status in (202, 404), f"DELETE {path}: {status} {body!r}"
        if status == 202 and self.random.random() < 0.5:
            match = re.search(rb'"deletion": ?(\d+)', body)
            assert match is not None
            path = f"/api/v1/deletions/{match[1].decode()}/restore"
            status, _, body = self.ask("POST", path, b"{}", "application/json")
            assert status in (200, 409), f"POST {path}: {status} {body!r}"

    def mount(self, repository: Repository) -> None:
        """Mount a blob from wherever it may be, for no manifest: a lease keeps it for a while."""
        digest, source = Digest.of(self.random.choice(POOL)), self.random.choice(self._sources)
        path = f"/v2/{repository.name}/blobs/uploads/?mount={digest}&from={source}"
        status, headers, body = self.ask("POST", path)
        assert status in (201, 202), f"POST {path}: {status} {body!r}"
        if status == 202:
            status, _, body = self.ask("DELETE", headers["location"])
            assert status == 204, f"DELETE of an upload: {status} {body!r}"

    def head(self, repository: Repository) -> None:
        """Ask for a blob that may be there, and if it is, pull it."""
        blob = self.random.choice(POOL)
        path = f"/v2/{repository.name}/blobs/{Digest.of(blob)}"
        if self.ask("HEAD", path)[0] == 200:
            status, _, found = self.ask("GET", path)
            assert (status, found) == (200, blob), f"GET {path}, after its HEAD: {status} {found[:200]!r}"


@dataclass(frozen=True)
class Lengths:
    """Seconds: of a lease and of undoing, and of the grace after which files go."""

    lease: float
    grace: float

    @classmethod
    def for_longest(cls, seconds: float) -> Lengths:
        """Several times the longest push."""
        lease = max(LEAST_SECONDS, LEASES_A_PUSH * seconds)
        return cls(round(lease, 1), round(max(1.0, lease / 4), 1))

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of a server with these lengths."""
        return {
            "log": {"accesslog": {"disabled": True}},
            "jettison": {
                "deletions": {"undo": f"{self.lease}s"},
                "leases": {"upload": f"{self.lease}s", "touch": f"{self.lease}s"},
                "sweep": {"interval": f"{SWEEP_SECONDS}s", "grace": f"{self.grace}s", "uploads": "60s"},
            },
        }


class Soak:
    """A run of so many operations on a server of its own, whose data lies in ``data``."""

    def __init__(self, data: Path, operations: int) -> None:
        self.measured = Measured()
        self.swept = self.bytes = 0
        self.seconds = 0.0
        self._data = data
        self._operations = operations
        self._started = time.monotonic()

    def run(self) -> None:
        """Measure how long a push takes, then work, telling how it goes; then look at what is left on the disk."""
        calibration = self._work(self._data / "calibration", Lengths(60, 60), CALIBRATION, tell=False)
        longest = calibration.longest("push", "push_again", "push_shared")
        self.lengths = Lengths.for_longest(longest)
        print(f"the longest push took {longest:.2f} s: leases of {self.lengths.lease} s, grace {self.lengths.grace} s")
        self._started = time.monotonic()
        self.measured = self._work(self._data / "soak", self.lengths, self._operations, tell=True)
        self.seconds = time.monotonic() - self._started

    def report(self) -> str:
        """All numbers so far."""
        operations = self.measured.operations
        seconds = (self.seconds or time.monotonic() - self._started) or 1
        return (
            f"{operations} operations in {seconds:.0f} s ({operations / seconds:.0f}/s), "
            f"{self.swept} sweeps that found something, {self.bytes / 1e6:.1f} MB freed, "
            f"{len(self.measured.wrong)} errors seen by clients\n{self.measured.table()}"
        )

    def _work(self, data: Path, lengths: Lengths, operations: int, *, tell: bool) -> Measured:
        measured, stopping = Measured(), threading.Event()
        self.measured = measured
        owned = [[Repository(f"client{number}/{name}") for name in "ab"] for number in range(CLIENTS)]
        names = [*SHARED, *(each.name for own in owned for each in own)]
        with JettisonServer(data, config=lengths.config) as server:
            clients = [
                SoakClient(measured, number, server.port, stopping, own, names, lengths.lease)
                for number, own in enumerate(owned)
            ]
            self._watch(server, clients, stopping, operations, tell=tell)
            self._count(server)
            if not measured.wrong:
                verify(server, owned)
        if not measured.wrong:
            look_at_disk(data, owned)
        return measured

    def _watch(
        self,
        server: JettisonServer,
        clients: Sequence[Client],
        stopping: threading.Event,
        operations: int,
        *,
        tell: bool,
    ) -> None:
        for client in clients:
            client.start()
        told = time.monotonic()
        while self.measured.operations < operations and all(client.is_alive() for client in clients):
            time.sleep(0.05)
            if tell and time.monotonic() - told > REPORT_SECONDS:
                told = time.monotonic()
                self._count(server)
                print(self.report(), flush=True)
        stopping.set()
        for client in clients:
            client.join(60)
            self.measured.wrong += client.wrong
            assert not client.is_alive()

    def _count(self, server: JettisonServer) -> None:
        freed = [int(size) for size in _SWEPT.findall(server.log)]
        self.swept, self.bytes = len(freed), sum(freed)


def verify(server: JettisonServer, owned: list[list[Repository]]) -> None:
    """Every repository has exactly the tags that it must have, each whole."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for repository in (each for own in owned for each in own):
        assert tags_of(connection, repository.name) == set(repository.tags)
        check(connection, repository.name, repository.tags)
    connection.close()


def look_at_disk(data: Path, owned: list[list[Repository]]) -> None:
    """Once all time has passed, the disk holds what manifests need, all tags among them."""
    shift = [0]

    def advance(length: int) -> None:
        shift[0] += length

    database = SQLiteDatabase(data / "jettison.db", clock=lambda: system_time() + shift[0])
    registry = Registry(database, FilesystemBlobs(data))
    nothing_is_left_over(registry, advance)
    tagged = {blob for own in owned for each in own for draft in each.tags.values() for blob in draft.blobs}
    held = {Digest.unpack(row[0]) for row in database.read(lambda tx: tx.all("select digest from blob"))}
    assert {Digest.of(blob) for blob in tagged} <= held
    registry.close()


def main() -> None:
    """Run as many operations as the argument says; the exit status tells whether a client met an error."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="jettison-soak-") as folder:
        soak = Soak(Path(folder), int(sys.argv[1]))
        soak.run()
    print(soak.report())
    for line in soak.measured.wrong:
        print(line)
    sys.exit(bool(soak.measured.wrong))


if __name__ == "__main__":
    main()
