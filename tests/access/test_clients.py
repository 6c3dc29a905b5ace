"""Real clients that sign in: what they may they do, what they may not they are told in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.access.served import Served, serve_accounts, serve_outside, serve_password_file
from tests.access.site import basic
from tests.support.client import Client, Home
from tests.support.engine import DockerEngine
from tests.support.layout import Layout, build_context
from tests.support.parts import program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PLAIN = "--tls-verify=false"
TO, FROM = "--dest-tls-verify=false", "--src-tls-verify=false"


@pytest.fixture(scope="module", params=["bearer", "basic"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A registry with accounts, by either challenge."""
    with serve_accounts(told_its_host=request.param == "bearer") as running:
        challenge = httpx2.get(f"{running.server.url}/v2/").headers["www-authenticate"]
        assert challenge.lower().startswith(request.param)
        yield running


@pytest.fixture
def home() -> Iterator[Home]:
    """A home for the client programs of a test: nobody has signed in there."""
    with Home() as made:
        yield made


@pytest.fixture
def layout(home: Home) -> Layout:
    """A layout with one image, tagged 1."""
    made = Layout(home.work("layout") / "layout")
    made.image("1")
    return made


def tags(served: Served, name: str) -> list[str]:
    """The tags of a repository below team or open, as a robot sees them that may pull."""
    answer = httpx2.get(
        f"{served.server.url}/v2/{name}/tags/list", headers={"Authorization": basic("ci", served.secrets["ci"])}
    )
    found: list[str] = answer.json()["tags"] if answer.status_code == 200 else []
    return found


def assert_understood(said: str, *words: str) -> None:
    """Assert that a person reads who may not do what, and what to do about it."""
    one_line = re.sub(r"\s+", " ", said)
    for word in words:
        assert word in one_line, said


def kept(home: Home) -> str:
    """All that the client programs keep of who has signed in."""
    files = [home.folder / ".docker" / "config.json", home.folder / ".config" / "containers" / "auth.json"]
    return "".join(file.read_text() for file in files if file.is_file())


# ----------------------------------------------------------------------------------------------------- skopeo, podman


@pytest.mark.needs("skopeo")
def test_skopeo(served: Served, home: Home, layout: Layout) -> None:
    """Signs in, pushes and pulls; a robot that may not delete is refused by its name; signed out, all is refused."""
    skopeo, name = home.hidden_client("skopeo"), f"docker://{served.address}/team/skopeo:1"
    image = f"oci:{layout.folder}:1"
    assert "invalid username/password" in skopeo.refused("login", PLAIN, "-u", "ci", "-p", "guessed", served.address)
    skopeo("login", PLAIN, "-u", "ci", "-p", served.secrets["ci"], served.address)
    skopeo("copy", TO, image, name)
    skopeo("copy", FROM, name, f"oci:{layout.folder}:back")
    assert_understood(skopeo.refused("delete", PLAIN, name), "ci may not delete team/skopeo", "grant")
    assert tags(served, "team/skopeo") == ["1"]
    skopeo("logout", served.address)
    assert_understood(skopeo.refused("inspect", PLAIN, name), "unauthorized")

    skopeo("login", PLAIN, "-u", "cleaner", "-p", served.secrets["cleaner"], served.address)
    assert_understood(skopeo.refused("copy", TO, image, name), "cleaner may not push team/skopeo")
    skopeo("delete", PLAIN, name)
    assert tags(served, "team/skopeo") == []


@pytest.mark.needs("podman")
def test_podman(served: Served, home: Home) -> None:
    """Signs in, pushes and pulls; refused in words where it may not."""
    folders = ("--root", "images", "--runroot", "state", "--tmpdir", "libpod")
    places = [f"{home.folder}/{place}" if not place.startswith("--") else place for place in folders]
    drivers = ("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none")
    podman, name = home.hidden_client("podman", *places, *drivers), f"{served.address}/team/podman:1"
    podman("build", "--quiet", "--isolation", "chroot", "--tag", name, str(build_context(home.work("build"))))
    assert_understood(podman.refused("push", PLAIN, name), "unauthorized")
    assert "Login Succeeded" in podman("login", PLAIN, "-u", "puller", "-p", served.secrets["puller"], served.address)
    assert_understood(podman.refused("push", PLAIN, name), "puller may not push team/podman")
    podman("login", PLAIN, "-u", "ci", "-p", served.secrets["ci"], served.address)
    podman("push", PLAIN, name)
    podman("rmi", name)
    podman("pull", PLAIN, name)
    podman("logout", served.address)
    podman("rmi", name)
    podman.refused("pull", PLAIN, name)


# -------------------------------------------------------------------------------------------------- crane, regctl, oras


