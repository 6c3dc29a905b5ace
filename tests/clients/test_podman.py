from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_IMAGE, build_context, sha256, two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("podman"), pytest.mark.timeout(60)]

PLAIN = "--tls-verify=false"


@pytest.fixture(scope="module")
def podman(home: Home) -> Client:
    """Podman, with its images and its state in the home."""
    folders = ("--root", "images", "--runroot", "state", "--tmpdir", "libpod")
    places = [f"{home.folder}/{place}" if not place.startswith("--") else place for place in folders]
    drivers = ("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none")
    return home.hidden_client("podman", *places, *drivers)


def build(podman: Client, work: Path, name: str) -> str:
    """Build an image ``name`` from nothing; return its id."""
    return podman("build", "--quiet", "--isolation", "chroot", "--tag", name, str(build_context(work)))


def test_what_is_pushed_comes_back_the_same(podman: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A built image is pushed, removed here, and pulled: same image, same digest."""
    name = f"{server.address}/podman/same:1"
    image = build(podman, work, name)

    podman("push", PLAIN, "--digestfile", str(work / "digest"), name)
    podman("rmi", name)
    pulled = podman("pull", PLAIN, "--quiet", name)

    assert pulled == image
    digest = podman("image", "inspect", "--format", "{{.Digest}}", name)
    assert digest == (work / "digest").read_text() == api.digest("podman/same", "1")


def test_it_lists(podman: Client, server: JettisonServer, work: Path) -> None:
    """`podman search` finds repositories in the catalog, and tags."""
    name = f"{server.address}/podman/listed"
    build(podman, work, f"{name}:1")
    for tag in ("1", "2"):
        podman("push", PLAIN, f"{name}:1", f"{name}:{tag}")

    found = podman("search", PLAIN, "--format", "{{.Name}}", f"{server.address}/podman/list")
    [_, *tags] = podman("search", PLAIN, "--list-tags", name).splitlines()

    assert found.splitlines() == [name]
    assert [line.split() for line in tags] == [[name, "1"], [name, "2"]]


def test_a_deleted_repository_cannot_be_pulled(podman: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """Podman deletes nothing on a registry: one request does, podman says so, and what it still has can be pushed."""
    name = f"{server.address}/podman/deleted:1"
    build(podman, work, name)
    podman("push", PLAIN, name)
    podman("push", PLAIN, name, f"{server.address}/podman/sibling:1")

    summary = api.delete("/v2/podman/deleted")

    assert (summary["tags"], summary["versions"]) == (1, 1)
    assert "podman/deleted" not in api.catalog()
    assert "manifest unknown" in podman.refused("pull", PLAIN, name)
    podman("pull", PLAIN, f"{server.address}/podman/sibling:1")

    podman("push", PLAIN, name)
    podman("rmi", "--all", "--force")
    podman("pull", PLAIN, name)


def test_a_manifest_list_keeps_all_its_platforms(podman: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A list made of two images is pushed with both; each platform's image is pulled from it."""
    layout, _, images = two_platforms(work / "layout")
    name = f"{server.address}/podman/list:1"
    listed = f"{server.address}/podman/local:1"
    podman("manifest", "create", listed)
    podman("manifest", "add", "--all", listed, f"oci:{layout.folder}:1")

    podman("manifest", "push", PLAIN, "--all", listed, f"docker://{name}")

    stored = api.manifest("podman/list", "1")
    assert stored is not None
    assert [entry["digest"] for entry in json.loads(stored.content)["manifests"]] == [i["digest"] for i in images]
    for image in images:
        podman("pull", PLAIN, "--platform", "/".join(image["platform"].values()), name)
        assert podman("image", "inspect", "--format", "{{.Architecture}}", name) == image["platform"]["architecture"]


def test_docker_schema_2_keeps_its_bytes_and_its_type(
    podman: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """Pushed in Docker's schema 2 it is stored and served as it was sent."""
    name = f"{server.address}/podman/schema2:1"
    build(podman, work, name)

    podman("push", PLAIN, "--format", "v2s2", "--digestfile", str(work / "digest"), name)

    stored = api.manifest("podman/schema2", "1")
    assert stored is not None
    assert stored.media_type == DOCKER_IMAGE
    assert sha256(stored.content) == (work / "digest").read_text()
