from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jettison.metadata.database import Database
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.server import folder
from jettison.server.errors import ServeError
from jettison.server.existing import open_existing
from jettison.server.registry import DATABASE, open_registry
from jettison.settings import Settings, load
from tests.support.repository import Repository


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a registry that has been served once and has a blob."""
    environ = {
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data"),
        "REGISTRY_JETTISON_DELETIONS_UNDO": "90s",
    }
    settings = load(None, environ).settings
    registry = open_registry(settings)
    Repository(registry).upload(b"layer")
    registry.close()
    return settings


def test_it_is_opened_beside_its_server(settings: Settings) -> None:
    """Whoever holds the folder's lock does not matter; content and rules are those of the server."""
    assert settings.storage.folder is not None
    with folder.locked(settings.storage.folder):
        registry = open_existing(settings)
        assert Repository(registry).has_blob(b"layer")
        assert registry.rules.undo == 90_000_000
        registry.close()


def _without_database(root: Path) -> None:
    (root / DATABASE).unlink()


def _without_blobs(root: Path) -> None:
    (root / "blobs").rename(root / "elsewhere")


def _no_database(root: Path) -> None:
    (root / DATABASE).write_text("something else")


def _folder_in_its_place(root: Path) -> None:
    (root / DATABASE).unlink()
    (root / DATABASE).mkdir()


def _other_bytes(root: Path) -> None:
    for file in (root / "blobs").rglob("*"):
        if file.is_file():
            file.rename(file.with_name("0" * 32))


def _older(root: Path) -> None:
    _set_version(root, 0)


def _newer(root: Path) -> None:
    _set_version(root, 999)


def _set_version(root: Path, version: int) -> None:
    database: Database = SQLiteDatabase(root / DATABASE)
    database.write(lambda tx: tx.run("delete from schema_version where version <> :version", version=version))
    database.write(lambda tx: tx.run("insert into schema_version values (:version, 1)", version=version))
    database.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without_database, "there is no registry in"),
        (_without_blobs, "it has no folder blobs"),
        (_no_database, "is not an SQLite database"),
        (_folder_in_its_place, "cannot be used"),
        (_other_bytes, "has none of the bytes that the database names"),
        (_older, "holds no registry"),
        (_newer, "schema 999"),
    ],
)
def test_what_is_not_whole_is_refused_and_left_as_it_is(
    settings: Settings, damage: Callable[[Path], None], said: str
) -> None:
    """Each error says what is wrong, and no file is made or taken away."""
    root = settings.storage.folder
    assert root is not None
    damage(root)
    before = sorted(root.rglob("*"))
    with pytest.raises(ServeError, match=said):
        open_existing(settings)
    assert sorted(root.rglob("*")) == before


def test_a_network_filesystem_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the server: SQLite would lose or damage the database there."""
    monkeypatch.setattr(folder, "network_filesystem", lambda _: "nfs4")
    with pytest.raises(ServeError, match="nfs4"):
        open_existing(settings)
