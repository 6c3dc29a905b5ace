from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.engine import Containerd
from tests.support.layout import Layout, two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("containerd"), pytest.mark.timeout(60)]

PLAIN = "--plain-http"


@pytest.fixture(scope="module")
def ctr(home: Home, containerd: Containerd) -> Client:
    """Ctr, in a containerd namespace of its own."""
    return home.client("ctr", "--address", str(containerd.socket), "--namespace", "jettison")


def import_image(ctr: Client, work: Path, name: str) -> str:
    """Make an image and give it to containerd as ``name``:1; return its digest."""
    layout = Layout(work / "layout")
    image = layout.image("1")
    ctr("images", "import", "--base-name", name, str(layout.archive(work / "layout.tar")))
    return str(image["digest"])


def digest(ctr: Client, name: str) -> str:
    """The digest of an image that containerd has."""
    _, line = ctr("images", "list", f"name=={name}").splitlines()
    return line.split()[2]


def forget(ctr: Client, *names: str) -> None:
    """Remove images from containerd, and their content with them."""
    ctr("images", "remove", "--sync", *names)


def contents(ctr: Client) -> set[str]:
    """The digests of all that containerd has."""
    return set(ctr("content", "list", "--quiet").split())


def test_what_is_pushed_comes_back_the_same(ctr: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An image is pushed, removed here with its content, and pulled: same digest, all content there again."""
    name = f"{server.address}/ctr/same"
    image = import_image(ctr, work, name)

    ctr("images", "push", PLAIN, f"{name}:1")
    forget(ctr, f"{name}:1")
    assert image not in contents(ctr)
    ctr("images", "pull", PLAIN, f"{name}:1")

    stored = api.manifest("ctr/same", "1")
    assert stored is not None
    assert digest(ctr, f"{name}:1") == image == stored.digest
    manifest = json.loads(stored.content)
    assert {image, *(blob["digest"] for blob in [manifest["config"], *manifest["layers"]])} <= contents(ctr)
    forget(ctr, f"{name}:1")


def test_an_index_keeps_all_its_platforms(ctr: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An index goes there and comes back with both of its images."""
    layout, index, images = two_platforms(work / "layout")
    name = f"{server.address}/ctr/index"
    archive = str(layout.archive(work / "layout.tar"))
    ctr("images", "import", "--all-platforms", "--no-unpack", "--base-name", name, archive)

    ctr("images", "push", PLAIN, f"{name}:1")
    forget(ctr, f"{name}:1")
    ctr("content", "fetch", PLAIN, "--all-platforms", f"{name}:1")

    assert digest(ctr, f"{name}:1") == index["digest"] == api.digest("ctr/index", "1")
    assert {index["digest"], *(image["digest"] for image in images)} <= contents(ctr)
    assert all(api.has("ctr/index", image["digest"]) for image in images)
    forget(ctr, f"{name}:1")


def test_a_deleted_version_cannot_be_pulled(ctr: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """Ctr removes images here only: one request deletes there, ctr says so, and what it still has can be pushed."""
    name = f"{server.address}/ctr/deleted"
    image = import_image(ctr, work, name)
    ctr("images", "tag", f"{name}:1", f"{name}:2")
    for tag in ("1", "2"):
        ctr("images", "push", PLAIN, f"{name}:{tag}")

    api.delete("/v2/ctr/deleted/manifests/1")

    assert api.tags("ctr/deleted") == ["2"]
    assert "not found" in ctr.refused("images", "pull", PLAIN, f"{name}:1")

    api.delete(f"/v2/ctr/deleted/manifests/{image}")

    assert "ctr/deleted" not in api.catalog()
    ctr("images", "push", PLAIN, f"{name}:1")
    forget(ctr, f"{name}:1", f"{name}:2")
    ctr("images", "pull", PLAIN, f"{name}:1")
    assert digest(ctr, f"{name}:1") == image
    forget(ctr, f"{name}:1")


def test_pushing_to_another_repository_mounts_the_layers(
    ctr: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """What containerd pulled from one repository it mounts into another, and it outlives the first."""
    here, there = (f"{server.address}/ctr/{name}" for name in ("here", "there"))
    image = import_image(ctr, work, here)
    ctr("images", "push", PLAIN, f"{here}:1")
    forget(ctr, f"{here}:1")
    ctr("images", "pull", PLAIN, f"{here}:1")
    ctr("images", "tag", f"{here}:1", f"{there}:1")

    with api.uploads() as uploads:
        ctr("images", "push", PLAIN, f"{there}:1")
    api.delete("/v2/ctr/here")
    forget(ctr, f"{here}:1", f"{there}:1")
    ctr("images", "pull", PLAIN, f"{there}:1")

    assert uploads == Uploads(mounted=2)
    assert digest(ctr, f"{there}:1") == image
    forget(ctr, f"{there}:1")
