from __future__ import annotations

import json
from pathlib import Path

import pytest

from jettison.metadata.dump import dump
from jettison.oci.errors import Unavailable

URL = "postgresql://user:se%3Acret@db.example.com:5433/registry?sslmode=require"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    """A `pg_dump` that writes down how it was called."""
    program = folder / "pg_dump"
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import json, os, pathlib, sys\n"
        f"pathlib.Path({str(folder / 'called')!r}).write_text("
        "json.dumps({'arguments': sys.argv[1:], 'password': os.environ.get('PGPASSWORD')}))\n"
        f"{then}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_password_is_not_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody on the machine could read it; the rest of the URL is."""
    file = tmp_path / "dump"
    stand_in(tmp_path, monkeypatch, f"pathlib.Path({str(file)!r}).touch()")
    dump(URL, "00000003-1", file)
    called = json.loads((tmp_path / "called").read_text())
    assert called["password"] == "se:cret"
    assert not any("cret" in argument for argument in called["arguments"])
    [where] = [argument for argument in called["arguments"] if argument.startswith("--dbname=")]
    assert set(where.removeprefix("--dbname=").split()) == {
        "user=user",
        "host=db.example.com",
        "port=5433",
        "dbname=registry",
        "sslmode=require",
    }
    assert "--snapshot=00000003-1" in called["arguments"]


def test_what_pg_dump_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line of it, such as that the server is newer."""
    stand_in(tmp_path, monkeypatch, "sys.exit('pg_dump: error: aborting because of server version mismatch\\nmore')")
    with pytest.raises(Unavailable, match=r"server version mismatch$"):
        dump(URL, "00000003-1", tmp_path / "dump")


def test_without_it_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="pg_dump is not on the PATH: install PostgreSQL's client programs"):
        dump(URL, "00000003-1", tmp_path / "dump")
