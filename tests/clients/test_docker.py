from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_IMAGE, DOCKER_LIST, Layout, build_context, sha256
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("docker"), pytest.mark.timeout(60)]


def build(docker: Client, work: Path, *names: str, platform: str = "linux/amd64") -> str:
    """Build an image of those names from nothing; return its id."""
    tags = [option for name in names for option in ("--tag", name)]
    return docker("build", "--quiet", "--platform", platform, *tags, str(build_context(work)))


def pushed_digest(docker: Client, name: str) -> str:
    """The digest that docker tells of an image that it pushed or pulled."""
    return docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", name).rpartition("@")[2]


def test_what_is_pushed_comes_back_the_same(docker: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A built image is pushed, removed here, and pulled, by tag and by digest: same image, same digest."""
    name = f"{server.address}/docker/same"
    image = build(docker, work, f"{name}:1")

    docker("push", f"{name}:1")
    digest = pushed_digest(docker, f"{name}:1")
    docker("image", "rm", f"{name}:1")
    docker("pull", f"{name}:1")
    docker("pull", f"{name}@{digest}")

    assert docker("image", "inspect", "--format", "{{.Id}}", f"{name}:1") == image
    assert pushed_digest(docker, f"{name}:1") == digest == api.digest("docker/same", "1")


def test_docker_schema_2_keeps_its_bytes_and_its_type(
    docker: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """The engine pushes Docker's schema 2: it is stored and served as it was sent."""
    name = f"{server.address}/docker/schema2:1"
    image = build(docker, work, name)

    docker("push", name)

    stored = api.manifest("docker/schema2", "1")
    assert stored is not None
    assert stored.media_type == DOCKER_IMAGE == json.loads(stored.content)["mediaType"]
    assert stored.digest == sha256(stored.content) == pushed_digest(docker, name)
    assert json.loads(stored.content)["config"]["digest"] == image


def test_all_tags_are_pushed_and_pulled(docker: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """`--all-tags` pushes every tag, and finds every tag."""
    name = f"{server.address}/docker/tags"
    build(docker, work, f"{name}:1", f"{name}:2")

    docker("push", "--all-tags", name)
    docker("image", "rm", f"{name}:1", f"{name}:2")
    docker("pull", "--all-tags", name)

    assert api.tags("docker/tags") == ["1", "2"]
    assert sorted(docker("image", "ls", "--format", "{{.Tag}}", name).split()) == ["1", "2"]


def test_deleting_the_digest_that_docker_shows(docker: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """One request with the digest from docker's output: the version goes, its sibling stays, a push brings it back."""
    name = f"{server.address}/docker/deleted"
    build(docker, work, f"{name}:1", f"{name}:same")
    docker("push", "--all-tags", name)
    digest = pushed_digest(docker, f"{name}:1")
    build(docker, work, f"{name}:other")
    docker("push", f"{name}:other")

    api.delete(f"/v2/docker/deleted/manifests/{digest}")

    assert api.tags("docker/deleted") == ["other"]
    assert f"manifest for {name}:1 not found" in docker.refused("pull", f"{name}:1")
    docker("pull", f"{name}:other")

    docker("push", f"{name}:1")
    docker("image", "rm", f"{name}:1", f"{name}:same")
    docker("pull", f"{name}:1")
    assert pushed_digest(docker, f"{name}:1") == digest


def test_a_deleted_repository_is_pushed_anew(docker: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """The engine remembers what it pushed: after the repository went it finds out, and pushes all of it again."""
    name = f"{server.address}/docker/again:1"
    image = build(docker, work, name)
    docker("push", name)

    api.delete("/v2/docker/again?purge=true")
    assert "docker/again" not in api.catalog()
    docker.refused("pull", name)
    docker("push", name)
    docker("image", "rm", name)
    docker("pull", name)

    assert docker("image", "inspect", "--format", "{{.Id}}", name) == image


def test_pushing_to_another_repository_mounts_the_layers(
    docker: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """What the engine pushed to one repository it mounts into another; only the config is sent again."""
    here, there = (f"{server.address}/docker/{name}:1" for name in ("here", "there"))
    image = build(docker, work, here, there)
    docker("push", here)

    with api.uploads() as uploads:
        shown = docker("push", there)
    api.delete("/v2/docker/here")
    docker("image", "rm", here, there)
    docker("pull", there)

    assert "Mounted from docker/here" in shown
    assert uploads == Uploads(mounted=1, begun=1)
    assert docker("image", "inspect", "--format", "{{.Id}}", there) == image


def test_a_manifest_list_keeps_all_its_platforms(docker: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """`docker manifest push` makes a list of two images: it keeps its type; both are pulled from it and go with it."""
    name = f"{server.address}/docker/list"
    images = {
        architecture: build(docker, work, f"{name}:{architecture}", platform=f"linux/{architecture}")
        for architecture in ("amd64", "arm64")
    }
    docker("push", "--all-tags", name)
    parts = [f"{name}:{architecture}" for architecture in images]
    docker("manifest", "create", "--insecure", f"{name}:1", *parts)
    for architecture, part in zip(images, parts, strict=True):
        docker("manifest", "annotate", "--os", "linux", "--arch", architecture, f"{name}:1", part)

    digest = docker("manifest", "push", "--insecure", "--purge", f"{name}:1").splitlines()[-1]

    stored = api.manifest("docker/list", "1")
    assert stored is not None
    assert (stored.digest, stored.media_type) == (digest, DOCKER_LIST)
    assert json.loads(docker("manifest", "inspect", "--insecure", f"{name}:1")) == json.loads(stored.content)

    for architecture in images:
        api.delete(f"/v2/docker/list/manifests/{architecture}")
    for architecture, image in images.items():
        docker("pull", "--platform", f"linux/{architecture}", f"{name}:1")
        assert docker("image", "inspect", "--format", "{{.Id}}", f"{name}:1") == image

    api.delete(f"/v2/docker/list/manifests/{digest}")

    assert "docker/list" not in api.catalog()


@pytest.mark.needs("crane")
def test_an_image_of_another_client_is_pulled(docker: Client, server: JettisonServer, work: Path, home: Home) -> None:
    """An OCI image that crane pushed."""
    layout = Layout(work / "layout")
    image = layout.image("1")
    config = json.loads(layout.content(image))["config"]["digest"]
    name = f"{server.address}/docker/oci:1"
    home.client("crane")("push", str(layout.folder), name)

    docker("pull", name)

    assert docker("image", "inspect", "--format", "{{.Id}}", name) == config
