from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.http.repository import Repository, digest_of, image, written
from tests.support.api import Api
from tests.support.client import Client, Home
from tests.support.distribution import DistributionServer
from tests.support.engine import DockerEngine
from tests.support.layout import Layout, two_platforms
from tests.support.server import JettisonServer
from tests.support.verb import verb

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("distribution", "docker-registry", "skopeo"),
    pytest.mark.timeout(300),
]

PARTS = [pytest.param("registry", id="3"), pytest.param("docker-registry", id="2.8")]
TO, FROM = "--dest-tls-verify=false", "--src-tls-verify=false"
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)


@pytest.fixture
def home() -> Iterator[Home]:
    """A home for the client programs."""
    with Home() as made:
        yield made


@pytest.fixture
def skopeo(home: Home) -> Client:
    """Skopeo."""
    return home.hidden_client("skopeo")


def distribution(part: str, data: Path) -> DistributionServer:
    """Distribution on a folder that stays."""
    server = DistributionServer(part)
    server.data = data
    return server


def digests(url: str) -> dict[str, str]:
    """Every tag that a registry lists, with the digest that it serves."""
    with httpx2.Client(base_url=url, timeout=20, trust_env=False, headers={"Accept": ACCEPT}) as client:
        found = {}
        for name in client.get("/v2/_catalog?n=1000").json()["repositories"]:
            for tag in client.get(f"/v2/{name}/tags/list").json()["tags"] or ():
                answer = client.get(f"/v2/{name}/manifests/{tag}").raise_for_status()
                found[f"{name}:{tag}"] = answer.headers["docker-content-digest"]
        return found


def test_adopting_needs_no_command(skopeo: Client, home: Home, tmp_path: Path) -> None:
    """`jettison serve` on distribution's folder serves what was there, and says so."""
    layout = Layout(home.work("layout") / "layout")
    layout.image("1")
    with distribution("registry", tmp_path / "root") as before:
        skopeo("copy", TO, f"oci:{layout.folder}:1", f"docker://{before.address}/app:1")
        expected = digests(before.url)

    with JettisonServer(tmp_path / "root") as server:
        assert digests(server.url) == expected
        assert "adopted" in server.log
        server.restart()
        assert digests(server.url) == expected
        assert "looks written to" not in server.log

    # Somebody starts the old one again, and pushes to it.
    layout.image("2")
    with distribution("registry", tmp_path / "root") as again:
        skopeo("copy", TO, f"oci:{layout.folder}:2", f"docker://{again.address}/app:2")
    with JettisonServer(tmp_path / "root") as server:
        assert digests(server.url) == expected
        assert "looks written to" in server.log


@pytest.mark.parametrize("part", PARTS)
def test_there_and_back_again(part: str, skopeo: Client, home: Home, engine: DockerEngine, tmp_path: Path) -> None:
    """Written by distribution, adopted, pushed to, deleted from, exported, served again by both: the same digests."""
    work = home.work("work")
    before = _written_by_distribution(part, skopeo, engine, work, tmp_path / "root")
    with JettisonServer(tmp_path / "root") as server:
        assert digests(server.url) == before
        _change(server, skopeo, work)
        expected = digests(server.url)
        done = verb("export", tmp_path / "export", "--config", server.config_file, "--report", tmp_path / "report.json")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout

    assert expected.keys() == {"docker/app:1", "skopeo/app:1", "skopeo/app:new", "skopeo/app/nested:multi"}
    assert {finding["kind"] for finding in json.loads((tmp_path / "report.json").read_text())["findings"]} == {
        "deletions"
    }
    for again in ("registry", "docker-registry"):
        with distribution(again, tmp_path / "export") as after:
            assert digests(after.url) == expected
            _pull(after, expected, skopeo, engine, work / f"back-{again}")


def _written_by_distribution(part: str, skopeo: Client, engine: DockerEngine, work: Path, root: Path) -> dict[str, str]:
    layout = Layout(work / "layout")
    layout.image("1")
    layout.image("gone")
    multi, _, _ = two_platforms(work / "multi")
    with distribution(part, root) as server:
        for name in ("skopeo/app:1", "skopeo/app:gone", "skopeo/gone:1"):
            tag = "gone" if name.endswith("gone") else "1"
            skopeo("copy", TO, f"oci:{layout.folder}:{tag}", f"docker://{server.address}/{name}")
        skopeo("copy", TO, "--all", f"oci:{multi.folder}:1", f"docker://{server.address}/skopeo/app/nested:multi")
        skopeo("copy", TO, "--format", "v2s2", f"oci:{layout.folder}:1", f"docker-archive:{work}/image.tar:made/here:1")
        engine.docker("load", "--input", f"{work}/image.tar")
        engine.docker("tag", "made/here:1", f"{server.address}/docker/app:1")
        engine.docker("push", f"{server.address}/docker/app:1")
        engine.docker("image", "rm", "--force", f"{server.address}/docker/app:1", "made/here:1")
        return digests(server.url)


def _change(server: JettisonServer, skopeo: Client, work: Path) -> None:
    layout = Layout(work / "new")
    layout.image("new")
    skopeo("copy", TO, f"oci:{layout.folder}:new", f"docker://{server.address}/skopeo/app:new")
    with Api(server) as api:
        api.delete("/v2/skopeo/app/manifests/gone")
        api.delete("/v2/skopeo/gone")


def _pull(
    server: DistributionServer, expected: dict[str, str], skopeo: Client, engine: DockerEngine, folder: Path
) -> None:
    for number, (name, digest) in enumerate(expected.items()):
        skopeo("copy", FROM, "--all", f"docker://{server.address}/{name}", f"dir:{folder}-{number}")
        if "multi" not in name:
            pulled = engine.docker("pull", f"{server.address}/{name}").stdout
            assert digest in pulled
            engine.docker("image", "rm", "--force", f"{server.address}/{name}")


@pytest.mark.parametrize("part", PARTS)
def test_what_was_pushed_by_sha512_goes_back_too(part: str, tmp_path: Path) -> None:
    """Manifests and blobs by a digest that distribution itself would not have given are served by it."""
    with JettisonServer(tmp_path / "root") as server:
        with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
            paths = _push_by_sha512(Repository(client, "app"))
        done = verb("export", tmp_path / "export", "--config", server.config_file)
        assert done.returncode == 0, done.stdout + done.stderr

    with distribution(part, tmp_path / "export") as after:
        for path, content in paths.items():
            answer = httpx2.get(after.url + path, headers={"Accept": ACCEPT}, timeout=20, trust_env=False)
            assert (answer.status_code, answer.content) == (200, content), path


def _push_by_sha512(repository: Repository) -> dict[str, bytes]:
    """Push a blob and a manifest so; what they are to be found under."""
    blob = repository.push_blob(b"by its sha512", "sha512")
    for content in (b"{}", b"layer"):
        repository.push_blob(content)
    content = written(image(b"{}", b"layer"))
    digest = digest_of(content, "sha512")
    answer = repository.put(content, digest, also=["1"])
    assert answer.status_code == 201, answer.text
    manifests = f"{repository.path}/manifests"
    return {
        f"{repository.path}/blobs/{blob}": b"by its sha512",
        f"{manifests}/{digest}": content,
        f"{manifests}/1": content,
    }
