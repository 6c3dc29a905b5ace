"""Deletion turned off and on: by a file that says nothing, by one that does, and by a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, index
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def without() -> Iterator[JettisonServer]:
    """A registry whose configuration file does not say whether deletion is on."""
    with JettisonServer(config={"storage": {"delete": None}}) as running:
        yield running


def refused_everywhere(server: JettisonServer) -> None:
    """Assert that each deletion is refused with how to turn it on, a dry run too, and that nothing goes."""
    with open_client(server) as client:
        repository = Repository(client, "kept")
        digest = repository.push_image("layer", "v1")
        blob = repository.push_blob(b"unreferenced")
        paths = [repository.path, "/v1/repositories/kept", "/v1/repositories/kept/", "/v2/unknown"]
        paths += [*(f"{repository.path}/{rest}" for rest in ("manifests/v1", f"manifests/{digest}", f"blobs/{blob}"))]
        for path in paths:
            for query in ("", "?dry_run=true", "?purge=true"):
                answer = client.delete(path + query)
                error = assert_refused(answer, 405, "UNSUPPORTED")
                assert "storage.delete.enabled" in error.message
                assert "REGISTRY_STORAGE_DELETE_ENABLED=true" in error.message
                assert "DELETE" not in answer.headers["allow"]
        assert repository.tags() == ["v1"]
        assert repository.has_blob(blob)
        location = repository.begin_upload()
        assert client.delete(location).status_code == 204, "cancelling an upload is part of a push"


def test_a_file_that_does_not_speak_of_deletion_has_it_off(without: JettisonServer) -> None:
    """As distribution has it: a swapped-in server must not open deletion to everyone."""
    refused_everywhere(without)
    assert re.search(r"delet", without.log), "the start says so"


def test_deletion_is_turned_on_by_a_variable() -> None:
    """The one that the refusal names, though the file says no."""
    config = {"storage": {"delete": {"enabled": False}}}
    environ = {"REGISTRY_STORAGE_DELETE_ENABLED": "true"}
    with JettisonServer(config=config, environ=environ) as server, open_client(server) as client:
        Repository(client, "repo1").push(index(), "v1")
        assert client.delete("/v2/repo1").status_code == 202


def test_deletion_is_turned_off_and_on_by_the_file(without: JettisonServer) -> None:
    """The setting that the refusal names, on the same data."""
    without.stop()
    on = {"storage": {"delete": {"enabled": True}}}
    with JettisonServer(without.data, config=on) as server, open_client(server) as client:
        Repository(client, "repo2").push(index(), "v1")
        assert client.delete("/v2/repo2").status_code == 202
    with JettisonServer(without.data, config={"storage": {"delete": {"enabled": False}}}) as server:
        refused_everywhere(server)
