from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jettison.client import ANONYMOUS, Credentials, Host, Keychain
from jettison.client.errors import Invalid
from jettison.oci.reference import RepositoryName

HOST = Host.parse("registry.example:5000")
HUB = Host.parse("docker.io")


def entry(user: str) -> dict[str, str]:
    """An entry of `auths`."""
    return {"auth": base64.b64encode(f"{user}:secret".encode()).decode()}


def auths(user: str, key: str = "registry.example:5000") -> dict[str, Any]:
    """A file with one entry."""
    return {"auths": {key: entry(user)}}


class Home:
    """A home folder, and the variables of a process in it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.environ: dict[str, str] = dict(environ)

    @property
    def keychain(self) -> Keychain:
        """The keychain of who lives here."""
        return Keychain(self.environ, self.folder)

    def write(self, place: str, document: object) -> Path:
        """A file, given as JSON."""
        file = self.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file

    def read(self, place: str) -> Any:
        """A file as JSON."""
        return json.loads((self.folder / place).read_text())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home folder."""
    return Home(tmp_path)


def helper(home: Home, monkeypatch: pytest.MonkeyPatch, name: str, secrets: Mapping[str, tuple[str, str]]) -> Path:
    """A credential helper on PATH that keeps its secrets in a file, as JSON of servers to users and secrets."""
    kept = home.write(f"{name}.json", {server: list(pair) for server, pair in secrets.items()})
    program = home.write(
        f"bin/docker-credential-{name}",
        "#!/bin/sh\nexec python3 -c '"
        "import json, sys; file = sys.argv[2]; kept = json.load(open(file)); told = sys.stdin.read()\n"
        'if sys.argv[1] == "store": new = json.loads(told); kept[new["ServerURL"]] = [new["Username"], new["Secret"]]\n'
        'elif told not in kept: print("credentials not found in native keychain"); sys.exit(1)\n'
        'elif sys.argv[1] == "erase": del kept[told]\n'
        "else: print(json.dumps(dict(ServerURL=told, Username=kept[told][0], Secret=kept[told][1])))\n"
        f'json.dump(kept, open(file, "w"))\' "$1" \'{kept}\'\n',
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return kept


def test_nothing_kept_is_nobody(home: Home) -> None:
    """Without any file there are no credentials, and no error."""
    assert home.keychain.find(HOST) == ANONYMOUS


def test_the_first_place_that_has_some_counts(home: Home) -> None:
    """DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, docker's, podman's two: each counts once those before it are gone."""
    home.environ = {
        "DOCKER_AUTH_CONFIG": json.dumps(auths("variable")),
        "REGISTRY_AUTH_FILE": str(home.write("named.json", auths("named"))),
        "XDG_RUNTIME_DIR": str(home.folder / "run"),
    }
    home.write(".docker/config.json", auths("docker"))
    home.write("run/containers/auth.json", auths("runtime"))
    home.write(".config/containers/auth.json", auths("configured"))
    found = []
    for take_away in (
        lambda: home.environ.pop("DOCKER_AUTH_CONFIG"),
        lambda: home.environ.pop("REGISTRY_AUTH_FILE"),
        (home.folder / ".docker/config.json").unlink,
        (home.folder / "run/containers/auth.json").unlink,
        (home.folder / ".config/containers/auth.json").unlink,
    ):
        found.append(home.keychain.find(HOST).username)
        take_away()
    assert found == ["variable", "named", "docker", "runtime", "configured"]
    assert home.keychain.find(HOST) == ANONYMOUS


def test_a_place_without_the_host_is_passed_over(home: Home) -> None:
    """A file that has other registries only does not hide the next one."""
    home.write(".docker/config.json", auths("other", "elsewhere.example"))
    home.write(".config/containers/auth.json", auths("right"))
    assert home.keychain.find(HOST).username == "right"


def test_docker_config_says_where_dockers_file_is(home: Home) -> None:
    """The variable DOCKER_CONFIG names its folder."""
    home.write("elsewhere/config.json", auths("moved"))
    home.environ["DOCKER_CONFIG"] = str(home.folder / "elsewhere")
    assert home.keychain.find(HOST).username == "moved"


@pytest.mark.parametrize(
    "key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "https://registry-1.docker.io/v2/"]
)
def test_docker_hub_is_found_under_each_of_its_names(home: Home, key: str) -> None:
    """Docker keeps it under a URL of its own, podman under docker.io."""
    home.write(".docker/config.json", auths("me", key))
    assert home.keychain.find(HUB).username == "me"


@pytest.mark.parametrize(
    "key", ["https://registry.example:5000", "http://registry.example:5000/v2/", "REGISTRY.example:5000"]
)
def test_old_keys_with_a_scheme_are_found(home: Home, key: str) -> None:
    """Docker's old files have URLs as keys."""
    home.write(".docker/config.json", auths("me", key))
    assert home.keychain.find(HOST).username == "me"


def test_the_longest_key_of_a_repository_counts(home: Home) -> None:
    """Podman keeps credentials for namespaces and repositories too."""
    keys = {str(HOST): "host", f"{HOST}/a": "space", f"{HOST}/a/b": "repository"}
    home.write(".config/containers/auth.json", {"auths": {key: entry(user) for key, user in keys.items()}})
    names = [RepositoryName.parse(name) for name in ("a/b", "a/c", "a/b/c", "ab", "d")]
    found = [home.keychain.find(HOST, name).username for name in names]
    assert found == ["repository", "space", "repository", "host", "host"]
    assert home.keychain.find(HOST).username == "host"


def test_identity_and_registry_tokens_are_read(home: Home) -> None:
    """Docker's `identitytoken` and `registrytoken`; the user `<token>` has an identity token for a password."""
    home.write(".docker/config.json", {"auths": {str(HOST): {**entry("me"), "identitytoken": "identity"}}})
    assert home.keychain.find(HOST).identity_token == "identity"
    home.write(".docker/config.json", {"auths": {str(HOST): {"registrytoken": "registry"}}})
    assert home.keychain.find(HOST).registry_token == "registry"
    home.write(".docker/config.json", {"auths": {str(HOST): {"auth": base64.b64encode(b"<token>:identity").decode()}}})
    found = home.keychain.find(HOST)
    assert (found.username, found.password, found.identity_token) == ("", "", "identity")


def test_helpers_are_asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper of a registry before the one for all, and the source says which program it was."""
    helper(home, monkeypatch, "one", {str(HOST): ("of-one", "secret")})
    helper(
        home, monkeypatch, "all", {str(HOST): ("of-all", "secret"), "https://index.docker.io/v1/": ("hub", "secret")}
    )
    home.write(".docker/config.json", {"credHelpers": {str(HOST): "one"}, "credsStore": "all"})
    found = home.keychain.find(HOST)
    assert (found.username, found.source) == ("of-one", "docker-credential-one")
    assert home.keychain.find(HUB).username == "hub"
    assert home.keychain.find(Host.parse("unknown.example")) == ANONYMOUS


def test_a_helper_keeps_identity_tokens(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the user `<token>`."""
    helper(home, monkeypatch, "all", {str(HOST): ("<token>", "identity")})
    home.write(".docker/config.json", {"credsStore": "all"})
    assert home.keychain.find(HOST).identity_token == "identity"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{", "not JSON, line 1"),
        ("[]", "not a JSON object"),
        ({"auths": []}, "auths"),
        ({"auths": {str(HOST): "text"}}, "entry of"),
        ({"auths": {str(HOST): {"auth": "%%%"}}}, "base64"),
        ({"credsStore": "not-installed-anywhere"}, "not on PATH"),
        ({"credsStore": "../../bin/sh"}, "program's name"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_file(home: Home, document: object, why: str) -> None:
    """Going on without would act as somebody else than was meant. The message never quotes the file."""
    home.write(".docker/config.json", document)
    with pytest.raises(Invalid, match=why):
        home.keychain.find(HOST)


def test_a_helper_that_fails_does_not_show_what_it_printed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output may hold the secret; the reason is on standard error."""
    program = home.write("bin/docker-credential-broken", "#!/bin/sh\necho the-secret; echo locked >&2; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    home.write(".docker/config.json", {"credsStore": "broken"})
    with pytest.raises(Invalid, match="failed with 3: locked") as caught:
        home.keychain.find(HOST)
    assert "the-secret" not in caught.value.message


def test_what_is_stored_is_found_and_nothing_else_is_lost(home: Home) -> None:
    """Storing keeps all other contents of the file, and makes it the owner's only."""
    file = home.write(".docker/config.json", {**auths("other", "elsewhere.example"), "HttpHeaders": {"X-Meta": "1"}})
    file.chmod(0o644)
    assert home.keychain.store(HOST, Credentials("me", "secret")).endswith("config.json")
    found = home.keychain.find(HOST)
    assert (found.username, found.password) == ("me", "secret")
    document = home.read(".docker/config.json")
    assert document["HttpHeaders"] == {"X-Meta": "1"}
    assert set(document["auths"]) == {"elsewhere.example", str(HOST)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["config.json"]


def test_the_first_file_is_dockers(home: Home) -> None:
    """Where there is none, it is made for the owner only, with Docker's own key for Docker Hub."""
    home.keychain.store(HUB, Credentials("me", "secret"))
    assert list(home.read(".docker/config.json")["auths"]) == ["https://index.docker.io/v1/"]
    assert stat.S_IMODE((home.folder / ".docker").stat().st_mode) == 0o700


def test_who_uses_podman_keeps_using_its_file(home: Home) -> None:
    """An auth.json that is there is used where docker's file is not; Docker Hub is docker.io in it."""
    home.write(".config/containers/auth.json", {})
    home.keychain.store(HUB, Credentials("me", "secret"))
    assert list(home.read(".config/containers/auth.json")["auths"]) == ["docker.io"]
    assert not (home.folder / ".docker").exists()


def test_the_file_that_is_named_is_used(home: Home) -> None:
    """REGISTRY_AUTH_FILE is where podman and skopeo store too."""
    home.write(".docker/config.json", {})
    home.environ["REGISTRY_AUTH_FILE"] = str(home.folder / "named.json")
    home.keychain.store(HOST, Credentials("me", "secret"))
    assert home.keychain.find(HOST).username == "me"
    assert home.read(".docker/config.json") == {}


def test_an_identity_token_is_stored_as_docker_stores_it(home: Home) -> None:
    """It comes back as one."""
    home.keychain.store(HOST, Credentials("me", identity_token="identity"))
    assert home.read(".docker/config.json")["auths"][str(HOST)]["identitytoken"] == "identity"
    assert home.keychain.find(HOST).identity_token == "identity"


def test_a_link_stays_a_link(home: Home) -> None:
    """Where the file is a link into a folder of settings, the file behind it is rewritten."""
    real = home.write("settings/config.json", {})
    (home.folder / ".docker").mkdir()
    (home.folder / ".docker/config.json").symlink_to(real)
    home.keychain.store(HOST, Credentials("me", "secret"))
    assert (home.folder / ".docker/config.json").is_symlink()
    assert str(HOST) in home.read("settings/config.json")["auths"]


def test_a_helper_stores_and_erases(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret is with the helper and not in the file; erasing takes both away."""
    kept = helper(home, monkeypatch, "all", {})
    home.write(".docker/config.json", {"credsStore": "all"})
    assert home.keychain.store(HOST, Credentials("me", "secret")) == "docker-credential-all"
    assert json.loads(kept.read_text()) == {str(HOST): ["me", "secret"]}
    assert home.read(".docker/config.json")["auths"] == {str(HOST): {}}
    assert home.keychain.find(HOST).username == "me"
    assert home.keychain.erase(HOST)[0] == "docker-credential-all"
    assert json.loads(kept.read_text()) == {}
    assert home.read(".docker/config.json") == {"credsStore": "all", "auths": {}}


def test_erasing_takes_the_host_out_of_every_file(home: Home) -> None:
    """And leaves other hosts, and the keys of single repositories; erasing again finds nothing."""
    home.write(".docker/config.json", {"auths": {str(HOST): entry("me"), "elsewhere.example": entry("other")}})
    home.write(".config/containers/auth.json", {"auths": {str(HOST): entry("me"), f"{HOST}/a": entry("one")}})
    assert len(home.keychain.erase(HOST)) == 2
    assert list(home.read(".docker/config.json")["auths"]) == ["elsewhere.example"]
    assert list(home.read(".config/containers/auth.json")["auths"]) == [f"{HOST}/a"]
    assert home.keychain.erase(HOST) == []
