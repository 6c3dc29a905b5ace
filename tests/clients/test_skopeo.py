from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_IMAGE, Layout, sha256, two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("skopeo"), pytest.mark.timeout(60)]

TO = "--dest-tls-verify=false"
FROM = "--src-tls-verify=false"
PLAIN = "--tls-verify=false"


@pytest.fixture
def layout(work: Path) -> Layout:
    """A layout with one image, tagged 1."""
    made = Layout(work / "layout")
    made.image("1")
    return made


def push(skopeo: Client, layout: Layout, name: str, *options: str) -> None:
    """Push what the layout has tagged 1 as ``name``."""
    skopeo("copy", TO, *options, f"oci:{layout.folder}:1", f"docker://{name}")


@pytest.mark.needs("umoci")
def test_what_is_pushed_comes_back_the_same(
    skopeo: Client, home: Home, server: JettisonServer, api: Api, work: Path
) -> None:
    """An image of umoci goes from a layout to the registry and into another layout, byte for byte."""
    umoci = home.client("umoci")
    (work / "greeting").write_text("hello\n")
    umoci("init", "--layout", str(work / "from"))
    umoci("new", "--image", f"{work}/from:1")
    umoci("insert", "--rootless", "--image", f"{work}/from:1", str(work / "greeting"), "/greeting")
    name = f"docker://{server.address}/skopeo/same:1"

    skopeo("copy", TO, f"oci:{work}/from:1", name)
    skopeo("copy", FROM, name, f"oci:{work}/to:1")

    pushed, pulled = (json.loads((work / folder / "index.json").read_text()) for folder in ("from", "to"))
    assert pulled["manifests"][0]["digest"] == pushed["manifests"][0]["digest"] == api.digest("skopeo/same", "1")
    for blob in (work / "to" / "blobs" / "sha256").iterdir():
        assert sha256(blob.read_bytes()) == f"sha256:{blob.name}"


def test_it_lists_and_inspects(skopeo: Client, server: JettisonServer, api: Api, layout: Layout) -> None:
    """Tags are listed, and an inspection shows the digest that the registry knows."""
    name = f"{server.address}/skopeo/listed"
    for tag in ("1", "2"):
        push(skopeo, layout, f"{name}:{tag}")

    assert json.loads(skopeo("list-tags", PLAIN, f"docker://{name}"))["Tags"] == ["1", "2"]
    assert json.loads(skopeo("inspect", PLAIN, f"docker://{name}:2"))["Digest"] == api.digest("skopeo/listed", "2")


def test_deleting_takes_the_version_with_its_tags_and_no_other(
    skopeo: Client, server: JettisonServer, api: Api, layout: Layout
) -> None:
    """`skopeo delete` turns a tag into its digest: the version goes with all its tags, its siblings stay."""
    name = f"{server.address}/skopeo/deleted"
    for tag in ("1", "same"):
        push(skopeo, layout, f"{name}:{tag}")
    layout.image("other")
    skopeo("copy", TO, f"oci:{layout.folder}:other", f"docker://{name}:other")

    skopeo("delete", PLAIN, f"docker://{name}:1")

    assert api.tags("skopeo/deleted") == ["other"]
    assert "skopeo/deleted" in api.catalog()
    assert "manifest unknown" in skopeo.refused("inspect", PLAIN, f"docker://{name}:1")

    skopeo("delete", PLAIN, f"docker://{name}:other")

    assert "skopeo/deleted" not in api.catalog()


def test_an_index_keeps_all_its_platforms(skopeo: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """`copy --all` takes an index there and back with both of its images, all digests the same."""
    layout, index, images = two_platforms(work / "layout")
    name = f"{server.address}/skopeo/index:1"

    push(skopeo, layout, name, "--all")
    skopeo("copy", FROM, "--all", f"docker://{name}", f"oci:{work}/back:1")

    back = json.loads((work / "back" / "index.json").read_text())
    assert back["manifests"][0]["digest"] == index["digest"] == api.digest("skopeo/index", "1")
    for image in images:
        assert api.has("skopeo/index", image["digest"])
        assert (work / "back" / "blobs" / image["digest"].replace(":", "/")).read_bytes() == layout.content(image)

    skopeo("delete", PLAIN, f"docker://{name}")

    assert not any(api.has("skopeo/index", image["digest"]) for image in images)
    assert "skopeo/index" not in api.catalog()


def test_copying_between_repositories_mounts_the_layers(
    skopeo: Client, server: JettisonServer, api: Api, layout: Layout
) -> None:
    """Skopeo sends the config, whatever the registry has; the layer it mounts, which outlives the first repository."""
    push(skopeo, layout, f"{server.address}/skopeo/here:1")

    here, there = (f"docker://{server.address}/skopeo/{name}:1" for name in ("here", "there"))
    with api.uploads() as uploads:
        skopeo("copy", FROM, TO, here, there)

    assert uploads == Uploads(mounted=1, begun=1)
    assert api.digest("skopeo/there", "1") == api.digest("skopeo/here", "1")
    api.delete("/v2/skopeo/here")
    skopeo("copy", FROM, there, f"oci:{layout.folder}:back")


def test_docker_schema_2_keeps_its_bytes_and_its_type(
    skopeo: Client, server: JettisonServer, api: Api, layout: Layout, work: Path
) -> None:
    """An image converted to Docker's schema 2 is stored and served as it was sent."""
    name = f"{server.address}/skopeo/schema2:1"
    push(skopeo, layout, name, "--format", "v2s2")

    stored = api.manifest("skopeo/schema2", "1")
    skopeo("copy", FROM, f"docker://{name}", f"dir:{work}/back")

    assert stored is not None
    assert stored.media_type == DOCKER_IMAGE == json.loads(stored.content)["mediaType"]
    assert stored.digest == sha256(stored.content)
    assert (work / "back" / "manifest.json").read_bytes() == stored.content


def test_docker_schema_1_is_refused_in_words(skopeo: Client, server: JettisonServer, api: Api, layout: Layout) -> None:
    """The message says what is not supported, and what to do."""
    said = skopeo.refused(
        "copy", TO, "--format", "v2s1", f"oci:{layout.folder}:1", f"docker://{server.address}/skopeo/schema1:1"
    )

    assert "schema 1 manifests are not supported" in said
    assert "skopeo copy --format v2s2" in said
    assert "skopeo/schema1" not in api.catalog()
