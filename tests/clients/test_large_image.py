from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.client import Client, Home
from tests.support.layout import MIB, Descriptor, Layout, sha256
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("skopeo"), pytest.mark.timeout(180)]

SIZE = 300 * MIB


@pytest.fixture(scope="module")
def layout(home: Home) -> Layout:
    """A layout with one large image of random bytes, tagged 1."""
    return Layout(home.work("large") / "layout")


@pytest.fixture(scope="module")
def image(layout: Layout) -> Descriptor:
    """The large image."""
    return layout.image("1", size=SIZE)


@pytest.fixture
def pushed(skopeo: Client, server: JettisonServer, layout: Layout, image: Descriptor) -> str:
    """The name under which skopeo pushed it."""
    name = f"{server.address}/large/image:1"
    skopeo("copy", "--dest-tls-verify=false", f"oci:{layout.folder}:1", f"docker://{name}")
    return name


def test_skopeo_pulls_every_byte_of_it(
    skopeo: Client, api: Api, layout: Layout, image: Descriptor, pushed: str, work: Path
) -> None:
    """Several hundred megabytes in one layer come back with the digests they were pushed with."""
    skopeo("copy", "--src-tls-verify=false", f"docker://{pushed}", f"oci:{work}/back:1")

    assert api.digest("large/image", "1") == image["digest"]
    [layer] = json.loads(layout.content(image))["layers"]
    assert layer["size"] > SIZE
    assert sha256((work / "back" / "blobs" / layer["digest"].replace(":", "/")).read_bytes()) == layer["digest"]


@pytest.mark.needs("docker")
def test_docker_pulls_it_and_pushes_it_again(
    docker: Client, server: JettisonServer, api: Api, layout: Layout, image: Descriptor, pushed: str
) -> None:
    """The engine unpacks it to the image it was; what it pushes, once the first is gone, it pulls back the same."""
    docker("pull", pushed)
    content = json.loads(layout.content(image))
    assert docker("image", "inspect", "--format", "{{.Id}}", pushed) == content["config"]["digest"]
    api.delete("/v2/large/image?purge=true")
    again = f"{server.address}/large/again:1"
    docker("tag", pushed, again)

    docker("push", again)
    docker("image", "rm", pushed, again)
    docker("pull", again)

    assert docker("image", "inspect", "--format", "{{.Id}}", again) == content["config"]["digest"]
    assert docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", again).endswith(
        api.digest("large/again", "1")
    )
