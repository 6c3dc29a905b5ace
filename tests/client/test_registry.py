from __future__ import annotations

import pytest

from jettison.client import ANONYMOUS, Credentials, Registry
from jettison.client.errors import Invalid, NotAllowed, NotFound, Unreachable
from tests.client.conftest import Site
from tests.client.pushing import push
from tests.support.content import image
from tests.support.ports import free_port


def test_repositories_are_listed(registry: Registry, name: str) -> None:
    """A repository is in the list after the first push to it."""
    push(registry.repository(name), image(b"layer"), "v1")
    assert name in [str(each) for each in registry.repositories()]


def test_a_ping_says_that_it_is_a_registry(registry: Registry) -> None:
    """GET /v2/ is answered 200 once signed in."""
    assert registry.ping().status == 200


def test_who_has_no_credentials_is_told_so(site: Site, name: str) -> None:
    """Where signing in is needed, pushing without it says that nothing was signed in with, and how to."""
    if site.way == "none":
        with Registry(site.address, credentials=ANONYMOUS) as registry:
            push(registry.repository(name), image(b"layer"), "v1")
        return
    with Registry(site.address, credentials=ANONYMOUS) as registry, pytest.raises(NotAllowed) as caught:
        push(registry.repository(name), image(b"layer"), "v1")
    assert caught.value.status == 401
    assert "no credentials" in caught.value.message
    assert "jettison login" in caught.value.message


def test_wrong_credentials_are_named_with_their_source(site: Site, name: str) -> None:
    """The message says whose credentials were refused and where they came from, and never the password."""
    wrong = Credentials("robot", "not-the-password", source="~/.docker/config.json")
    with Registry(site.address, credentials=wrong) as registry:
        if site.way == "none":
            with pytest.raises(NotFound):
                registry.repository(name).manifest("v1")
            return
        with pytest.raises(NotAllowed) as caught:
            registry.repository(name).manifest("v1")
    assert "the credentials of robot from ~/.docker/config.json" in caught.value.message
    assert "not-the-password" not in caught.value.message


def test_what_cannot_be_a_repository_asks_nothing() -> None:
    """A name outside of the grammar is refused before any request."""
    with Registry("localhost:1") as registry, pytest.raises(Invalid, match="repository name"):
        registry.repository("Not A Name")


def test_nobody_there_is_said_at_once() -> None:
    """Where nothing listens, the message says so, without waiting and asking again."""
    with Registry(f"127.0.0.1:{free_port()}") as registry, pytest.raises(Unreachable, match="is the registry running"):
        registry.ping()