@pytest.mark.needs("crane")
def test_crane(served: Served, home: Home, layout: Layout) -> None:
    """Signs in, pushes, pulls, deletes with a robot that may; is told why with one that may not."""
    crane, name = home.client("crane"), f"{served.address}/team/crane:1"
    crane.refused("push", str(layout.folder), name)
    crane("auth", "login", served.address, "-u", "ci", "-p", served.secrets["ci"])
    crane("push", str(layout.folder), name)
    crane("validate", "--remote", name)
    assert_understood(crane.refused("delete", name), "DENIED", "ci may not delete team/crane")
    assert_understood(crane.refused("push", str(layout.folder), f"{served.address}/other/app:1"), "403 Forbidden")
    crane("auth", "logout", served.address)
    assert_understood(crane.refused("manifest", name), "UNAUTHORIZED", "sign in")

    crane("auth", "login", served.address, "-u", "cleaner", "-p", served.secrets["cleaner"])
    crane("delete", name)
    assert tags(served, "team/crane") == []


@pytest.mark.needs("regctl")
def test_regctl(served: Served, home: Home, layout: Layout) -> None:
    """The same."""
    plain = f"reg={served.address},tls=disabled"
    regctl, name = home.client("regctl", "--host", plain), f"{served.address}/team/regctl:1"
    regctl("registry", "login", "-u", "ci", "-p", served.secrets["ci"], served.address)
    regctl("image", "copy", f"ocidir://{layout.folder}:1", name)
    regctl("image", "copy", name, f"ocidir://{layout.folder}:back")
    refused = regctl.refused("tag", "delete", name)
    assert_understood(refused, "403" if "403" in refused else "orbidden")
    assert tags(served, "team/regctl") == ["1"]
    regctl("registry", "logout", served.address)
    regctl.refused("manifest", "get", name)

    regctl("registry", "login", "-u", "cleaner", "-p", served.secrets["cleaner"], served.address)
    regctl("tag", "delete", name)
    assert tags(served, "team/regctl") == []


@pytest.mark.needs("oras")
def test_oras(served: Served, home: Home) -> None:
    """The same."""
    oras, name, work = home.client("oras"), f"{served.address}/team/oras:1", home.work("oras")
    (work / "file.txt").write_text("hello\n")
    oras("login", "--plain-http", "-u", "ci", "-p", served.secrets["ci"], served.address)
    oras("push", "--plain-http", name, "file.txt:text/plain", cwd=work)
    oras("pull", "--plain-http", "--output", str(work / "back"), name)
    said = oras.refused("manifest", "delete", "--plain-http", "--force", name)
    assert_understood(said, "ci may not delete team/oras")
    oras("logout", served.address)
    oras.refused("resolve", "--plain-http", name)

    oras("login", "--plain-http", "-u", "cleaner", "-p", served.secrets["cleaner"], served.address)
    oras("manifest", "delete", "--plain-http", "--force", name)
    assert tags(served, "team/oras") == []


# --------------------------------------------------------------------------------------------------------------- docker


@pytest.fixture
def docker(engine: DockerEngine) -> Iterator[Client]:
    """Docker, whose engine has no image and nobody signed in before the test and after it."""
    client = Client((program("docker"),), engine.environ)
    yield client
    (Path(engine.environ["DOCKER_CONFIG"]) / "config.json").unlink(missing_ok=True)
    if images := set(client("image", "ls", "--quiet", "--no-trunc").split()):
        client("image", "rm", "--force", *images)


def test_docker(served: Served, home: Home, docker: Client) -> None:
    """`docker login` as it is: it pushes, pulls and logs out; refused where it may not, in words."""
    name = f"{served.address}/team/docker:1"
    docker("build", "--quiet", "--tag", name, str(build_context(home.work("build"))))
    assert_understood(docker.refused("login", "-u", "ci", "-p", "guessed", served.address).lower(), "unauthorized")
    docker.refused("push", name)
    assert "Login Succeeded" in docker("login", "-u", "puller", "-p", served.secrets["puller"], served.address)
    assert_understood(docker.refused("push", name), "denied", "puller may not push team/docker")
    docker("login", "-u", "ci", "-p", served.secrets["ci"], served.address)
    docker("push", name)
    docker("image", "rm", name)
    docker("pull", name)
    docker("logout", served.address)
    docker("image", "rm", name)
    docker.refused("pull", name)
    assert tags(served, "team/docker") == ["1"]


def test_docker_pulls_what_is_granted_to_everybody(
    request: pytest.FixtureRequest, served: Served, home: Home, docker: Client
) -> None:
    """Without signing in, by a Bearer challenge. Met by a Basic one the engine itself gives up: see the page for it."""
    name = f"{served.address}/open/docker:1"
    docker("build", "--quiet", "--tag", name, str(build_context(home.work("build"))))
    docker("login", "-u", "ci", "-p", served.secrets["ci"], served.address)
    docker("push", name)
    docker("logout", served.address)
    docker("image", "rm", name)
    if request.node.callspec.params["served"] == "basic":
        assert_understood(docker.refused("pull", name), "no basic auth credentials")
        return
    docker("pull", name)
    docker.refused("push", name)


