from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.million.operations import OPERATIONS
from benchmarks.million.postgres import Postgres
from benchmarks.million.site import Site
from benchmarks.million.size import Size
from benchmarks.million.sqlite import SQLite
from benchmarks.million.timing import measure
from jettison.metadata import check
from jettison.metadata.database import Database
from jettison.oci.digest import Digest
from jettison.oci.manifest import Manifest

SIZE = Size(20, versions=10, large=30)
FILLED = (
    *("repository", "overview", "overview_read", "stored", "blob", "repository_blob", "deletion", "audit"),
    *("manifest", "manifest_content", "manifest_blob", "manifest_platforms", "manifest_pulled", "tag", "tag_pulled"),
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgresql"))])
def made(request: pytest.FixtureRequest) -> Iterator[SQLite | Postgres]:
    """Where registries are made, on either database."""
    # Not below pytest's folder, which only its owner may enter: PostgreSQL runs as another user.
    with TemporaryDirectory(prefix="jettison-million-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with closing(SQLite(folder) if request.param == "sqlite" else Postgres(folder)) as database:
            yield database


def said() -> tuple[list[str], Callable[[str], None]]:
    """What a filling says, and what it says it to."""
    lines: list[str] = []
    return lines, lines.append


def test_what_is_filled_is_a_registry(made: SQLite | Postgres) -> None:
    """No rule is broken, there are as many rows as are told, and manifests are what their digests say."""
    lines, note = said()
    rows = made.fill(SIZE, note)
    with closing(made.open(SIZE)) as database:
        assert [rule.kind for rule in check.RULES if database.read(lambda tx, rule=rule: check.broken(tx, rule))] == []  # type: ignore[misc]
        assert count(database) == rows
        manifests = database.read(lambda tx: check.manifests_after(tx, 0, SIZE.manifests + 1))
    assert lines
    assert made.bytes(SIZE) > 0
    assert len(manifests) == SIZE.manifests
    for manifest in manifests:
        assert manifest.content is not None
        assert Digest.of(manifest.content) == manifest.digest
        assert len(manifest.content) == manifest.size
        parsed = Manifest.parse(manifest.content, manifest.media_type, "sha256")
        assert {blob.digest for blob in parsed.blobs} == manifest.holds


def test_all_work_can_be_done(made: SQLite | Postgres, tmp_path: Path) -> None:
    """Each piece once, and a sweep that finds what it should."""
    made.fill(SIZE, said()[1])
    with closing(made.open(SIZE)) as database:
        site = Site.open(database, SIZE, tmp_path / "blobs")
        for operation in OPERATIONS:
            [(_, times)] = measure(operation.once(), [site])
            assert times.number == 1
            assert times.p50 > 0


def count(database: Database) -> int:
    """All rows of what grows."""
    return database.read(lambda tx: sum(int(tx.all(f"select count(*) from {table}")[0][0]) for table in FILLED))
