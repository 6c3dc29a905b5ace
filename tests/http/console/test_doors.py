"""The console behind each way of `auth`: none of them is another way round the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import httpx2
import pytest

from tests.http.console.surfer import Surfer
from tests.http.repository import Repository
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server, beside
from tests.support.certificates import Authority
from tests.support.server import JettisonServer


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JettisonServer]:
    """A registry with a file of passwords."""
    file = tmp_path_factory.mktemp("htpasswd") / "htpasswd"
    file.write_text(f"ann:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()}\n")
    with JettisonServer(config={"auth": {"htpasswd": {"realm": "a", "path": str(file)}}}) as running:
        yield running


def test_with_a_file_of_passwords_the_browser_itself_asks(filed: JettisonServer) -> None:
    """Nothing is shown without; a cookie is nothing; with the password the pages are there, and nobody signs out."""
    somebody = Surfer(filed.url)
    with somebody.client:
        for path in ("/", "/console/", "/console/trash", "/console/repositories/a", "/console/sign-in"):
            answer = somebody.client.get(path, headers={"Cookie": f"jettison={'a' * 43}"})
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Basic ")
        assert somebody.client.get("/console/trash", auth=("ann", "wrong")).status_code == 401
        somebody.client.auth = ("ann", PASSWORD)
        page = somebody.get("/console/space")
        assert page.status == 200
        assert "Sign out" not in page.text
        assert somebody.send(page.form("/console/space/sweep")).status == 200


def test_guessing_at_the_console_is_guessing(filed: JettisonServer) -> None:
    """Wrong passwords are counted wherever they are tried: who waits at one place waits at all."""
    with httpx2.Client(base_url=filed.url, trust_env=False) as client:
        tried = [client.get("/console/trash", auth=("bob", "wrong")).status_code for _ in range(30)]
        assert tried[0] == 401
        assert tried[-1] == 429
        assert client.get("/v2/", auth=("bob", "wrong")).status_code == 429


def test_guessing_where_one_signs_in_is_guessing() -> None:
    """The form shares its count with `docker login`, in both directions."""
    with accounts_server() as running:
        somebody = Surfer(running.url)
        with somebody.client:
            told = [somebody.sign_in("root", "wrong").status for _ in range(30)]
            assert told[0] == 403
            assert told[-1] == 429
            assert somebody.sign_in("root", PASSWORD).status == 429, "nor with the right one"
            assert somebody.client.get("/v2/", auth=("root", PASSWORD)).status_code == 429


def test_with_tokens_of_another_server_a_page_says_so(tmp_path: Path) -> None:
    """No browser has such a token, and none is asked for a password."""
    bundle = str(Authority().write(tmp_path))
    token = {"realm": "https://auth.example/token", "service": "a", "issuer": "b", "rootcertbundle": bundle}
    with JettisonServer(config={"auth": {"token": token}}) as running:
        somebody = Surfer(running.url)
        with somebody.client:
            for path in ("/", "/console/trash", "/console/access"):
                page = somebody.get(path)
                assert page.status == 403, path
                assert "auth.token" in page.text
                assert "www-authenticate" not in page.answer.headers


def test_who_is_disabled_is_out_at_once(root: Surfer, guarded: JettisonServer) -> None:
    """A session that was there is none; nor is that of one who was removed, and made anew with the same name."""
    assert beside(guarded, "user", "add", "gone", "--password-stdin", sent=PASSWORD).returncode == 0
    gone = Surfer(root.origin)
    with gone.client:
        for commands in ([["user", "disable", "gone"]], [["user", "remove", "gone"], ["user", "add", "gone"]]):
            assert "Sign out" in gone.sign_in("gone", PASSWORD).text
            for command in commands:
                more = ["--password-stdin"] if command[1] == "add" else []
                assert beside(guarded, *command, *more, sent=PASSWORD if more else "").returncode == 0
            assert gone.get("/").answer.url.path == "/console/sign-in"
            beside(guarded, "user", "enable", "gone")
    beside(guarded, "user", "remove", "gone")


def test_a_bearer_token_or_a_password_is_no_session(guarded: JettisonServer) -> None:
    """The pages are for whoever signed in there, by the cookie and nothing else, so that none is sent by itself."""
    with httpx2.Client(base_url=guarded.url, trust_env=False, headers={"Accept": "text/html"}) as client:
        for path in ("/", "/console/access"):
            assert client.get(path, auth=("root", PASSWORD)).status_code == 303


def test_a_page_whose_name_was_pointed_here_sees_and_changes_nothing(surfer: Surfer, repository: Repository) -> None:
    """Where nobody signs in, a name that is not ours (DNS rebinding) opens neither pages nor forms to a browser."""
    repository.push_image("content", "v1")
    host = f"rebound.example:{surfer.client.base_url.port}"
    form = surfer.get(f"/console/deleting?t={repository.name}:v1").form("/console/deleting")
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert surfer.client.post("/console/deleting", data=dict(form.fields), headers=headers).status_code == 403
    for path in ("/", "/console/", "/console/trash"):
        answer = surfer.client.get(path, headers={"Host": host, "Accept-Language": "en"})
        assert answer.status_code == 403, path
    assert repository.tags() == ["v1"]
    assert surfer.send(form).status == 200


def test_what_one_may_not_pull_is_on_no_page(visitor: Surfer, root_client: httpx2.Client) -> None:
    """Neither in lists, nor in counts and searches, nor where a layer of it is shared, nor why something is here."""
    secret, own = Repository(root_client, "vault/plans"), Repository(root_client, "team/app")
    config = secret.push_blob(b"only the vault has it")
    digests = [each.push_image("a common layer", "v1") for each in (secret, own)]
    page = visitor.sign_in("dev", PASSWORD)
    assert "team/app" in page.text
    count = page.text.partition('class="count">')[2].partition("<")[0]
    assert not count
    for path in (
        "/",
        "/?q=vault",
        "/?sort=exclusive",
        "/console/repositories/team/app",
        f"/console/repositories/team/app@{digests[1]}",
        f"/console/why/{digests[1]}",
        f"/console/why/{config}",
    ):
        page = visitor.get(path)
        assert page.status == 200, path
        assert "vault/plans" not in page.text, path
        assert ">others<" not in page.text, path
    assert "Nothing that you may see holds it" in visitor.get(f"/console/why/{config}").text
    for path in ("/console/repositories/vault/plans", f"/console/repositories/vault/plans@{digests[0]}"):
        hidden = visitor.get(path)
        absent = visitor.get(path.replace("plans", "other"))
        assert (hidden.status, absent.status) == (403, 403)
        assert hidden.text.replace("plans", "other") == absent.text
