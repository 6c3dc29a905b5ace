"""Fill a registry that is not running with rows for very many repositories, and one with very many tags, by SQL.

python -m benchmarks.crowd CONFIG REPOSITORIES CROWDED TAGS

No blob has bytes: lists and pages are what is looked at afterwards, nothing is pulled.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from jettison.server.registry import open_registry
from jettison.settings import load

TEAMS = 500
LATER = 9_000_000_000_000_000_000
BEGAN = 10**15
ARCHITECTURES = ("amd64", "arm64")

_REPOSITORY = "insert into repository (id, name, listed, created_at) values (:id, :name, 1, 1)"
_OVERVIEW = """insert into overview (repository, name, exclusive, shared, versions, tags, pushed_at, pulled_at,
                                     counted_at, due_at)
               values (:id, :name, :own, :shared, :versions, :tags, :pushed, :pulled, :pushed, :later)"""
_ROWS = {
    "stored": "insert into stored (key, size) values (:key, 1000)",
    "blob": "insert into blob (id, digest, size, key) values (:id, :digest, 1000, :key)",
    "link": "insert into repository_blob (repository, blob) values (:repository, :id)",
    "manifest": """insert into manifest (id, repository, digest, media_type, size, pushed_at)
                   values (:id, :repository, :digest, :type, 2, :at)""",
    "content": "insert into manifest_content (manifest, content) values (:id, :content)",
    "platforms": "insert into manifest_platforms (manifest, platforms) values (:id, :platforms)",
    "child": "insert into manifest_child (parent, child) values (:parent, :id)",
    "needed": "insert into manifest_blob (manifest, repository, blob) values (:manifest, :repository, :id)",
    "tag": """insert into tag (repository, name, manifest, created_at, updated_at)
              values (:repository, :name, :id, :at, :at)""",
}


def main() -> None:
    """Fill what CONFIG is about."""
    config, repositories, crowded, tags = sys.argv[1:]
    crowd(Path(config), int(repositories), crowded, int(tags))


def crowd(config: Path, repositories: int, crowded: str, tags: int) -> None:
    """Add so many repositories, the last of them ``crowded`` with so many tags, to the registry of the file.

    Each tag is of an index of two platforms, with three layers each.
    """
    registry = open_registry(load(config, os.environ).settings)
    try:
        registry.database.write(lambda tx: _fill(tx, repositories, crowded, tags))
    finally:
        registry.close()


def _fill(tx: Transaction, repositories: int, crowded: str, tags: int) -> None:
    chance = random.Random(1)
    rows = [_repository(number, chance) for number in range(1, repositories)]
    busy = {"id": repositories, "name": crowded, "own": 9000 * tags, "shared": 0, "versions": tags, "tags": tags}
    rows.append({**busy, "pushed": BEGAN, "pulled": 0, "later": LATER})
    tx.many(_REPOSITORY, [{"id": row["id"], "name": row["name"]} for row in rows])
    tx.many(_OVERVIEW, rows)
    _fill_one(tx, repositories, tags)


def _repository(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"team{chance.randrange(TEAMS)}/service-{number:06d}",
        "own": chance.randrange(10**10),
        "shared": chance.randrange(10**9),
        "versions": chance.randrange(50),
        "tags": chance.randrange(50),
        "pushed": chance.randrange(BEGAN),
        "pulled": chance.randrange(BEGAN) if chance.random() < 0.3 else 0,
        "later": LATER,
    }


def _fill_one(tx: Transaction, repository: int, tags: int) -> None:
    made: dict[str, list[dict[str, Any]]] = {table: [] for table in _ROWS}
    for number in range(tags):
        for table, row in _version(repository, number):
            made[table].append(row)
    for table, statement in _ROWS.items():
        tx.many(statement, made[table])


def _version(repository: int, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of one tag: its index, the platforms of it, and what they need."""
    index, at = 3 * number + 1, BEGAN + 1_000_000 * number
    for offset in range(3):
        id = index + offset
        architectures = ARCHITECTURES if offset == 0 else ARCHITECTURES[offset - 1 : offset]
        yield (
            "manifest",
            {
                "id": id,
                "repository": repository,
                "digest": Digest.of(f"manifest {id}".encode()).packed,
                "type": OCI_IMAGE if offset else OCI_INDEX,
                "at": at + offset,
            },
        )
        yield "content", {"id": id, "content": b"{}"}
        yield "platforms", {"id": id, "platforms": ",".join(f"linux/{each}" for each in architectures)}
        if offset:
            yield "child", {"parent": index, "id": id}
            for layer in range(3 * id, 3 * id + 3):
                key, digest = f"{layer:032x}", Digest.of(f"layer {layer}".encode()).packed
                yield "stored", {"key": key}
                yield "blob", {"id": layer, "digest": digest, "key": key}
                yield "link", {"repository": repository, "id": layer}
                yield "needed", {"manifest": id, "repository": repository, "id": layer}
    name = f"v{number // 100}.{number % 100}"
    yield "tag", {"repository": repository, "name": name, "id": index, "at": at}


if __name__ == "__main__":
    main()
