from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from jettison.oci.media_types import OCI_ARTIFACT
from tests.http.repository import Repository, image
from tests.support.content import artifact
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow  # every test starts a server and commands


def export(server: JettisonServer, folder: Path, *arguments: object) -> Done:
    """`jettison export` beside the server."""
    return verb("export", folder, "--config", server.config_file, *arguments)


@pytest.fixture
def server() -> Iterator[JettisonServer]:
    """A registry of its own for each test: an export takes all of it."""
    with JettisonServer() as running:
        yield running


@pytest.fixture
def repository(server: JettisonServer, client: httpx2.Client) -> Repository:
    """A repository with an image."""
    made = Repository(client, "app")
    made.push_blob(b"{}")
    made.push_blob(b"layer")
    made.push(image(b"{}", b"layer"), "1")
    return made


@pytest.fixture
def client(server: JettisonServer) -> Iterator[httpx2.Client]:
    """A client of the server."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as opened:
        yield opened


def test_it_makes_a_tree_beside_a_running_server(
    server: JettisonServer, repository: Repository, tmp_path: Path
) -> None:
    """One line says what is in it, and the status is 0."""
    done = export(server, tmp_path / "tree", "--report", tmp_path / "report.json")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{tmp_path}/tree: ")
    assert "1 tags" in done.stdout
    link = tmp_path / "tree/docker/registry/v2/repositories/app/_manifests/tags/1/current/link"
    assert link.read_text().startswith("sha256:")
    assert json.loads((tmp_path / "report.json").read_text())["exported"]["tags"] == 1


def test_what_cannot_be_held_is_an_error(server: JettisonServer, repository: Repository, tmp_path: Path) -> None:
    """The rest is exported, and what is not there is named with the reason."""
    draft = artifact(b"payload")
    repository.push_blob(b"payload")
    repository.push(draft.content, "artifact", media_type=OCI_ARTIFACT)

    done = export(server, tmp_path / "tree")

    assert done.returncode == 1
    assert f"manifest: app: {draft.digest}: distribution would not serve it" in done.stdout
    assert (tmp_path / "tree/docker/registry/v2/repositories/app/_manifests/tags/1").is_dir()


def test_a_folder_in_use_is_refused(server: JettisonServer, tmp_path: Path) -> None:
    """Nothing is written into it."""
    (tmp_path / "file").touch()

    done = export(server, tmp_path)

    assert done.returncode == 1
    assert "name a new folder" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
