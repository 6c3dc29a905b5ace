"""A real S3 engine, SeaweedFS, started by the tests: its own folder, its own ports, a fresh bucket whenever asked."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from jettison.blobs.bucket import Bucket

from .daemon import Daemon, DaemonDied
from .parts import program
from .ports import free_port

PORT_ATTEMPTS = 5

ACCESS_KEY, SECRET_KEY = "jettison-tests", "a secret of the tests"

_IDENTITY = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


class S3Engine:
    """An engine in a temporary folder, listening on 127.0.0.1. A context manager: leaving it stops and removes it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="jettison-s3-"))
        self._ports: list[int] = []
        self._daemon: Daemon | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        (self.folder / "data").mkdir()
        (self.folder / "identity.json").write_text(json.dumps(_IDENTITY))
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        # Asked to, it takes its time, for the sake of others that are not there.
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def endpoint(self) -> str:
        """What ``storage.s3.regionendpoint`` takes."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def log(self) -> str:
        """All the engine has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start the engine and wait until it stores; on the ports it had before, if any. Raises DaemonDied."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            known, self._ports = self._ports, self._ports or [free_port() for _ in range(8)]
            try:
                self._start()
            except DaemonDied as error:
                if known or "address already in use" not in str(error) or attempt == PORT_ATTEMPTS:
                    raise
                self._ports = []
            else:
                return

    def stop(self) -> None:
        """End the engine, as an administrator would; it takes some fifteen seconds."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.stop(30)

    def kill(self) -> None:
        """End it with SIGKILL; :meth:`start` then finds what it had stored."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.kill()

    def bucket(self, prefix: str = "") -> Bucket:
        """A new bucket, empty; blobs will be below ``prefix``."""
        bucket = self.at(f"jettison-{next(self._numbers)}", prefix)
        with contextlib.closing(bucket.client()) as client:
            client.create_bucket(Bucket=bucket.name)
        return bucket

    def at(self, name: str, prefix: str = "") -> Bucket:
        """The bucket of that name, whether it exists or not."""
        return Bucket(
            name,
            region="us-east-1",
            endpoint=self.endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            path_style=True,
            prefix=prefix,
        )

    def _start(self) -> None:
        command = [program("weed"), "server", f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        for place, name in enumerate(("s3", "master", "volume", "filer")):
            command += [f"-{name}.port={self._ports[2 * place]}", f"-{name}.port.grpc={self._ports[2 * place + 1]}"]
        command += [f"-{name}.localSocket={self.folder / name}.sock" for name in ("s3", "filer")]
        command += ["-s3", f"-s3.config={self.folder / 'identity.json'}", "-s3.iam=false", "-s3.autoCreateBucket=false"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
        command += ["-volume.max=20000", "-master.volumeSizeLimitMB=128", "-volume.preStopSeconds=0"]
        # Alone, it needs no votes, and learns from its volumes what it forgot.
        command += ["-master.resumeState=false", "-master.electionTimeout=1s"]
        self._daemon = Daemon(command, self.folder / "log", cwd=self.folder)
        try:
            self._daemon.wait_until(self._stores, "storing", 60)
        except BaseException:
            self.kill()
            raise

    def _stores(self) -> bool:
        """Whether an object can be put: the engine answers before its volumes are ready."""
        bucket = self.at("ready")
        with contextlib.closing(bucket.client()) as client:
            try:
                if bucket.name not in {each.get("Name") for each in client.list_buckets()["Buckets"]}:
                    client.create_bucket(Bucket=bucket.name)
                client.put_object(Bucket=bucket.name, Key="ready", Body=b"ready")
            except (ClientError, BotoCoreError):
                return False
        return True
