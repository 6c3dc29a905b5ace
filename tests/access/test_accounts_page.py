"""docs/operations/accounts.md: each of its commands is run, in its order, and each of its settings read."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml

from jettison.settings import load
from tests.support.client import Home
from tests.support.command import run
from tests.support.engine import DockerEngine
from tests.support.layout import build_context
from tests.support.parts import BUILT, ROOT, program
from tests.support.ports import free_port
from tests.support.server import JettisonServer

PAGE: Final = ROOT / "docs" / "operations" / "accounts.md"
HOST: Final = "registry.example.com"
STATUS: Final = re.compile(r"(?P<command>curl .*?) +# (?P<status>\d{3})")


def blocks() -> list[str]:
    """The indented blocks of the page, without their indentation."""
    lines = PAGE.read_text("utf-8").splitlines()
    text = "\n".join(line[4:] if line.startswith("    ") else "\0" for line in lines)
    return [block.strip("\n") for block in text.split("\0") if block.strip()]


def settings() -> list[str]:
    """The blocks that are configuration files."""
    return [block for block in blocks() if block.startswith("version:")]


def commands() -> list[str]:
    """The commands, in their order."""
    return [line[2:] for block in blocks() for line in block.splitlines() if line.startswith("$ ")]


def script(address: str) -> str:
    """What runs them all: it ends at the first that fails, or is answered with another status than the page tells."""
    lines = ["set -eux"]
    for command in commands():
        told = STATUS.fullmatch(command)
        if told is None:
            lines.append(command)
        else:
            asked = told["command"].replace("curl ", "curl --silent --output /dev/null --write-out '%{http_code}' ", 1)
            lines.append(f'test "$({asked})" = {told["status"]}')
    return "\n".join(lines).replace(f"https://{HOST}", f"http://{address}").replace(HOST, address)


def test_the_page_has_commands_and_settings() -> None:
    """What the tests below look for is there, every way of `auth` among it."""
    assert len(commands()) > 25
    assert [next(iter(yaml.safe_load(block)["auth"])) for block in settings()] == ["jettison", "token", "htpasswd"]
    assert all(
        command.split()[0] in {"jettison", "docker", "curl", "echo"} or "=$(jettison " in command
        for command in commands()
    )


@pytest.mark.parametrize("block", settings())
def test_its_settings_are_served(block: str, tmp_path: Path) -> None:
    """Each file is read without an error or a warning, except that deletion is off where it is not turned on."""
    file = tmp_path / "config.yml"
    file.write_text(block)
    assert [notice for notice in load(file, {}).notices if "storage.delete.enabled" not in str(notice)] == []


@pytest.mark.slow
@pytest.mark.needs("docker", "curl")
@pytest.mark.timeout(200)
def test_its_commands_do_what_it_says(engine: DockerEngine, tmp_path: Path) -> None:
    """From nothing to a cleaner: each command works, each refusal has the status that the page tells."""
    config = yaml.safe_load(settings()[0])
    port = free_port()
    with (
        Home() as home,
        JettisonServer(
            port=port, config={"http": {"host": f"http://127.0.0.1:{port}"}, "auth": config["auth"]}
        ) as server,
    ):
        for name in ("root", "ana", "bo"):
            (tmp_path / f"{name}.password").write_text(f"the password of {name}\n")
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "jettison").write_text(f'#!/bin/sh\nexec {sys.executable} -m jettison "$@"\n')
        (programs / "jettison").chmod(0o700)
        environ = {
            **{
                name: value for name, value in engine.environ.items() if not name.startswith(("REGISTRY_", "JETTISON_"))
            },
            "HOME": str(home.folder),
            "PATH": os.pathsep.join([str(programs), str(BUILT), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT / "src"),
            "REGISTRY_CONFIGURATION_PATH": str(server.config_file),
        }
        engine.docker("build", "--quiet", "--tag", f"{server.address}/team/app:v1", str(build_context(tmp_path)))
        try:
            run([program("sh"), "-c", script(server.address)], environ=environ, cwd=tmp_path, seconds=150)
        finally:
            images = engine.docker("image", "ls", "--quiet", "--no-trunc").stdout.split()
            engine.docker("image", "rm", "--force", *set(images), check=False)
            shutil.rmtree(engine.environ["DOCKER_CONFIG"], ignore_errors=True)
