from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from jettison.oci.digest import Digest
from tests.migrate.dirty import plant_dirty, strange
from tests.migrate.plant import Plant
from tests.support.content import image
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.slow, pytest.mark.needs("distribution", "docker-registry"), pytest.mark.timeout(180)]

ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)
Answer = tuple[str, bytes, str] | None
"""Type, bytes and digest; None where there was an error."""

STRANGE = strange()
DIFFERENT = {
    # Distribution gives out bytes under a digest that is not theirs: every client that looks refuses them.
    "/v2/broken/files/manifests/wrong",
    f"/v2/broken/files/manifests/{image(b'of a manifest that is another').digest}",
    f"/v2/broken/links/blobs/{Digest.of(b'a link to another')}",
    # It answers with the sha256 of what was asked for by its sha512.
    f"/v2/library/app/blobs/{Digest.of(b'base', 'sha512')}",
    # It does not know artifact manifests any more.
    f"/v2/strange/manifests/t{list(STRANGE).index('an artifact')}",
    f"/v2/strange/manifests/{Digest.of(STRANGE['an artifact'])}",
}
SCHEMA_1 = {
    # Version 2 serves them still; version 3 does not, nor does Jettison, which keeps their bytes.
    f"/v2/strange/manifests/t{list(STRANGE).index('schema 1')}",
    f"/v2/strange/manifests/{Digest.of(STRANGE['schema 1'])}",
}


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root directory with a tree that has everything wrong with it."""
    plant = Plant(tmp_path_factory.mktemp("root"))
    plant_dirty(plant)
    return plant.root


@pytest.fixture(scope="module")
def ours(dirty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JettisonServer]:
    """Jettison on a copy of it, adopted at its start."""
    root = tmp_path_factory.mktemp("ours") / "root"
    shutil.copytree(dirty, root)
    with JettisonServer(root) as server:
        yield server


@pytest.mark.parametrize(
    ("part", "known"), [("registry", DIFFERENT), ("docker-registry", DIFFERENT | SCHEMA_1)], ids=["3", "2.8"]
)
def test_what_distribution_serves_is_served_byte_for_byte(
    dirty: Path, ours: JettisonServer, part: str, known: set[str]
) -> None:
    """Every manifest by tag and digest, and every blob: the same type, bytes and digest, but for a known reason."""
    theirs = DistributionServer(part)
    theirs.data = dirty
    with theirs:
        different = {path for path in _paths(dirty) if _ask(theirs.url, path) != _ask(ours.url, path)}
    assert different == known


def _paths(root: Path) -> Iterator[str]:
    repositories = root / "docker/registry/v2/repositories"
    for link in sorted(repositories.rglob("link")):
        found = re.fullmatch(
            r"(.+)/_(layers|manifests/revisions)/([^/]+)/([^/]+)/link", str(link.relative_to(repositories))
        )
        if found:
            kind = "blobs" if found[2] == "layers" else "manifests"
            yield f"/v2/{found[1]}/{kind}/{found[3]}:{found[4]}"
    for tag in sorted(repositories.rglob("_manifests/tags/*")):
        yield f"/v2/{tag.parents[2].relative_to(repositories)}/manifests/{tag.name}"


def _ask(url: str, path: str) -> Answer:
    answer = httpx2.get(url + path, headers={"Accept": ACCEPT}, timeout=20, trust_env=False)
    if answer.status_code != 200:
        # Distribution says 404, 400 or 500, as it comes.
        return None
    headers = answer.headers
    return headers.get("content-type", ""), answer.content, headers.get("docker-content-digest", "")
