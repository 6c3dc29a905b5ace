"""Signing in through the verbs: tokens, and where credentials are looked for."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jettison.client import Registry
from tests.client.conftest import NAMES, NEEDS, SIGNED_IN, Site, start
from tests.client.pushing import push
from tests.support.content import image
from tests.support.token_server import PASSWORD, USER
from tests.support.verb import verb

pytestmark = pytest.mark.slow


@pytest.fixture(
    scope="module", params=[pytest.param(kind, id=NAMES[kind], marks=pytest.mark.needs(*NEEDS[kind])) for kind in NAMES]
)
def tokens(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A registry of each kind, which sends whoever asks to a token server."""
    with ExitStack() as stack:
        yield start(stack, tmp_path_factory.mktemp("site"), request.param, "token")


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A registry that asks for a password."""
    with ExitStack() as stack:
        site = start(stack, tmp_path_factory.mktemp("site"), "jettison", "basic")
        _filled(site, "app", "v1")
        yield site


def _filled(site: Site, name: str, *tags: str) -> str:
    with Registry(site.address, credentials=SIGNED_IN) as registry:
        return str(push(registry.repository(name), image(os.urandom(20)), *tags))


def _document(host: str, password: str, user: str = USER) -> str:
    return json.dumps({"auths": {host: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}}})


def _once(*arguments: str, home: dict[str, str], password: str = PASSWORD) -> tuple[int, str, str]:
    done = verb(*arguments, "--username", USER, "--password-stdin", environ=home, sent=password)
    return done.returncode, done.stdout, done.stderr


def test_each_verb_gets_the_tokens_that_it_needs(tokens: Site, home: dict[str, str]) -> None:
    """Listing, reading, copying, deleting and taking back, with a password for once."""
    assert tokens.tokens is not None
    there = f"{tokens.address}/verbs/app"
    digest = _filled(tokens, "verbs/app", "v1", "v2")
    assert _once("tags", there, home=home) == (0, "v1\nv2\n", "")
    assert _once("inspect", f"{there}:v1", "--json", home=home)[0] == 0
    assert _once("du", there, "--json", home=home)[0] == 0
    copied = _once("cp", f"{there}:v1", f"{tokens.address}/verbs/copy:v3", home=home)
    assert (copied[0], copied[1]) == (0, f"{tokens.address}/verbs/copy:v3@{digest}\n"), copied[2]
    removed = _once("rm", f"{there}:v1", "--yes", home=home)
    assert (removed[0], removed[1]) == (0, f"deleted {there}:v1\n"), removed[2]
    assert _once("tags", there, home=home)[1] == "v2\n"
    back = _once("undo", home=home)
    assert back[0] == 0, back[2]
    assert _once("tags", there, home=home)[1] == "v1\nv2\n"
    pruned = _once("prune", there, "--tag", "v2", "--yes", home=home)
    assert pruned[0] == 0, pruned[2]
    assert _once("tags", there, home=home)[1] == "v1\n"
    assert {asked.account for asked in tokens.tokens.requests} >= {USER}


def test_who_may_only_read_deletes_nothing(tokens: Site, home: dict[str, str]) -> None:
    """Status 4: nobody in particular may pull here; the advice is to sign in."""
    _filled(tokens, "read/app", "v1")
    there = f"{tokens.address}/read/app"
    done = verb("rm", f"{there}:v1", "--yes", environ=home)
    assert (done.returncode, done.stdout) == (4, "")
    assert "jettison login" in done.stderr
    assert verb("tags", there, environ=home).stdout == "v1\n"


def test_a_wrong_password_is_not_allowed(tokens: Site, home: dict[str, str]) -> None:
    """Status 4, and the password is in no message."""
    status, shown, said = _once("tags", f"{tokens.address}/verbs/app", home=home, password="wrong-one")
    assert (status, shown) == (4, "")
    assert "wrong-one" not in said


def test_a_login_serves_all_verbs_until_the_logout(tokens: Site, home: dict[str, str]) -> None:
    """What is kept is found again."""
    _filled(tokens, "login/app", "v1", "v2")
    assert _once("login", tokens.address, home=home)[0] == 0
    done = verb("rm", f"{tokens.address}/login/app:v1", "--yes", environ=home)
    assert done.returncode == 0, done.stderr
    assert verb("logout", tokens.address, environ=home).returncode == 0
    assert verb("rm", f"{tokens.address}/login/app:v2", "--yes", environ=home).returncode == 4


def test_credentials_are_looked_for_in_dockers_and_podmans_order(
    basic: Site, home: dict[str, str], tmp_path: Path
) -> None:
    """Each place before the next: the first that knows the host counts, right or wrong."""
    right, wrong = _document(basic.address, PASSWORD), _document(basic.address, "wrong")
    named = tmp_path / "named.json"
    docker = Path(home["DOCKER_CONFIG"]) / "config.json"
    runtime = Path(home["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
    kept = Path(home["XDG_CONFIG_HOME"]) / "containers" / "auth.json"
    environ = {**home, "DOCKER_AUTH_CONFIG": wrong, "REGISTRY_AUTH_FILE": str(named)}
    for file in (named, docker, runtime, kept):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wrong)

    def status(*more: str, sent: str = "") -> int:
        return verb("tags", f"{basic.address}/app", *more, environ=environ, sent=sent).returncode

    assert status("--username", USER, "--password-stdin", sent=PASSWORD) == 0
    assert status() == 4
    environ["DOCKER_AUTH_CONFIG"] = right
    assert status() == 0
    environ["DOCKER_AUTH_CONFIG"] = _document("elsewhere.example", PASSWORD)
    for file in (named, docker, runtime, kept):
        assert status() == 4, file
        file.write_text(right)
        assert status() == 0, file
        file.write_text(_document("elsewhere.example", PASSWORD))
    assert status() == 4


def test_a_helper_that_docker_names_is_asked(basic: Site, home: dict[str, str], tmp_path: Path) -> None:
    """`credHelpers` for the host comes before what the file itself has."""
    programs = tmp_path / "programs"
    programs.mkdir()
    helper = programs / "docker-credential-tests"
    said = json.dumps({"ServerURL": basic.address, "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{said}'\n")
    helper.chmod(0o755)
    docker = Path(home["DOCKER_CONFIG"]) / "config.json"
    docker.parent.mkdir(parents=True)
    document = json.loads(_document(basic.address, "wrong"))
    docker.write_text(json.dumps({**document, "credHelpers": {basic.address: "tests"}}))
    environ = {**home, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = verb("tags", f"{basic.address}/app", environ=environ)
    assert (done.returncode, done.stdout) == (0, "v1\n"), done.stderr
