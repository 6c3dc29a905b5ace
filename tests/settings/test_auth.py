from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jettison.settings.effective import effective
from jettison.settings.models.auth import Accounts, Auth, Htpasswd, Token
from jettison.settings.presence import missing
from tests.settings.documents import loaded, refused

_TOKEN = "realm: http://a/token, service: registry, issuer: somebody"


@pytest.mark.parametrize(
    ("text", "environ", "auth"),
    [
        ("", {}, Auth()),
        ("auth:", {}, Auth()),
        ("auth: {}", {}, Auth()),
        ("auth: {htpasswd: {realm: a, path: /x}}", {}, Auth(htpasswd=Htpasswd(realm="a", path=Path("/x")))),
        (
            "auth: {htpasswd: {realm: a b}}",
            {"HTPASSWD_PATH": "/x"},
            Auth(htpasswd=Htpasswd(realm="a b", path=Path("/x"))),
        ),
        ("", {"HTPASSWD_REALM": "a", "HTPASSWD_PATH": "/x"}, Auth(htpasswd=Htpasswd(realm="a", path=Path("/x")))),
        ("auth: jettison", {}, Auth(jettison=Accounts())),
        ("auth: {jettison: }", {}, Auth(jettison=Accounts())),
        ("", {"JETTISON_LIFETIME": "10m"}, Auth(jettison=Accounts(lifetime=timedelta(minutes=10)))),
        (
            f"auth: {{token: {{{_TOKEN}, jwks: /k, signingalgorithms: [es256, EdDSA]}}}}",
            {},
            Auth(
                token=Token(
                    realm="http://a/token",
                    service="registry",
                    issuer="somebody",
                    jwks=Path("/k"),
                    signingalgorithms=("ES256", "EdDSA"),
                )
            ),
        ),
    ],
)
def test_each_way_to_sign_in_is_read(tmp_path: Path, text: str, environ: dict[str, str], auth: Auth) -> None:
    """From the file, from variables, from both."""
    variables = {f"REGISTRY_AUTH_{name}": value for name, value in environ.items()}
    assert loaded(tmp_path, text, variables).settings.auth == auth


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", "none"),
        ("auth: none", "none"),
        ("auth: jettison", "jettison"),
        ("auth: {htpasswd: {realm: a, path: /x}}", "htpasswd"),
        (f"auth: {{token: {{{_TOKEN}, rootcertbundle: /k}}}}", "token"),
    ],
)
def test_the_way_has_a_name(tmp_path: Path, text: str, mode: str) -> None:
    """Without one, nobody is asked."""
    assert loaded(tmp_path, text).settings.auth.mode == mode
    assert loaded(tmp_path, environ={"REGISTRY_AUTH": "jettison"}).settings.auth.mode == "jettison"


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("auth: htpaswd", "auth.htpaswd", "no such setting: remove it; the nearest is auth.htpasswd"),
        ("auth: {tokn: {realm: a}}", "auth.tokn", "no such setting"),
        ("auth: {jettison: {lifetme: 5m}}", "auth.jettison.lifetme", "no such setting"),
        ("auth: silly", "auth.silly", "is known to distribution and not served yet: it lets in whoever"),
        ("auth: {silly: {realm: a, service: b}}", "auth.silly", "is known to distribution and not served yet"),
        ("auth: {none: , jettison: }", "auth", "names none and jettison: keep one"),
        ("auth: {jettison: , htpasswd: {realm: a, path: /x}}", "auth", "names htpasswd and jettison: keep one"),
        ("auth: {htpasswd: {realm: '', path: /x}}", "auth.htpasswd.realm", "'' is not 1 to 200 printable"),
        ("auth: {htpasswd: {realm: 'a\"b', path: /x}}", "auth.htpasswd.realm", "'a\"b' is not 1 to 200 printable"),
        ("auth: {htpasswd: {realm: ä, path: /x}}", "auth.htpasswd.realm", "'ä' is not 1 to 200 printable"),
        (f"auth: {{token: {{{_TOKEN}}}}}", "auth.token", "knows no key that signs tokens"),
        (
            f"auth: {{token: {{{_TOKEN}, jwks: /k, signingalgorithms: [RS256, hs512]}}}}",
            "auth.token.signingalgorithms[1]",
            "hs512 is known to distribution and not served yet: it has no public key",
        ),
        (
            f"auth: {{token: {{{_TOKEN}, jwks: /k, signingalgorithms: [none]}}}}",
            "auth.token.signingalgorithms[0]",
            "'none' is not",
        ),
        (
            f"auth: {{token: {{{_TOKEN}, jwks: /k, signingalgorithms: []}}}}",
            "auth.token",
            "takes tokens by no algorithm",
        ),
        (
            f"auth: {{token: {{{_TOKEN}, jwks: /k, autoredirect: true}}}}",
            "",
            "`auth.token.autoredirect` needs `http.host`",
        ),
        ("auth: {jettison: {lifetime: 59s}}", "auth.jettison.lifetime", "'59s' is out of range: it is 60s to 24h"),
        ("auth: {jettison: {lifetime: 25h}}", "auth.jettison.lifetime", "'25h' is out of range"),
        ("jettison: {signin: {insecure: perhaps}}", "jettison.signin.insecure", "'perhaps' is neither true nor false"),
    ],
)
def test_what_would_let_in_the_wrong_people_is_refused(tmp_path: Path, text: str, path: str, reason: str) -> None:
    """A misspelled lock above all: nobody must take it for one that is closed."""
    (finding,) = refused(tmp_path, text)
    assert finding.path == path
    assert finding.message.startswith(reason)


def test_a_redirection_goes_to_the_host_of_the_settings(tmp_path: Path) -> None:
    """Which is where distribution goes by what the request says of itself."""
    text = f"auth: {{token: {{{_TOKEN}, jwks: /k, autoredirect: true}}}}"
    token = loaded(tmp_path, text, {"REGISTRY_HTTP_HOST": "https://a"}).settings.auth.token
    assert token is not None
    assert token.autoredirectpath == "/auth/token"


def test_files_that_are_not_there_are_found(tmp_path: Path) -> None:
    """Before a server that could let nobody in is started."""
    there = tmp_path / "there"
    there.touch()
    base = f"version: 0.1\nhttp: {{addr: ':5000'}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}}}\n"
    for text, paths in {
        f"auth: {{htpasswd: {{realm: a, path: {there}}}}}": [],
        "auth: {htpasswd: {realm: a, path: /none/x}}": ["auth.htpasswd.path"],
        f"auth: {{token: {{{_TOKEN}, jwks: /none/a, rootcertbundle: /none/b}}}}": [
            "auth.token.rootcertbundle",
            "auth.token.jwks",
        ],
    }.items():
        assert [finding.path for finding in missing(loaded(tmp_path, text, base=base))] == paths


def test_the_settings_in_effect_have_them(tmp_path: Path) -> None:
    """`jettison config` shows what is in use, and where it came from."""
    shown = {each.path: each.value for each in effective(loaded(tmp_path, "auth: jettison"))}
    assert (shown["auth.jettison.lifetime"], shown["auth.token"]) == ("5m", None)
