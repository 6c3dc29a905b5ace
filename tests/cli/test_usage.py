from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.http.repository import Repository
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry with two repositories that share a layer and their config, and a deletion that can be undone."""
    with (
        JettisonServer() as running,
        httpx2.Client(base_url=running.url, timeout=20, trust_env=False) as client,
    ):
        large, small = Repository(client, "large"), Repository(client, "team/small")
        large.push_image("s" * 1000, "a", "b")
        large.push_image("x" * 5000, "c")
        small.push_image("s" * 1000, "a")
        gone = small.push_image("y" * 300)
        assert client.delete(f"{small.path}/manifests/{gone}").status_code == 202
        yield running


def usage(server: JettisonServer, *arguments: str) -> Done:
    """`jettison usage` beside the server."""
    return verb("usage", *arguments, "--config", server.config_file)


def test_it_adds_up_to_what_lies_on_the_disk(server: JettisonServer) -> None:
    """The numbers of the JSON document are exact, and their sum is that of the files."""
    document = json.loads(usage(server, "--json").stdout)
    numbers = document["bytes"]
    assert numbers == {
        "exclusive": 5000,
        "shared": 1002,
        "undo": 300,
        "garbage": 0,
        "uploads": 0,
        "total": 6302,
    }
    assert numbers["total"] == sum(file.stat().st_size for file in (server.data / "blobs").rglob("*") if file.is_file())
    assert document["repositories"] == [
        {"repository": "large", "bytes": {"exclusive": 5000, "shared": 1002}, "tags": 3, "versions": 2},
        {"repository": "team/small", "bytes": {"exclusive": 0, "shared": 1002}, "tags": 1, "versions": 1},
    ]


def test_a_person_sees_a_table_with_the_largest_first(server: JettisonServer) -> None:
    """Whole names, one line each, whatever the width of a terminal; then the sums."""
    done = usage(server)
    assert (done.returncode, done.stderr) == (0, "")
    heading, large, small, blank, *sums = done.stdout.splitlines()
    assert heading.split() == ["EXCLUSIVE", "SHARED", "TAGS", "VERSIONS", "REPOSITORY"]
    assert large.split() == ["5.0", "kB", "1.0", "kB", "3", "2", "large"]
    assert small.split() == ["0", "bytes", "1.0", "kB", "1", "1", "team/small"]
    assert blank == ""
    assert [line.split(": ")[0] for line in sums] == [
        "exclusive  5.0 kB (5000 bytes)",
        "shared     1.0 kB (1002 bytes)",
        "undo       300 bytes",
        "garbage    0 bytes",
        "uploads    0 bytes",
        "total      6.3 kB (6302 bytes)",
    ]


def test_one_repository_can_be_asked_for(server: JettisonServer) -> None:
    """As a line or as JSON, with what it has in the list of all."""
    assert usage(server, "large").stdout.splitlines()[1].split()[-1] == "large"
    assert json.loads(usage(server, "large", "--json").stdout)["bytes"] == {"exclusive": 5000, "shared": 1002}


def test_a_repository_that_is_not_there_is_an_error(server: JettisonServer) -> None:
    """One line, and status 1; a name that none can have is a wrong argument."""
    done = usage(server, "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no repository nowhere")
    assert usage(server, "No-Name").returncode == 2
