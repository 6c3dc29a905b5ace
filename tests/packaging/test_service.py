"""The unit of systemd: systemd takes it, and it leaves a registry what that needs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import httpx2
import pytest

from tests.http.repository import Repository
from tests.support.command import run
from tests.support.daemon import Daemon
from tests.support.parts import ROOT, program
from tests.support.ports import free_port
from tests.support.server import answers

UNIT = ROOT / "packaging" / "jettison.service"
INSTALLED = "/opt/jettison/bin/jettison"
AS_ROOT = {"fchown"} if os.geteuid() == 0 else set()
"""SQLite gives its files to the owner of their folder, as root only; where it may not, it goes on."""


def unit(folder: Path, *more: str) -> Path:
    """The unit with a program that is here in place of the one that it starts, and with ``more`` in its service."""
    text = UNIT.read_text()
    assert INSTALLED in text
    written = folder / "jettison.service"
    service = "\n".join(["[Service]", *more, ""])
    written.write_text(text.replace(INSTALLED, sys.executable).replace("[Service]\n", service))
    return written


def verified(file: Path) -> str:
    """What `systemd-analyze verify` has to say of a unit; nothing where all is well."""
    done = run([program("systemd-analyze"), "verify", "--man=no", str(file)], check=False)
    return done.stdout + done.stderr


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Every word of it is known; one that is not would be told."""
    assert verified(unit(tmp_path)) == ""
    assert "Nonsense" in verified(unit(tmp_path, "Nonsense=yes"))


@pytest.mark.needs("systemd-analyze")
def test_the_service_is_shut_in(tmp_path: Path) -> None:
    """What systemd says a service could do to the machine, from 0 to 10, is below 2."""
    command = [program("systemd-analyze"), "security", "--offline=yes", "--threshold=20", str(unit(tmp_path))]
    done = run(command)
    assert re.search(r"Overall exposure level for jettison.service: [01]\.\d OK", done.stdout), done.stdout


def test_a_stop_leaves_time_to_drain() -> None:
    """More than requests in flight have by default, and than a person would wait for."""
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert 30 <= int(seconds) <= 120


def calls(group: str) -> set[str]:
    """The system calls of one of systemd's groups, those of the groups in it among them."""
    said = run([program("systemd-analyze"), "syscall-filter", group]).stdout
    words = {line.strip() for line in said.splitlines()[1:] if not line.strip().startswith("#")}
    groups = {word for word in words if word.startswith("@")}
    return (words - groups).union(*map(calls, groups))


@pytest.mark.slow
@pytest.mark.needs("systemd-analyze", "strace")
def test_a_registry_makes_no_call_that_the_unit_forbids(tmp_path: Path) -> None:
    """From its start, through a push, a pull, a deletion and a sweep, to its end; no memory is writable and code."""
    port = free_port()
    config = tmp_path / "config.yml"
    config.write_text(
        f"version: 0.1\nhttp: {{addr: '127.0.0.1:{port}', debug: {{addr: '127.0.0.1:0'}}}}\n"
        f"storage: {{filesystem: {{rootdirectory: {tmp_path}/data}}, delete: {{enabled: true}}}}\n"
        "jettison: {sweep: {interval: 50ms, grace: '0'}}\n"
    )
    trace = tmp_path / "trace"
    serve = [sys.executable, "-m", "jettison", "serve", str(config)]
    # With -D the registry, not strace, is the process that was started.
    command = [program("strace"), "-D", "-f", "-qq", "-o", str(trace), *serve]
    environ = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    with (
        Daemon(command, tmp_path / "log", environ=environ) as daemon,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
    ):
        daemon.wait_until(lambda: answers(port), "answering", 60)
        repository = Repository(client, "team/app")
        repository.push_image("x" * 300_000, "v1")
        assert client.get(f"{repository.path}/manifests/v1").status_code == 200
        assert client.delete(repository.path, params={"purge": "true"}).status_code == 202
        daemon.wait_until(lambda: "swept" in daemon.log, "sweeping", 60)
        assert daemon.stop(60) == 0
    lines = trace.read_text(errors="replace").splitlines()
    made = {found[1] for line in lines if (found := re.match(r"\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)", line))}
    assert {"openat", "fsync", "execve"} <= made
    permitted = calls("@system-service") - calls("@privileged") - calls("@resources")
    assert made - permitted - AS_ROOT == set()
    assert not [line for line in lines if "PROT_WRITE|PROT_EXEC" in line]


def test_docs_and_unit_name_the_same_places() -> None:
    """Where the program, its configuration and its data are."""
    page = (ROOT / "docs/operations/install.md").read_text()
    text = UNIT.read_text()
    for place in ("/opt/jettison", "/etc/jettison/config.yml", "/etc/default/jettison", "/var/lib/jettison"):
        assert place in page, place
        assert place.removeprefix("/var/lib/") in text, place
