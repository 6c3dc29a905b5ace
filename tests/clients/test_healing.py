from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.client import Client, Home
from tests.support.layout import Layout
from tests.support.server import JettisonServer
from tests.support.verb import verb

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def layout(work: Path) -> Layout:
    """A layout with one image, tagged 1, whose layer has more than 90,000 bytes."""
    made = Layout(work / "layout")
    made.image("1", size=90_000)
    return made


def damage(server: JettisonServer, layout: Layout) -> str:
    """Flip one bit of the image's layer beneath the server, and have a check find it; the layer's digest."""
    [tagged] = json.loads((layout.folder / "index.json").read_text())["manifests"]
    layer: str = json.loads(layout.content(tagged))["layers"][0]["digest"]
    content = (layout.folder / "blobs" / Path(*layer.split(":"))).read_bytes()
    [file] = [path for path in (server.data / "blobs").glob("*/*") if path.read_bytes() == content]
    file.write_bytes(content[:50_000] + bytes([content[50_000] ^ 1]) + content[50_001:])
    assert verb("check", server.config_file, "--read-data", "--repair").returncode == 1
    return layer


@pytest.mark.needs("skopeo")
def test_pushing_the_image_again_heals_it(skopeo: Client, server: JettisonServer, layout: Layout, work: Path) -> None:
    """A client that asks for blobs brings the damaged one."""
    name = f"docker://{server.address}/healing/skopeo:1"
    push = ("copy", "--dest-tls-verify=false", f"oci:{layout.folder}:1", name)
    pull = ("copy", "--src-tls-verify=false", name, f"oci:{work}/back:1")
    skopeo(*push)
    layer = damage(server, layout)
    assert layer in skopeo.refused(*pull)

    skopeo(*push)

    skopeo(*pull)
    assert verb("check", server.config_file, "--read-data").returncode == 0


@pytest.mark.needs("crane")
def test_pushing_it_under_another_name_heals_it_for_clients_that_skip_what_is_there(
    home: Home, server: JettisonServer, layout: Layout
) -> None:
    """A client that finds the manifest asks for no blob; in another repository it finds none, and brings them all."""
    crane = home.client("crane")
    name = f"{server.address}/healing/crane:1"
    crane("push", str(layout.folder), name)
    damage(server, layout)
    crane("push", str(layout.folder), name)
    crane.refused("validate", "--remote", name)

    crane("push", str(layout.folder), f"{server.address}/healing/another:1")

    assert crane("validate", "--remote", name).startswith("PASS")
    assert verb("check", server.config_file, "--read-data").returncode == 0
