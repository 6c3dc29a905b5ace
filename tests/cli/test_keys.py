from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.server import JettisonServer
from tests.support.verb import verb


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of a registry with accounts, which is not being served."""
    with JettisonServer(tmp_path / "data", config={"auth": {"jettison": {}}}):
        pass
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    """Where the registry is."""
    return {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(folder / "data")}


def listed(folder: Path) -> list[dict[str, object]]:
    """What `jettison keys list --json` says."""
    done = verb("keys", "list", "--json", environ=environ(folder))
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_keys_are_listed_and_rotated(folder: Path) -> None:
    """One after the first start; another beside it after a rotation, and alone after one that revokes."""
    (first,) = listed(folder)
    assert first.keys() == {"key", "made_at", "signs", "believed_until"}
    assert (first["signs"], first["believed_until"]) == (True, None)
    done = verb("keys", "rotate", environ=environ(folder))
    assert done.returncode == 0, done.stderr
    second, old = listed(folder)
    assert done.stdout == f"{second['key']} signs from now on\n"
    assert (old["key"], old["signs"], second["signs"]) == (first["key"], False, True)
    table = verb("keys", "list", environ=environ(folder)).stdout.splitlines()
    assert [line.split()[0] for line in table] == ["KEY", second["key"], first["key"]]
    assert verb("keys", "rotate", "--revoke", environ=environ(folder)).returncode == 0
    (third,) = listed(folder)
    assert third["key"] not in (first["key"], second["key"])


@pytest.mark.slow
def test_keys_of_no_registry_are_none(tmp_path: Path) -> None:
    """A registry is never made by looking."""
    done = verb("keys", "list", environ=environ(tmp_path))
    assert done.returncode != 0
    assert not (tmp_path / "data").exists()
