"""The container image: built as the Containerfile says, on a base with this machine's Python, and run."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx2
import pytest

from tests.http.repository import Repository
from tests.packaging import rootfs
from tests.support.client import Client, Home
from tests.support.command import run
from tests.support.daemon import Daemon, descendants
from tests.support.parts import ROOT
from tests.support.ports import free_port

pytestmark = [pytest.mark.needs("buildah"), pytest.mark.slow, pytest.mark.timeout(400)]

BASE, IMAGE = "localhost/python", "localhost/jettison"
NOBODY = 65532


@dataclass(frozen=True, slots=True)
class Built:
    """The image's configuration, and a container of it that buildah has."""

    buildah: Client
    config: Mapping[str, Any]
    container: str

    def command(self, *words: str, **environ: str) -> list[str]:
        """The command line that runs ``words`` in the container, as whom the image says."""
        given = [word for name, value in environ.items() for word in ("--env", f"{name}={value}")]
        return [*self.buildah.command, "run", "--isolation", "chroot", *given, self.container, "--", *words]

    def run(self, *words: str) -> CompletedProcess[str]:
        """Run it to its end."""
        return run(self.command(*words), environ=self.buildah.environ, check=False)


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    """The image, built without a network: pip's files are fetched before, hashes checked there and here."""
    with Home() as home:
        folders = ("--root", f"{home.folder}/images", "--runroot", f"{home.folder}/state")
        buildah = home.hidden_client("buildah", *folders, "--storage-driver", "vfs")
        wheels, root = home.folder / "wheels", home.folder / "rootfs"
        pip = [sys.executable, "-m", "pip", "--quiet", "download", "--only-binary=:all:", "--require-hashes"]
        run([*pip, "--dest", str(wheels), "--requirement", str(ROOT / "requirements/run.txt")], seconds=200)
        rootfs.make(root, Path(sys.prefix) / "lib")
        base = buildah("from", "scratch")
        buildah("copy", base, str(root), "/", seconds=120)
        buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", base)
        buildah("commit", "--rm", "--quiet", base, BASE, seconds=120)
        given = (f"BASE={BASE}", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels")
        options = ["--format", "docker", "--isolation", "chroot", "--layers=false", "--pull-never", "--tag", IMAGE]
        options += [word for one in given for word in ("--build-arg", one)]
        buildah("build", *options, "--volume", f"{wheels}:/wheels:ro", str(ROOT), seconds=300)
        config = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]
        yield Built(buildah, config, buildah("from", IMAGE))


def test_an_image_says_how_it_is_run(built: Built) -> None:
    """Not as root, its port, its volume, its check of health, and what it starts."""
    config = built.config
    assert config["User"] == f"{NOBODY}:{NOBODY}"
    assert config["ExposedPorts"] == {"5000/tcp": {}}
    assert config["Volumes"] == {"/var/lib/registry": {}}
    assert (config["Entrypoint"], config["Cmd"]) == (["jettison"], ["serve"])
    assert "/healthz" in " ".join(config["Healthcheck"]["Test"])
    assert not [one for one in config["Env"] if one.startswith("PIP_")]


def test_a_container_serves_as_nobody(built: Built, tmp_path: Path) -> None:
    """It takes a push, keeps it in its volume, is well by the image's own check, and ends when it is asked to."""
    address = f"127.0.0.1:{free_port()}"
    command = built.command(*built.config["Entrypoint"], *built.config["Cmd"], REGISTRY_HTTP_ADDR=address)
    with (
        Daemon(command, tmp_path / "log", environ=built.buildah.environ) as daemon,
        httpx2.Client(base_url=f"http://{address}", trust_env=False, timeout=20) as client,
    ):
        daemon.wait_until(lambda: "listens on" in daemon.log, "listening", 60)
        assert "data      /var/lib/registry (database: SQLite)" in daemon.log
        Repository(client, "team/app").push_image("layer", "v1")
        assert client.delete("/v2/team/app").status_code == 405
        processes = [Path(f"/proc/{one.pid}") for one in descendants(daemon.pid)]
        [process] = [one for one in processes if (one / "comm").read_text().strip() == "jettison"]
        assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}" in (process / "status").read_text()
        check = [word.replace("127.0.0.1:5000", address) for word in built.config["Healthcheck"]["Test"][1:]]
        assert built.run(*check).returncode == 0
        os.kill(int(process.name), signal.SIGTERM)
        assert daemon.process.wait(30) == 0
    assert built.run(*check).returncode != 0
    collected = built.run("registry", "garbage-collect")
    assert collected.returncode == 0, collected.stderr


def test_nothing_of_pip_or_the_build_is_left(built: Built) -> None:
    """Who breaks in finds no installer, and is nobody."""
    said = built.run("sh", "-c", "ls /opt/jettison/bin; ls /source; id -u")
    assert "jettison" in said.stdout
    assert "pip" not in said.stdout
    assert "/source" in said.stderr
    assert said.stdout.splitlines()[-1] == str(NOBODY)
