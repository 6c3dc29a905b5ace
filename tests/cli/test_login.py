from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.support.distribution import DistributionServer
from tests.support.parts import ROOT
from tests.support.verb import verb

pytestmark = [pytest.mark.slow, pytest.mark.needs("distribution")]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that takes one password."""
    file = tmp_path_factory.mktemp("auth") / "htpasswd"
    file.write_text(f"me:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    with DistributionServer(config={"auth": {"htpasswd": {"realm": "tests", "path": str(file)}}}) as server:
        yield server.address


def login(home: dict[str, str], *arguments: str, password: str) -> subprocess.CompletedProcess[str]:
    """`jettison login` with a password on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "jettison", "login", *arguments, "--password-stdin"],
        input=password,
        env={**os.environ, **home, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_who_signs_in_may_come_in_until_signing_out(host: str, home: dict[str, str]) -> None:
    """It says where the password is kept, in docker's file, and forgets it there."""
    assert verb("ls", host, environ=home).returncode == 4
    done = login(home, host, "--username", "me", password="secret\n")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "config.json" in done.stderr
    assert "secret" not in done.stderr
    kept = json.loads((Path(home["DOCKER_CONFIG"]) / "config.json").read_text())
    assert list(kept["auths"]) == [host]
    assert verb("ls", host, environ=home).returncode == 0
    assert "config.json" in verb("logout", host, environ=home).stderr
    assert verb("ls", host, environ=home).returncode == 4
    assert "nothing was kept" in verb("logout", host, environ=home).stderr


def test_a_wrong_password_is_not_kept(host: str, home: dict[str, str]) -> None:
    """The registry is asked first: status 4, and no file."""
    done = login(home, host, "-u", "me", password="wrong")
    assert done.returncode == 4
    assert "wrong" not in done.stderr
    assert not (Path(home["DOCKER_CONFIG"]) / "config.json").exists()


def test_on_a_terminal_it_asks_and_shows_no_password(host: str, home: dict[str, str]) -> None:
    """The name is asked for, then the password, which the terminal does not repeat."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, **home, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "jettison", "login", host]
    # Without a terminal of its own session, the password is read from this one.
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = _shown(ours, "user name")
        os.write(ours, b"me\n")
        shown += _shown(ours, "password of me")
        os.write(ours, b"secret\n")
        shown += _shown(ours, "signed in")
        assert process.wait(30) == 0
    os.close(ours)
    assert "secret" not in shown
    assert (Path(home["DOCKER_CONFIG"]) / "config.json").exists()


def _shown(terminal: int, word: str) -> str:
    """What the terminal shows, up to a word that it has to show within half a minute."""
    shown = ""
    while word not in shown:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, f"{word!r} was not shown, but {shown!r}"
        shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


def test_off_a_terminal_it_does_not_ask(host: str, home: dict[str, str]) -> None:
    """Status 2, and how to give the password."""
    done = verb("login", host, environ=home)
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr


@pytest.mark.parametrize("given", ["", "one\ntwo\n"])
def test_a_password_is_one_line(host: str, home: dict[str, str], given: str) -> None:
    """Nothing, or several lines, is status 2."""
    assert login(home, host, "-u", "me", password=given).returncode == 2


def test_a_verb_takes_a_password_for_once(host: str, home: dict[str, str]) -> None:
    """--username and --password-stdin sign in without keeping anything."""
    done = subprocess.run(
        [sys.executable, "-m", "jettison", "ls", host, "-u", "me", "--password-stdin"],
        input="secret",
        env={**os.environ, **home, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (Path(home["DOCKER_CONFIG"]) / "config.json").exists()
    assert verb("ls", host, "-u", "me", environ=home).returncode == 2
