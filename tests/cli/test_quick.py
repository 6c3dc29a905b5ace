from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.parts import ROOT

ENVIRON = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.defpath}
NEEDLESS = {"pydantic", "rich", "jettison.cli.du", "urllib.request"}
CLIENT = {"httpx2", "ssl", "rich.console", "jettison.client", "concurrent.futures"}


def test_the_verbs_load_no_client_before_they_run() -> None:
    """Declaring them imports nothing that talks to a registry or draws a tree."""
    code = f"import sys, jettison.cli.main; print(sorted({CLIENT!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRON, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [["--version"], ["ls", "127.0.0.1:1"], ["tags", "127.0.0.1:1/a"], ["rm", "--yes", "127.0.0.1:1/a:b"]]
)
def test_a_verb_loads_neither_the_others_nor_what_converts_values(arguments: list[str]) -> None:
    """What these take are texts and switches, which are used as they are."""
    code = (
        "import sys, atexit; from jettison.cli.main import app\n"
        f"atexit.register(lambda: print(sorted({NEEDLESS!r} & set(sys.modules))))\n"
        f"app({arguments!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRON, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.slow
def test_the_version_is_said_quickly() -> None:
    """A quarter of a second of a processor's time, at most; the best of five, as other tests run beside."""
    spent = []
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-m", "jettison", "--version"], env=ENVIRON, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        spent.append(usage.ru_utime + usage.ru_stime)
    assert min(spent) < 0.25
