"""How the client signs in, against real registries with a token server, and a registry that says what a test wants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jettison.client import ANONYMOUS, Credentials, Registry
from jettison.client.errors import NotAllowed, RateLimited, Unavailable, Untrustworthy
from tests.client.conftest import SIGNED_IN
from tests.client.pushing import push
from tests.support.content import image
from tests.support.distribution import DistributionServer
from tests.support.liar import Asked, Liar, Told
from tests.support.token_server import IDENTITY, PASSWORD, USER, TokenServer


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    """A token server that a test may change."""
    with TokenServer(tmp_path) as running:
        yield running


def guarded(tokens: TokenServer, *needs: str, scope: str = "repository:app:pull") -> Liar:
    """A registry that takes tokens of this server whose latest request had all these actions, for anything."""

    def answer(asked: Asked) -> Told:
        allowed = {
            action for wanted in tokens.requests[-1:] for s in wanted.scopes for action in s.split(":")[2].split(",")
        }
        if asked.headers.get("authorization", "").startswith("Bearer ") and set(needs) <= allowed:
            return Told(202, {})
        bearer = f'Bearer realm="{tokens.realm}",service="registry",scope="{scope}"'
        return Told(401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": bearer})

    return Liar(answer)


@pytest.mark.needs("distribution")
def test_a_token_is_asked_for_once_and_used_again(tmp_path: Path) -> None:
    """Reading a repository often costs one token, and one refusal in all."""
    with ExitStack() as stack:
        tokens = stack.enter_context(TokenServer(tmp_path))
        server = stack.enter_context(DistributionServer(config={"auth": tokens.auth}))
        registry = stack.enter_context(Registry(server.address, credentials=SIGNED_IN))
        repository = registry.repository("app")
        push(repository, image(b"layer"), "v1")
        before = len(tokens.requests)
        for _ in range(10):
            repository.head("v1")
        assert len(tokens.requests) - before <= 1


@pytest.mark.needs("distribution")
def test_a_token_that_expired_is_replaced(tmp_path: Path) -> None:
    """After its life it is not sent any more: another one is asked for, and the request succeeds."""
    with ExitStack() as stack:
        tokens = stack.enter_context(TokenServer(tmp_path, life=1))
        server = stack.enter_context(DistributionServer(config={"auth": tokens.auth}))
        registry = stack.enter_context(Registry(server.address, credentials=SIGNED_IN))
        repository = registry.repository("app")
        push(repository, image(b"layer"), "v1")
        before = len(tokens.requests)
        time.sleep(1.1)
        assert repository.head("v1").size
        assert len(tokens.requests) > before


def test_deleting_asks_for_what_it_needs(tokens: TokenServer) -> None:
    """The scope is the challenge's and the deletion's, in one."""
    with guarded(tokens, "delete") as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        assert registry.repository("app").delete_manifest("v1").status == 202
    assert [wanted.scopes for wanted in tokens.requests] == [("repository:app:pull,push,delete",)]


def test_a_token_server_that_refuses_to_delete_is_asked_for_the_challenge_alone(tokens: TokenServer) -> None:
    """Where it does not know the action, what the registry asked for may be enough; the next request begins there."""
    tokens.refused = {"delete"}
    with (
        guarded(tokens, scope="repository:app:push") as liar,
        Registry(liar.address, credentials=SIGNED_IN) as registry,
    ):
        for _ in range(2):
            assert registry.repository("app").delete_manifest("v1").status == 202
    assert [wanted.scopes for wanted in tokens.requests] == [
        ("repository:app:push,pull,delete",),
        ("repository:app:push",),
    ]


def test_a_token_without_the_right_to_delete_is_followed_by_one_for_everything(tokens: TokenServer) -> None:
    """Some token servers know `*` in place of `delete`; it is the last that is tried."""
    tokens.refused = {"delete"}
    with guarded(tokens, "*") as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        assert registry.repository("app").delete_manifest("v1").status == 202
    assert [wanted.scopes for wanted in tokens.requests][-1] == ("repository:app:*",)


def test_reading_never_asks_for_everything(tokens: TokenServer) -> None:
    """`*` is for deletions: whoever may only read is told so after what reading needs."""
    with (
        guarded(tokens, "never") as liar,
        Registry(liar.address, credentials=SIGNED_IN) as registry,
        pytest.raises(NotAllowed),
    ):
        registry.repository("app").manifest("v1")
    assert {wanted.scopes for wanted in tokens.requests} == {("repository:app:pull",)}


def test_an_identity_token_is_exchanged_by_post(tokens: TokenServer) -> None:
    """OAuth2, with the grant `refresh_token`; the password is in no request."""
    identity = Credentials(identity_token=IDENTITY, source="a test")
    with guarded(tokens) as liar, Registry(liar.address, credentials=identity) as registry:
        assert registry.ping().status == 202
    [wanted] = tokens.requests
    assert (wanted.method, wanted.account, wanted.form["grant_type"]) == ("POST", USER, "refresh_token")


def test_a_token_server_without_get_is_asked_by_post(tokens: TokenServer) -> None:
    """405 to GET, and the grant `password` works."""
    tokens.post_only = True
    with guarded(tokens) as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        assert registry.ping().status == 202
    assert [(wanted.method, wanted.form.get("grant_type")) for wanted in tokens.requests] == [
        ("GET", None),
        ("POST", "password"),
    ]


def test_nobody_gets_a_token_too(tokens: TokenServer) -> None:
    """Public repositories are read with the token of nobody, which is asked for without credentials."""
    with guarded(tokens) as liar, Registry(liar.address, credentials=ANONYMOUS) as registry:
        assert registry.ping().status == 202
    assert [wanted.account for wanted in tokens.requests] == [None]


def test_a_password_that_the_token_server_refuses_is_told_with_its_answer(tokens: TokenServer) -> None:
    """The message has the credentials' source and what the token server said."""
    wrong = Credentials(USER, "wrong", source="~/.docker/config.json")
    with (
        guarded(tokens) as liar,
        Registry(liar.address, credentials=wrong) as registry,
        pytest.raises(NotAllowed) as caught,
    ):
        registry.ping().check("sign in")
    assert "~/.docker/config.json" in caught.value.message
    assert "token server" in caught.value.message
    assert "wrong password" in caught.value.message


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, Unavailable)])
def test_a_token_server_with_a_fault_is_not_taken_for_a_refusal(
    tokens: TokenServer, monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    """What passes by is told as that: nobody is sent to sign in again."""
    monkeypatch.setattr("jettison.client.repetition.FIRST_DELAY", 0.01)
    tokens.status = status
    with guarded(tokens) as liar, Registry(liar.address, credentials=SIGNED_IN) as registry, pytest.raises(error):
        registry.ping().check("sign in")


def test_a_registry_token_is_sent_as_it_is(tokens: TokenServer) -> None:
    """Docker's `registrytoken` is a bearer's already: nobody is asked for another."""
    ready = Credentials(registry_token="a.b.c", source="a test")
    with guarded(tokens) as liar, Registry(liar.address, credentials=ready) as registry:
        assert registry.ping().status == 202
    assert tokens.requests == []
    assert liar.requests[-1].headers["authorization"] == "Bearer a.b.c"


def test_bearer_is_preferred_to_basic(tokens: TokenServer) -> None:
    """Where both are offered, the registry itself does not get the password."""

    def answer(asked: Asked) -> Told:
        if asked.headers.get("authorization", "").startswith("Bearer "):
            return Told(200, {})
        return Told(401, {}, {"WWW-Authenticate": f'Basic realm="x", Bearer realm="{tokens.realm}",service="s"'})

    with Liar(answer) as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        assert registry.ping().status == 200
    assert not any("Basic" in (value or "") for value in liar.asked("authorization"))


def test_no_credentials_are_sent_before_they_are_asked_for() -> None:
    """A registry that is open to everyone never learns who could have signed in."""
    with Liar(lambda _: Told(200, {})) as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        registry.ping()
    assert liar.asked("authorization") == [None]


@pytest.mark.parametrize("realm", ["http://auth.example.com/token", "not a URL", "ftp://auth.example.com/"])
def test_a_realm_that_would_spill_the_password_is_not_asked(realm: str) -> None:
    """A registry on loopback that names a token server elsewhere without TLS is not believed."""
    told = Told(401, {}, {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
    with (
        Liar(lambda _: told) as liar,
        Registry(liar.address, credentials=SIGNED_IN) as registry,
        pytest.raises(Untrustworthy, match="token server"),
    ):
        registry.ping()


@pytest.mark.parametrize(
    "body",
    [{}, {"token": ""}, {"token": "a\r\nX-Evil: 1"}, {"token": 5}, [], "<html>sign in</html>"],
    ids=["nothing", "empty", "a header's end", "a number", "a list", "HTML"],
)
def test_a_token_that_is_none_is_not_used(body: object) -> None:
    """What a token server answers goes into a header only if it can stand there."""
    with Liar(lambda _: Told(200, body)) as server:
        told = Told(401, {}, {"WWW-Authenticate": f'Bearer realm="{server.url}/token",service="s"'})
        with (
            Liar(lambda _: told) as liar,
            Registry(liar.address, credentials=SIGNED_IN) as registry,
            pytest.raises(Untrustworthy),
        ):
            registry.ping()


def test_a_registry_that_is_never_content_is_left(tokens: TokenServer) -> None:
    """401 to every token: a bounded number of requests, then NotAllowed."""
    with guarded(tokens, "never") as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
        answer = registry.repository("app").delete_manifest("v1")
    assert answer.status == 401
    assert len(liar.requests) <= 4
    assert len(tokens.requests) <= 4


def test_a_redirect_to_another_host_gets_no_credentials(tokens: TokenServer) -> None:
    """Neither with the redirect, nor where the other host asks for some."""

    def thief(_: Asked) -> Told:
        return Told(401, {}, {"WWW-Authenticate": f'Basic realm="mine", Bearer realm="{tokens.realm}"'})

    with Liar(thief) as other:

        def answer(asked: Asked) -> Told:
            if "authorization" not in asked.headers:
                return Told(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
            return Told(307, b"", {"Location": f"{other.url}/v2/"})

        with Liar(answer) as liar, Registry(liar.address, credentials=SIGNED_IN) as registry:
            assert registry.ping().status == 401
    assert other.requests
    assert other.asked("authorization") == [None] * len(other.requests)
    assert tokens.requests == []


def test_secrets_are_in_no_text() -> None:
    """Neither repr nor str of what holds a secret shows it."""
    secret = Credentials(USER, PASSWORD, "identity", "registry", "a test")
    for text in (repr(secret), str(secret)):
        assert not any(word in text for word in (PASSWORD, "identity'", "registry'"))
