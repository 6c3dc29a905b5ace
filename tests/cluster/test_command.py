"""`make cluster`: one command that starts all of it, says where it is, and ends all of it."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.daemon import Daemon, descendants
from tests.support.parts import ROOT
from tests.support.server import answers


@pytest.mark.timeout(180)
def test_it_starts_all_of_it_and_leaves_nothing(tmp_path: Path) -> None:
    """What it prints is where a registry is; Ctrl-C ends every process, and takes the data away."""
    command = [sys.executable, "-m", "tests.support.cluster"]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    with Daemon(command, tmp_path / "log", environ=environ, cwd=ROOT, stop_signal=signal.SIGINT) as daemon:
        daemon.wait_until(lambda: "  requests " in daemon.log, "started", 90)
        [url] = re.findall(r"^The cluster is at (\S+);", daemon.log, re.MULTILINE)
        assert httpx2.get(f"{url}/v2/_catalog", trust_env=False).json() == {"repositories": []}
        replicas = [
            int(port) for port in re.findall(r"^  replica +http://127\.0\.0\.1:(\d+) ", daemon.log, re.MULTILINE)
        ]
        assert [answers(port) for port in replicas] == [True] * 3
        folders = {Path(file).parent for file in re.findall(r"(/\S+/log)$", daemon.log, re.MULTILINE)}
        family = descendants(daemon.pid)
        assert len(family) >= 6
        assert daemon.stop(60) == 0

    assert [each for each in family if Path(f"/proc/{each.pid}").exists()] == []
    assert [folder for folder in folders if folder.exists()] == []
