from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_IMAGE, build_context, sha256
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("buildah"), pytest.mark.timeout(60)]

PLAIN = "--tls-verify=false"


@pytest.fixture(scope="module")
def buildah(home: Home) -> Client:
    """Buildah, with its images and its state in the home."""
    folders = ("--root", f"{home.folder}/images", "--runroot", f"{home.folder}/state")
    return home.hidden_client("buildah", *folders, "--storage-driver", "vfs")


def build(buildah: Client, work: Path, name: str, architecture: str = "amd64") -> str:
    """Build an image ``name`` from nothing; return its id."""
    options = ("--quiet", "--isolation", "chroot", "--arch", architecture, "--tag", name)
    return buildah("build", *options, str(build_context(work)))


def test_what_is_pushed_comes_back_the_same(buildah: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A built image is pushed, removed here, and pulled: same image, same digest."""
    name = f"{server.address}/buildah/same:1"
    image = build(buildah, work, name)

    buildah("push", PLAIN, "--digestfile", str(work / "digest"), name)
    buildah("rmi", name)
    pulled = buildah("pull", PLAIN, "--quiet", name)

    assert pulled == image
    [found] = json.loads(buildah("images", "--json", name))
    assert found["digest"] == (work / "digest").read_text() == api.digest("buildah/same", "1")


def test_a_container_is_committed_straight_to_the_registry(
    buildah: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """`buildah commit` pushes without an image here; what grows from a pulled image shares its layer."""
    (work / "one").write_text("one")
    (work / "two").write_text("two")
    name = f"{server.address}/buildah/committed"
    made = buildah("from", "scratch")
    buildah("copy", made, str(work / "one"), "/one")
    buildah("commit", PLAIN, made, f"docker://{name}:1")
    grown = buildah("from", PLAIN, f"{name}:1")
    buildah("copy", grown, str(work / "two"), "/two")

    with api.uploads() as uploads:
        buildah("commit", PLAIN, grown, f"docker://{name}:2")
    buildah("rm", made, grown)

    layers = {}
    for tag in ("1", "2"):
        stored = api.manifest("buildah/committed", tag)
        assert stored is not None
        layers[tag] = [layer["digest"] for layer in json.loads(stored.content)["layers"]]
    assert layers["2"][: len(layers["1"])] == layers["1"]
    assert uploads == Uploads(begun=2, stored=2), "the new layer and the new config, nothing else"


def test_a_deleted_repository_cannot_be_pulled(buildah: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """Buildah deletes nothing on a registry: one request does, buildah says so, and what it still has can be pushed."""
    name = f"{server.address}/buildah/deleted:1"
    build(buildah, work, name)
    buildah("push", PLAIN, name)
    buildah("push", PLAIN, name, f"docker://{server.address}/buildah/sibling:1")

    summary = api.delete("/v2/buildah/deleted")

    assert (summary["tags"], summary["versions"]) == (1, 1)
    assert "buildah/deleted" not in api.catalog()
    assert "manifest unknown" in buildah.refused("pull", PLAIN, "--policy", "always", name)
    buildah("pull", PLAIN, f"{server.address}/buildah/sibling:1")

    buildah("push", PLAIN, name)
    buildah("rmi", "--all", "--force")
    buildah("pull", PLAIN, name)


def test_a_manifest_list_keeps_all_its_platforms(buildah: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A list of two built images is pushed with both; each platform's image is pulled from it."""
    name = f"{server.address}/buildah/list:1"
    buildah("manifest", "create", "both")
    architectures = {build(buildah, work, f"both-{name}", name): name for name in ("amd64", "arm64")}
    for architecture in architectures.values():
        buildah("manifest", "add", "both", f"containers-storage:localhost/both-{architecture}")

    buildah("manifest", "push", PLAIN, "--all", "both", f"docker://{name}")
    buildah("rmi", "--all", "--force")

    stored = api.manifest("buildah/list", "1")
    assert stored is not None
    entries = json.loads(stored.content)["manifests"]
    assert {entry["platform"]["architecture"] for entry in entries} == {"amd64", "arm64"}
    assert all(api.has("buildah/list", entry["digest"]) for entry in entries)
    for image, architecture in architectures.items():
        assert buildah("pull", PLAIN, "--quiet", "--arch", architecture, name) == image


def test_docker_schema_2_keeps_its_bytes_and_its_type(
    buildah: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """Pushed in Docker's schema 2 it is stored and served as it was sent."""
    name = f"{server.address}/buildah/schema2:1"
    build(buildah, work, name)

    buildah("push", PLAIN, "--format", "v2s2", "--digestfile", str(work / "digest"), name)

    stored = api.manifest("buildah/schema2", "1")
    assert stored is not None
    assert stored.media_type == DOCKER_IMAGE
    assert sha256(stored.content) == (work / "digest").read_text()
