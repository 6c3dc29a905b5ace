"""The question of 2016, asked in the words of those who asked it: how do I delete a repository from my registry?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.client import Home
from tests.support.engine import DockerEngine
from tests.support.layout import build_context
from tests.support.ports import free_port
from tests.support.server import JettisonServer
from tests.support.transcript import Terminal

pytestmark = [pytest.mark.needs("docker", "curl"), pytest.mark.timeout(60)]

DELETION_NOT_MENTIONED = {"storage": {"delete": None}}
DELETION_ON = {"storage": {"delete": {"enabled": True}}}


@pytest.fixture(scope="module")
def terminal(engine: DockerEngine, home: Home) -> Iterator[Terminal]:
    """A shell with docker, curl, and two images that share a layer: localhost:5000/repo1 and localhost:5000/repo2."""
    work = home.work("transcript")
    (home.folder / ".curlrc").write_text("silent\nshow-error\n")
    shell = Terminal(free_port(), {**engine.environ, **home.environ, "DOCKER_HOST": engine.host}, work)
    (build_context(work, 3000) / "content").rename(work / "shared")
    for number in ("1", "2"):
        build_context(work, 2000)
        (work / "Dockerfile").write_text("FROM scratch\nCOPY shared /shared\nCOPY content /content\n")
        shell.play(f"$ DOCKER_BUILDKIT=0 docker build --tag localhost:5000/repo{number} .\n...Successfully tagged ...")
    yield shell
    shell.play("$ docker image rm --force localhost:5000/repo1 localhost:5000/repo2\n...")


@pytest.fixture
def registry(terminal: Terminal) -> Iterator[JettisonServer]:
    """An empty registry, as `jettison serve` starts it."""
    with JettisonServer(port=terminal.port) as running:
        yield running


@pytest.fixture
def pushed(terminal: Terminal, registry: JettisonServer) -> JettisonServer:
    """The same, with repo1 and repo2."""
    terminal.play(PUSH_BOTH)
    return registry


PUSH_BOTH = """
    $ docker push localhost:5000/repo1
    ...
    latest: digest: sha256:... size: ...
    $ docker push localhost:5000/repo2
    ...
    latest: digest: sha256:... size: ...
    $ curl localhost:5000/v2/_catalog
    {"repositories":["repo1","repo2"]}
