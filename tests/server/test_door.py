from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc.jwk import OctKey

from jettison.registry.access import EVERYONE
from jettison.registry.clock import Clock
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.users import add
from jettison.server.door import Doorway
from jettison.server.errors import ServeError
from jettison.server.registry import open_registry
from jettison.settings import Settings
from tests.settings.documents import loaded
from tests.support.accounts import PASSWORD
from tests.support.server import JettisonServer


def settings_of(folder: Path, auth: str) -> Settings:
    """Those of a registry in that folder."""
    base = f"version: 0.1\nhttp: {{addr: ':1'}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
    return loaded(folder, f"auth: {auth}\n", base=base).settings


def doorway(folder: Path, auth: str) -> Doorway:
    """What the settings make, on a registry of their own."""
    settings = settings_of(folder, auth)
    registry: Registry = open_registry(settings)
    try:
        made = Doorway(settings, registry, Clock(registry))
        made.close()
    finally:
        registry.close()
    return made


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ("none", "NoneType"),
        ("jettison", "AccountsDoor"),
        ("{htpasswd: {realm: a, path: FOLDER/empty}}", "HtpasswdDoor"),
    ],
)
def test_the_settings_choose_the_door(tmp_path: Path, auth: str, kind: str) -> None:
    """None where nobody is asked."""
    (tmp_path / "empty").touch()
    assert type(doorway(tmp_path, auth.replace("FOLDER", str(tmp_path))).door).__name__ == kind


@pytest.mark.parametrize(
    ("auth", "content", "message"),
    [
        ("{htpasswd: {realm: a, path: FILE}}", None, "auth.htpasswd.path: .* cannot be read: no such file"),
        ("{token: {realm: a, service: b, issuer: c, jwks: FILE}}", None, "auth.token.jwks: .* cannot be read"),
        ("{token: {realm: a, service: b, issuer: c, jwks: FILE}}", "{", "auth.token.jwks: .* is no JSON"),
        ("{token: {realm: a, service: b, issuer: c, jwks: FILE}}", "{}", "auth.token.jwks: .* is no JWK Set"),
        ("{token: {realm: a, service: b, issuer: c, jwks: FILE}}", '{"keys": []}', "auth.token.jwks: .* is no JWK Set"),
        ("{token: {realm: a, service: b, issuer: c, jwks: FILE}}", "SHARED", "has a key that is shared"),
        ("{token: {realm: a, service: b, issuer: c, rootcertbundle: FILE}}", "x", "holds no certificates as PEM"),
    ],
)
def test_a_file_that_is_no_use_ends_the_start(tmp_path: Path, auth: str, content: str | None, message: str) -> None:
    """By the setting that names it: a server that nobody could sign in to is not started."""
    if content is not None:
        shared = json.dumps({"keys": [OctKey.generate_key(256).as_dict()]})
        (tmp_path / "file").write_text(content.replace("SHARED", shared))
    with pytest.raises(ServeError, match=message):
        doorway(tmp_path, auth.replace("FILE", str(tmp_path / "file")))


@pytest.mark.slow
def test_the_first_administrator_is_made_by_who_reads_what_the_server_prints(tmp_path: Path) -> None:
    """A code, until there is one; what is printed at later starts has none."""
    config: dict[str, Any] = {"auth": {"jettison": {}}}
    with JettisonServer(tmp_path / "data", config=config) as server:
        line = next(line for line in server.log.splitlines() if "no administrator yet" in line)
        code = line.partition("the code ")[2].partition(" ")[0]
        wanted = {"code": code, "name": "root", "password": PASSWORD}
        answer = httpx2.post(f"{server.url}/api/v1/setup", json=wanted, trust_env=False, timeout=20)
        assert answer.status_code == 201, answer.text
        usage = f"{server.url}/api/v1/usage"
        assert httpx2.get(usage, auth=("root", PASSWORD), trust_env=False, timeout=20).status_code == 200
        before = server.log
        server.stop()
        server.start()
        assert "no administrator yet" not in server.log[len(before) :]


@pytest.mark.slow
def test_keys_are_made_at_the_first_start_only(tmp_path: Path) -> None:
    """Tokens outlive a restart."""
    with JettisonServer(tmp_path / "data", config={"auth": {"jettison": {}}}) as server:
        first = httpx2.get(f"{server.url}/token/keys", trust_env=False).json()
        server.stop()
        server.start()
        assert httpx2.get(f"{server.url}/token/keys", trust_env=False).json() == first


@pytest.mark.slow
def test_passwords_are_not_taken_over_plain_http_from_elsewhere(tmp_path: Path) -> None:
    """Nobody is asked for one, and the reason is told; a proxy that is known may say that its client came by TLS."""
    folder = tmp_path / "data"
    proxied = {"jettison": {"proxies": ["127.0.0.1"]}}
    with JettisonServer(folder, config={"auth": {"jettison": {}}, **proxied}) as server:
        registry = open_registry(loaded(tmp_path, base=server.config_file.read_text()).settings)
        add(registry, EVERYONE, NOBODY, "root", PASSWORD, admin=True)
        registry.close()
        elsewhere = {"X-Forwarded-For": "192.0.2.7"}
        for auth in (None, ("root", PASSWORD)):
            answer = httpx2.get(f"{server.url}/v2/", headers=elsewhere, auth=auth, trust_env=False, timeout=20)
            assert answer.status_code == 403
            assert "over plain HTTP" in answer.text
            assert "www-authenticate" not in answer.headers
        safe = {**elsewhere, "X-Forwarded-Proto": "https"}
        answer = httpx2.get(f"{server.url}/v2/", headers=safe, auth=("root", PASSWORD), trust_env=False, timeout=20)
        assert answer.status_code == 200
    insecure = {"jettison": {"proxies": ["127.0.0.1"], "signin": {"insecure": True}}}
    with JettisonServer(folder, config={"auth": {"jettison": {}}, **insecure}) as server:
        answer = httpx2.get(
            f"{server.url}/v2/", headers=elsewhere, auth=("root", PASSWORD), trust_env=False, timeout=20
        )
        assert answer.status_code == 200
        assert "whoever is on the way reads them" in server.log
