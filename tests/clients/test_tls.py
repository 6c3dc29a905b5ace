from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.test_docker import build, pushed_digest
from tests.support.certificates import Authority, Pair
from tests.support.client import Client, Home
from tests.support.layout import Layout
from tests.support.server import JettisonServer

pytestmark = pytest.mark.timeout(60)

LARGE = 20_000_000


class Secured:
    """A registry with TLS, its authority, and a client's certificate where it asks for one."""

    def __init__(self, folder: Path, *, ask: bool = False) -> None:
        self.authority, self.clients = Authority("Servers"), Authority("Clients")
        self.trusted = self.authority.write(folder)
        certificate, key = Authority("Between", self.authority).issue().write(folder, "server")
        tls = {"certificate": str(certificate), "key": str(key)}
        asking = {"clientcas": [str(self.clients.write(folder))], "clientauth": "require-and-verify-client-cert"}
        self.server = JettisonServer(config={"http": {"tls": {**tls, **(asking if ask else {})}}})

    def certificates(self, folder: Path, pair: Pair | None = None) -> Path:
        """A folder as Docker and Skopeo have one for each registry."""
        folder.mkdir(exist_ok=True)
        (folder / "ca.crt").write_bytes(self.trusted.read_bytes())
        if pair is not None:
            (folder / "client.cert").write_bytes(pair.pem)
            (folder / "client.key").write_bytes(pair.key_pem())
        return folder


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A registry with TLS."""
    made = Secured(tmp_path_factory.mktemp("tls"))
    with made.server:
        yield made


@pytest.fixture
def layout(work: Path) -> Layout:
    """A layout with one image, tagged 1, that takes more than one piece to send."""
    made = Layout(work / "layout")
    made.image("1", size=LARGE)
    return made


def digest_in(layout: Path) -> str:
    """The digest of a layout's only image."""
    digest: str = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    return digest


@pytest.mark.needs("crane")
def test_crane_pushes_and_pulls(home: Home, secured: Secured, layout: Layout, work: Path) -> None:
    """It speaks HTTP/2, and trusts what the environment says."""
    crane = Client(home.client("crane").command, {**home.environ, "SSL_CERT_FILE": str(secured.trusted)})
    name = f"{secured.server.address}/crane/tls:1"
    crane("push", str(layout.folder), name)
    assert crane("digest", name) == digest_in(layout.folder)
    assert crane("validate", "--remote", name).startswith("PASS")
    assert "certificate signed by unknown authority" in home.client("crane").refused("digest", name)


@pytest.mark.needs("regctl")
def test_regctl_pushes_and_pulls(home: Home, secured: Secured, layout: Layout, work: Path) -> None:
    """It is told of the authority for this registry alone."""
    regctl = home.client("regctl")
    name = f"{secured.server.address}/regctl/tls:1"
    regctl(
        "registry",
        "set",
        "--skip-check",
        "--tls",
        "enabled",
        "--cacert",
        secured.trusted.read_text(),
        name.partition("/")[0],
    )
    regctl("image", "copy", f"ocidir://{layout.folder}:1", name)
    regctl("image", "copy", name, f"ocidir://{work / 'back'}:1")
    assert digest_in(work / "back") == digest_in(layout.folder)


@pytest.mark.needs("skopeo")
def test_skopeo_pushes_and_pulls(skopeo: Client, secured: Secured, layout: Layout, work: Path) -> None:
    """It has a folder of certificates for the registry."""
    certificates = str(secured.certificates(work / "certs"))
    name = f"docker://{secured.server.address}/skopeo/tls:1"
    skopeo("copy", "--dest-cert-dir", certificates, f"oci:{layout.folder}:1", name)
    skopeo("copy", "--src-cert-dir", certificates, name, f"oci:{work / 'back'}:1")
    assert digest_in(work / "back") == digest_in(layout.folder)
    assert "certificate signed by unknown authority" in skopeo.refused("inspect", name)


@pytest.mark.needs("skopeo")
def test_skopeo_shows_its_certificate(skopeo: Client, tmp_path: Path, layout: Layout, work: Path) -> None:
    """A client without one, or with another authority's, is refused before it says a word."""
    asking = Secured(tmp_path, ask=True)
    # Whether it answers cannot be asked without a certificate: that it listens is enough.
    pair = asking.clients.issue("me")
    with asking.server:
        name = f"docker://{asking.server.address}/skopeo/mutual:1"
        certificates = str(asking.certificates(work / "certs", pair))
        skopeo("copy", "--dest-cert-dir", certificates, f"oci:{layout.folder}:1", name)
        for stranger in (None, Authority("Others").issue("me")):
            others = asking.certificates(work / f"others{stranger is None}", stranger)
            assert "tls: " in skopeo.refused("inspect", "--cert-dir", str(others), name)


@pytest.mark.needs("docker")
def test_docker_pushes_and_pulls(docker: Client, secured: Secured, work: Path) -> None:
    """As with any registry; on loopback its engine does not ask whom to trust."""
    name = f"{secured.server.address}/docker/tls:1"
    image = build(docker, work, name)
    docker("push", name)
    digest = pushed_digest(docker, name)
    docker("image", "rm", name)
    docker("pull", name)
    assert docker("image", "inspect", "--format", "{{.Id}}", name) == image
    assert pushed_digest(docker, name) == digest