@pytest.mark.needs("crane", "skopeo", "oras", "regctl")
def test_everybody_pulls_what_is_granted_to_everybody(served: Served, home: Home, layout: Layout) -> None:
    """Each client, without signing in, whichever challenge it meets; and pushes nothing there."""
    crane, name = home.client("crane"), f"{served.address}/open/app:1"
    crane("auth", "login", served.address, "-u", "ci", "-p", served.secrets["ci"])
    crane("push", str(layout.folder), name)
    crane("auth", "logout", served.address)

    crane("validate", "--remote", name)
    home.hidden_client("skopeo")("copy", FROM, f"docker://{name}", f"oci:{layout.folder}:back")
    home.client("oras")("resolve", "--plain-http", name)
    home.client("regctl", "--host", f"reg={served.address},tls=disabled")("manifest", "get", name)
    crane.refused("push", str(layout.folder), name)
    crane.refused("delete", name)


# --------------------------------------------------------------------------------------------------- credential helpers


HELPER = """#!/bin/sh
case "$1" in
get) cat "$HOME/kept" ;;
store) cat > "$HOME/kept" ;;
erase) rm -f "$HOME/kept" ;;
list) echo '{}' ;;
esac
"""


@pytest.mark.needs("crane", "skopeo")
def test_a_credential_helper(served: Served, home: Home, layout: Layout) -> None:
    """What docker's credential helpers keep is used, and the token lies in no file of the client's."""
    folder = home.folder / "bin"
    folder.mkdir()
    (folder / "docker-credential-kept").write_text(HELPER)
    (folder / "docker-credential-kept").chmod(0o700)
    (home.folder / ".docker" / "config.json").write_text(json.dumps({"credHelpers": {served.address: "kept"}}))
    environ = {**home.environ, "PATH": f"{folder}:{home.environ['PATH']}"}
    crane, name = Client((program("crane"),), environ), f"{served.address}/team/helped:1"
    crane.refused("push", str(layout.folder), name)

    crane("auth", "login", served.address, "-u", "ci", "-p", served.secrets["ci"])
    crane("push", str(layout.folder), name)
    assert served.secrets["ci"] in (home.folder / "kept").read_text()
    assert served.secrets["ci"] not in kept(home)
    environ = {key: value for key, value in environ.items() if key != "REGISTRY_AUTH_FILE"}
    skopeo = Client((program("skopeo"),), environ)
    skopeo("inspect", PLAIN, f"docker://{name}")
    crane("auth", "logout", served.address)
    crane.refused("manifest", name)


# ------------------------------------------------------------------------------------------------- files, other servers


@pytest.mark.needs("skopeo")
def test_a_password_file(home: Home, layout: Layout) -> None:
    """Who is in it does everything, as with distribution; anybody else nothing."""
    with serve_password_file(home.folder) as served:
        skopeo, name = home.hidden_client("skopeo"), f"docker://{served.address}/any/app:1"
        skopeo.refused("login", PLAIN, "-u", "somebody", "-p", "guessed", served.address)
        skopeo.refused("copy", TO, f"oci:{layout.folder}:1", name)
        skopeo("login", PLAIN, "-u", "somebody", "-p", served.secrets["somebody"], served.address)
        skopeo("copy", TO, f"oci:{layout.folder}:1", name)
        skopeo("delete", PLAIN, name)
        skopeo("logout", served.address)


@pytest.mark.needs("skopeo", "oras")
def test_an_outside_token_server(home: Home, layout: Layout) -> None:
    """Clients are sent there, and may do what its tokens are for: here never delete."""
    with serve_outside(home.folder) as served:
        skopeo, name = home.hidden_client("skopeo"), f"{served.address}/any/app:1"
        skopeo.refused("copy", TO, f"oci:{layout.folder}:1", f"docker://{name}")
        skopeo.refused("login", PLAIN, "-u", "ci", "-p", "guessed", served.address)
        skopeo("login", PLAIN, "-u", "ci", "-p", served.secrets["ci"], served.address)
        skopeo("copy", TO, f"oci:{layout.folder}:1", f"docker://{name}")
        assert_understood(skopeo.refused("delete", PLAIN, f"docker://{name}"), "UNAUTHORIZED", "delete on any/app")
        oras = home.client("oras")
        oras("login", "--plain-http", "-u", "ci", "-p", served.secrets["ci"], served.address)
        oras("resolve", "--plain-http", name)