"""


@pytest.mark.usefixtures("registry")
def test_one_request_takes_a_repository_off_the_catalog(terminal: Terminal) -> None:
    """Push two, delete one: the next catalog says so, docker does too, and the other is as it was."""
    terminal.play(PUSH_BOTH)
    terminal.play("""
        $ curl -X DELETE localhost:5000/v2/repo1
        {"kind":"repository","target":"repo1","repository":"repo1","tags":1,"versions":1,...}
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo2"]}
        $ docker pull localhost:5000/repo1
        Using default tag: latest
        Error response from daemon: manifest for localhost:5000/repo1:latest not found: manifest unknown: ...
        $ docker pull --quiet localhost:5000/repo2
        localhost:5000/repo2:latest
        $ docker push --quiet localhost:5000/repo1
        localhost:5000/repo1:latest
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo1","repo2"]}
    """)


@pytest.mark.usefixtures("pushed")
def test_each_way_that_was_tried_deletes_or_says_what_does(terminal: Terminal) -> None:
    """The DELETEs that the question tried: by repository, by two guesses, by tag."""
    terminal.play("""
        $ curl -X DELETE localhost:5000/v2/repositories/repo1
        {"errors":[{"code":"NAME_UNKNOWN","message":"there is no repository repositories/repo1, but there is repo1: \
send DELETE /v2/repo1",...
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo1","repo2"]}

        $ curl -X DELETE localhost:5000/v1/repositories/repo1
        {"kind":"repository","target":"repo1",...}
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo2"]}

        $ docker push --quiet localhost:5000/repo1
        localhost:5000/repo1:latest
        $ curl -X DELETE localhost:5000/v1/repositories/repo1/
        {"kind":"repository","target":"repo1",...}
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo2"]}

        $ docker push --quiet localhost:5000/repo1
        localhost:5000/repo1:latest
        $ curl -X DELETE localhost:5000/v2/repo1/manifests/latest
        {"kind":"tag","target":"repo1:latest","repository":"repo1","tags":1,"versions":0,...}
        $ curl localhost:5000/v2/repo1/tags/list
        {"name":"repo1","tags":[]}

        $ curl -X DELETE localhost:5000/v2/repo1
        {"kind":"repository","target":"repo1","repository":"repo1","tags":0,"versions":1,...}
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo2"]}
        $ curl -X DELETE localhost:5000/v2/repo1
        {"errors":[{"code":"NAME_UNKNOWN","message":"there is no repository repo1...
    """)


@pytest.mark.usefixtures("pushed")
def test_a_variable_that_was_not_set_deletes_nothing(terminal: Terminal) -> None:
    """An empty name or an empty reference is refused."""
    terminal.play("""
        $ curl -X DELETE localhost:5000/v2/$repository
        {"errors":[...]}
        $ curl -X DELETE localhost:5000/v2/repo1/$suffix
        {"errors":[{"code":"UNSUPPORTED","message":"DELETE /v2/repo1/ ends with a slash, ...
        $ curl -X DELETE localhost:5000/v2/repo1/manifests/$digest
        {"errors":[...nothing is deleted...
        $ curl localhost:5000/v2/_catalog
        {"repositories":["repo1","repo2"]}
    """)


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "*/*",
    ],
)
def test_the_digest_of_the_header_deletes_the_version(terminal: Terminal, accept: str) -> None:
    """Whatever Accept says, the digest is that of what was pushed; deleting by it takes the version and its tags."""
    terminal.play(f"""
        $ accept='Accept: {accept}'
        $ curl -I -H "$accept" localhost:5000/v2/repo1/manifests/latest
        HTTP/1.1 200 OK
        ...
        docker-content-digest: sha256:...
        $ header=$(curl -I -H "$accept" localhost:5000/v2/repo1/manifests/latest | grep -i docker-content-digest)
        $ digest=$(echo "$header" | tr -d '\\r' | cut -d ' ' -f 2)
        $ docker image inspect --format '{{{{index .RepoDigests 0}}}}' localhost:5000/repo1 | grep -c "@$digest$"
        1
        $ curl -X DELETE localhost:5000/v2/repo1/manifests/$digest
        {{"kind":"manifest","target":"repo1@sha256:...","repository":"repo1","tags":1,"versions":1,...}}
        $ curl localhost:5000/v2/_catalog
        {{"repositories":["repo2"]}}
        $ curl -o /dev/null -w '%{{http_code}}' localhost:5000/v2/repo1/manifests/$digest
        404
    """)


def test_the_setting_by_file_and_by_environment(terminal: Terminal, home: Home) -> None:
    """A file that does not mention deletion leaves it off: the refusal names both ways to turn it on, and both do."""
    data = home.work("data")
    with JettisonServer(data, config=DELETION_NOT_MENTIONED, port=terminal.port):
        terminal.play(PUSH_BOTH)
        terminal.play("""
            $ curl -X DELETE localhost:5000/v2/repo1
            {"errors":[{"code":"UNSUPPORTED","message":"deletion is off: set storage.delete.enabled to true in the \
configuration file, or start with REGISTRY_STORAGE_DELETE_ENABLED=true",...
            $ curl -o /dev/null -w '%{http_code}' -X DELETE localhost:5000/v2/repo1/manifests/latest
            405
            $ curl localhost:5000/v2/_catalog
            {"repositories":["repo1","repo2"]}
        """)

    with JettisonServer(data, config=DELETION_ON, port=terminal.port):
        terminal.play("""
            $ curl -X DELETE localhost:5000/v2/repo1
            {"kind":"repository","target":"repo1",...}
            $ curl localhost:5000/v2/_catalog
            {"repositories":["repo2"]}
        """)

    environ = {"REGISTRY_STORAGE_DELETE_ENABLED": "true"}
    with JettisonServer(data, config=DELETION_NOT_MENTIONED, environ=environ, port=terminal.port):
        terminal.play("""
            $ curl -X DELETE localhost:5000/v2/repo2
            {"kind":"repository","target":"repo2",...}
            $ curl localhost:5000/v2/_catalog
            {"repositories":[]}
        """)


def test_the_answer_counts_the_bytes_and_says_until_when_it_can_be_undone(
    terminal: Terminal, pushed: JettisonServer
) -> None:
    """A look first, then the deletion, with the same numbers: what only repo1 held, and what repo2 goes on holding."""
    with Api(pushed) as api:
        mine, others = blobs(api, "repo1"), blobs(api, "repo2")
    exclusive = sum(size for digest, size in mine.items() if digest not in others)
    shared = sum(size for digest, size in mine.items() if digest in others)
    assert exclusive > 2000
    assert shared > 3000
    counted = f'"tags":1,"versions":1,"bytes":{{"exclusive":{exclusive},"shared":{shared}}}'

    terminal.play(f"""
        $ curl -X DELETE 'localhost:5000/v2/repo1?dry_run=true'
        {{"kind":"repository","target":"repo1","repository":"repo1",{counted},"dry_run":true}}
        $ curl localhost:5000/v2/_catalog
        {{"repositories":["repo1","repo2"]}}
        $ curl -X DELETE localhost:5000/v2/repo1 | tee answer
        {{"kind":"repository","target":"repo1","repository":"repo1",{counted},"deletion":1,"undo_until":"...Z"}}
        $ curl -X DELETE 'localhost:5000/v2/repo2?purge=true'
        {{"kind":"repository","target":"repo2",...,"deletion":2,"undo_until":null}}
        $ curl localhost:5000/v2/_catalog
        {{"repositories":[]}}
    """)
    until = datetime.fromisoformat(json.loads((terminal.cwd / "answer").read_text())["undo_until"])
    assert timedelta(hours=23, minutes=58) < until - datetime.now(UTC) <= timedelta(hours=24)


def blobs(api: Api, repository: str) -> dict[str, int]:
    """The digests and sizes of the blobs that the repository's image needs."""
    stored = api.manifest(repository, "latest")
    assert stored is not None
    manifest: dict[str, Any] = json.loads(stored.content)
    return {blob["digest"]: blob["size"] for blob in [manifest["config"], *manifest["layers"]]}
