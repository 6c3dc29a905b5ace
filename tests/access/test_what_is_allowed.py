"""Past bugs of registries in what they allowed: each is named after it; docs/security.md says what it was."""

from __future__ import annotations

import json
import socket
import tracemalloc
from typing import Any

import pytest

from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_IMAGE, OCI_INDEX
from jettison.registry import grants, groups, robots, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from jettison.registry.scope import Scope
from jettison.settings import SettingsError
from tests.access.people import DEVELOPERS, MEMBER, People, get_token
from tests.access.site import Site, basic, bearer, unchanged
from tests.http.raw import Answer
from tests.http.repository import digest_of
from tests.http.repository import image as image_body
from tests.support.content import image, referrer
from tests.support.repository import Repository

LAYER = b"a layer that is not for everybody"
DRAFT = image(LAYER)
JSON = ("Content-Type", "application/json")
EMPTY_INDEX = b'{"schemaVersion":2,"manifests":[]}'


@pytest.fixture
def app(site: Site, people: People) -> Repository:
    """The repository of the team, as it was."""
    del people
    repository = Repository(site.registry, "team/app")
    repository.push(DRAFT, "v1", "latest")
    return repository


def ask(site: Site, shown: str | None, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """The answer to somebody who shows that."""
    sent = [("Authorization", shown)] if shown is not None else []
    return site.ask(
        method, target, *sent, *((key.replace("_", "-"), value) for key, value in headers.items()), body=body
    )


def post(site: Site, shown: str, path: str, **body: Any) -> Answer:
    """The answer to a request of the API."""
    return site.ask("POST", f"/api/v1{path}", ("Authorization", shown), JSON, body=json.dumps(body).encode())


# --------------------------------------------------------------------------------------------------------- what is read


def test_cve_2023_2253(site: Site, people: People, app: Repository) -> None:
    """A page of the catalog costs what is in it, however long it is asked to be."""
    shown = people.basic("boss")
    ask(site, shown, "GET", "/v2/_catalog?n=1")
    tracemalloc.start()
    try:
        for path in ("/v2/_catalog", f"/v2/{app.name}/tags/list"):
            for number in ("1000000000", "9" * 18, "9" * 400):
                assert ask(site, shown, "GET", f"{path}?n={number}").status == 200
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()
    for number in ("-1", "1e9", "0x10", "NaN", ""):
        assert ask(site, shown, "GET", f"/v2/_catalog?n={number}").status == 400


def test_cve_2021_41190(site: Site, people: People, app: Repository) -> None:
    """A document is one thing: what could be taken for another, or says to be another, is not stored."""
    config = b"{}"
    app.upload(config)
    whole = image_body(config, LAYER)
    shown = people.basic("boss")
    for body, told in (
        ({**whole, "manifests": []}, OCI_IMAGE),
        ({**whole, "manifests": []}, OCI_INDEX),
        ({key: value for key, value in whole.items() if key != "mediaType"} | {"manifests": []}, OCI_INDEX),
        (whole, OCI_INDEX),
        ({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, OCI_IMAGE),
        ({"schemaVersion": 2, "manifests": [], "layers": []}, OCI_INDEX),
        ({"schemaVersion": 2, "manifests": [], "config": whole["config"]}, OCI_INDEX),
    ):
        with unchanged(site):
            answer = ask(site, shown, "PUT", "/v2/team/app/manifests/odd", json.dumps(body).encode(), content_type=told)
        assert answer.status == 400, (body, told, answer)


def test_cve_2024_39897(site: Site, people: People, app: Repository) -> None:
    """What is stored for one repository is not there for another: not by HEAD, and not by mounting it."""
    for name in ("mallory", "nobody-special"):
        users.add(site.registry, EVERYONE, NOBODY, name, "a long enough sentence")
        grants.give(site.registry, EVERYONE, NOBODY, name, Scope.parse(f"{name}/**:pull,push"))
    shown, digest = basic("mallory", "a long enough sentence"), digest_of(LAYER)
    mine = "/v2/mallory/app"

    for method in ("HEAD", "GET"):
        assert ask(site, shown, method, f"{mine}/blobs/{digest}").status == 404
    told = []
    for wanted in (digest, digest_of(b"nowhere at all")):
        for source in ("&from=team/app", "&from=team/none", ""):
            answer = ask(site, shown, "POST", f"{mine}/blobs/uploads/?mount={wanted}{source}")
            told.append((answer.status, sorted(name for name, _ in answer.headers), answer.body))
    assert told == told[:1] * len(told)
    assert told[0][0] == 202
    assert ask(site, shown, "GET", f"{mine}/blobs/{digest}").status == 404
    # Naming it in a manifest brings it no closer.
    config = Repository(site.registry, "mallory/app")
    config.upload(b"{}")
    body = json.dumps(image_body(b"{}", LAYER)).encode()
    assert ask(site, shown, "PUT", f"{mine}/manifests/v1", body, content_type=OCI_IMAGE).status == 400
    # Whoever may pull it mounts it.
    assert (
        ask(site, people.basic("boss"), "POST", f"/v2/team/b/blobs/uploads/?mount={digest}&from={app.name}").status
        == 201
    )


def test_cve_2026_27771(site: Site, people: People, app: Repository) -> None:
    """What is not granted to everybody is pulled by nobody who has not signed in, by whatever of its paths."""
    app.push(referrer(DRAFT))
    token = bearer(get_token(site, None, f"repository:{app.name}:pull", "registry:catalog:*")["token"])
    for shown in (None, token):
        for path in (
            *("manifests/v1", f"manifests/{DRAFT.digest}", f"blobs/{digest_of(LAYER)}"),
            *("tags/list", f"referrers/{DRAFT.digest}"),
        ):
            for method in ("GET", "HEAD"):
                answer = ask(site, shown, method, f"/v2/{app.name}/{path}")
                assert answer.status == 401, (shown, path)
                assert answer.header("docker-content-digest") is None
        assert app.name.value.encode() not in ask(site, shown, "GET", "/v2/_catalog").body
    assert ask(site, people.basic("puller"), "GET", f"/v2/{app.name}/manifests/v1").status == 200


def test_cve_2025_68944(site: Site, app: Repository) -> None:
    """The scopes of a token go with it wherever it is shown, and into whatever is got by it."""
    _, secret = robots.create(site.registry, EVERYONE, NOBODY, "reader", [Scope.parse("team/**:pull")], days=1)
    first = get_token(site, basic("reader", secret), f"repository:{app.name}:*", offline_token="true")
    form = f"grant_type=refresh_token&refresh_token={first['refresh_token']}&service=registry.test&scope="
    answer = ask(
        *(site, None, "POST", "/token", f"{form}repository:{app.name}:pull,push,delete".encode()),
        content_type="application/x-www-form-urlencoded",
    )
    second = json.loads(answer.body)

    for shown in (basic("reader", secret), bearer(secret), bearer(first["token"]), bearer(second["access_token"])):
        with unchanged(site):
            assert ask(site, shown, "GET", f"/v2/{app.name}/manifests/v1").status == 200
            for method, path in (("POST", "blobs/uploads/"), ("PUT", "manifests/v1"), ("DELETE", "manifests/v1")):
                assert ask(site, shown, method, f"/v2/{app.name}/{path}").status in (401, 403)
            assert ask(site, shown, "GET", "/v2/other/app/manifests/v1").status in (401, 403)


def test_ghsa_c9p4_xwr9_rfhx(site: Site, people: People, app: Repository) -> None:
    """Who leaves a group has nothing of it any more with the next request, nor with the next token."""
    shown, path = people.basic(MEMBER), f"/v2/{app.name}/manifests/v1"
    refresh = get_token(site, shown, offline_token="true")["refresh_token"]
    assert ask(site, shown, "GET", path).status == 200

    groups.leave(site.registry, EVERYONE, NOBODY, DEVELOPERS, MEMBER)
    try:
        assert ask(site, shown, "GET", path).status == 403
        assert not _access(get_token(site, shown, f"repository:{app.name}:pull,delete"))
        form = f"grant_type=refresh_token&refresh_token={refresh}&scope=repository:{app.name}:pull,delete".encode()
        again = ask(site, None, "POST", "/token", form, content_type="application/x-www-form-urlencoded")
        assert not _access(json.loads(again.body))
    finally:
        groups.join(site.registry, EVERYONE, NOBODY, DEVELOPERS, MEMBER)
    assert ask(site, shown, "GET", path).status == 200


def _access(token: dict[str, Any]) -> str:
    scope: str = token["scope"]
    return scope


# ------------------------------------------------------------------------------------------------------ what is changed


def test_cve_2026_31801(site: Site, people: People, app: Repository) -> None:
    """`latest` is a tag as any other: pushing over it is a push, deleting it a deletion, and neither goes without."""
    for tag in ("latest", "v1", "new"):
        path = f"/v2/{app.name}/manifests/{tag}"
        with unchanged(site):
            for name in ("puller", "cleaner", "stranger", "elsewhere"):
                assert ask(site, people.basic(name), "PUT", path, EMPTY_INDEX, content_type=OCI_INDEX).status == 403
            for name in ("puller", "ci", "pusher"):
                assert ask(site, people.basic(name), "DELETE", path).status == 403
    path = f"/v2/{app.name}/manifests/latest"
    assert ask(site, people.basic("ci"), "PUT", path, EMPTY_INDEX, content_type=OCI_INDEX).status == 201


def test_a_token_for_pushing_does_not_delete(site: Site, people: People, app: Repository) -> None:
    """GHSA-qg67-7m6v-qg25: on another registry whatever was no GET was a push. `delete` is a word of its own here."""
    token = get_token(site, people.basic("boss"), f"repository:{app.name}:pull,push")["token"]
    loose = app.upload(b"needed by nothing")
    with unchanged(site):
        for path in (f"/manifests/{DRAFT.digest}", "/manifests/v1", f"/blobs/{loose}", ""):
            assert ask(site, bearer(token), "DELETE", f"/v2/{app.name}{path}").status == 401


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.slow
def test_cve_2026_41888(enabled: bool) -> None:
    """Where deletion is off, nothing is deleted in any way: no tag, version, blob or repository, by nobody at all."""
    with Site({"auth": {"jettison": {}}, "storage": {"delete": {"enabled": enabled}}}) as asked:
        users.add(asked.registry, EVERYONE, NOBODY, "root", "a long enough sentence", admin=True)
        shown = basic("root", "a long enough sentence")
        deletions = []
        for number in range(7):
            repository = Repository(asked.registry, f"a/{number}")
            repository.push(DRAFT, "v1")
            deletions.append(str(repository.upload(b"loose")))
        before = asked.state()
        statuses = [
            ask(asked, shown, "DELETE", "/v2/a/0/manifests/v1").status,
            ask(asked, shown, "DELETE", f"/v2/a/1/manifests/{DRAFT.digest}").status,
            ask(asked, shown, "DELETE", f"/v2/a/2/blobs/{deletions[2]}").status,
            ask(asked, shown, "DELETE", "/v2/a/3").status,
            ask(asked, shown, "DELETE", "/v1/repositories/a/4").status,
            ask(asked, shown, "DELETE", "/v2/a/5/manifests/v1?purge=true").status,
            post(asked, shown, "/deletions", filter={"repository": "a/6", "tag": "v1"}).status,
        ]
        assert statuses == ([202] * 6 + [201] if enabled else [405] * 7)
        assert (asked.state() == before) is not enabled


def test_cve_2026_35172(site: Site, people: People) -> None:
    """What was deleted in one repository stays so, whoever reads the same bytes in another."""
    shown, digest = people.basic("boss"), digest_of(b"shared by two")
    one, two = Repository(site.registry, "team/one"), Repository(site.registry, "team/two")
    one.upload(b"shared by two")
    two.push(image(b"shared by two"), "v1")
    assert ask(site, shown, "GET", f"/v2/team/one/blobs/{digest}").status == 200

    assert ask(site, shown, "DELETE", f"/v2/team/one/blobs/{digest}").status == 202
    for _ in range(3):
        for method in ("HEAD", "GET"):
            assert ask(site, shown, method, f"/v2/team/two/blobs/{digest}").status == 200
            assert ask(site, shown, method, f"/v2/team/one/blobs/{digest}").status == 404


def test_cve_2026_32589(site: Site, people: People, app: Repository) -> None:
    """An upload is its repository's and its sender's: to others, who know its number, there is none."""
    users.add(site.registry, EVERYONE, NOBODY, "second", "a long enough sentence")
    grants.give(site.registry, EVERYONE, NOBODY, "second", Scope.parse("**:pull,push"))
    second, first = basic("second", "a long enough sentence"), people.basic("ci")
    begun = ask(site, first, "POST", f"/v2/{app.name}/blobs/uploads/")
    id = begun.header("docker-upload-uuid")
    ask(site, first, "PATCH", f"/v2/{app.name}/blobs/uploads/{id}", b"half of ")

    digest = digest_of(b"half of it")
    with unchanged(site):
        for shown, name in (
            (second, "team/app"),
            (second, "second/app"),
            (first, "team/other"),
            (second, "team/other"),
        ):
            for method, query in (("GET", ""), ("PATCH", ""), ("PUT", f"?digest={digest}"), ("DELETE", "")):
                answer = ask(
                    site, shown, method, f"/v2/{name}/blobs/uploads/{id}{query}", b"x" if method != "GET" else b""
                )
                assert answer.status == 404, (name, method, answer)
    done = ask(site, first, "PUT", f"/v2/{app.name}/blobs/uploads/{id}?digest={digest}", b"it")
    assert done.status == 201


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("name", ["boss", "elsewhere", "cleaner"])
@pytest.mark.slow
def test_cve_2022_31667_31669_31670(site: Site, people: People, name: str) -> None:
    """A number or a name in a request is looked up with the rights of who sends it: robots, grants, deletions."""
    shown, other = people.basic(name), Repository(site.registry, f"secret/app-{name}")
    other.push(DRAFT, "v1")
    deletion = other.delete("v1").id
    scope = {"pattern": "team/**", "actions": ["push"]}
    with unchanged(site):
        for verb in ("restore", "purge"):
            assert post(site, shown, f"/deletions/{deletion}/{verb}").status == 404
        assert post(site, shown, "/robots/ci/revoke").status == 403
        assert post(site, shown, "/grants/revoke", to="ci", **scope).status == 403
        assert post(site, shown, "/grants", to="boss", pattern="**", actions=["admin"]).status == 403
        assert post(site, shown, "/users/puller/password", password="another long sentence").status == 403
        assert ask(site, shown, "DELETE", f"/v2/{other.name}").status == 403


def test_cve_2024_22278(site: Site, people: People) -> None:
    """Who administers a team's repositories administers neither the registry nor who may do what there."""
    shown = people.basic("boss")
    with unchanged(site):
        for path, body in (
            ("/users", {"name": "x", "password": "a long enough sentence", "admin": True}),
            ("/robots", {"name": "x", "scopes": [{"pattern": "team/**", "actions": ["pull"]}]}),
            ("/groups", {"name": "x"}),
            (f"/groups/{DEVELOPERS}/join", {"user": "boss"}),
            ("/grants", {"to": "boss", "pattern": "team/**", "actions": ["pull"]}),
            ("/sweep", {}),
        ):
            assert post(site, shown, path, **body).status == 403, path
    for path in ("/users", "/robots", "/groups", "/grants", "/audit", "/usage", "/sweep", f"/why/{digest_of(LAYER)}"):
        assert ask(site, shown, "GET", f"/api/v1{path}").status == 403, path


# ----------------------------------------------------------------------------------------------------- paths, addresses


TRAVERSALS = (
    *("/%2F%2F%2F%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/../../etc/passwd"),
    *("/v2/..%2f..%2f..%2fetc%2fpasswd", "/v2/team/app/blobs/..%2f..%2fjettison.db", "/v2/../jettison.db"),
    *("/v2/team/app/manifests/..%2f..%2f..%2fjettison.db", "/v2/%2e%2e/%2e%2e/etc/passwd/tags/list"),
    *("/v2/team/app/blobs/uploads/..%2f..%2fjettison.db", "/api/v1/usage/..%2f..%2fetc%2fpasswd", "/api/..%2fv2/"),
    *("/v2/team/app/blobs/sha256:..%2f..%2f..%2fjettison.db", "/%5c..%5c..%5cetc%5cpasswd", "/v2/team/app/blobs/%00"),
)


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.usefixtures("app")
def test_cve_2024_4956(site: Site, people: People, path: str) -> None:
    """No path of a request is one of the disk, however it is written, and whoever sends it."""
    with unchanged(site):
        for shown in (None, people.basic("boss"), people.basic("admin")):
            for method in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"):
                answer = ask(site, shown, method, path)
                assert answer.status in (400, 401, 403, 404, 405, 415), (method, answer)
                assert b"root:" not in answer.body
                assert b"SQLite" not in answer.body


@pytest.mark.parametrize(
    "digest",
    [
        *("sha256:../../../../etc/passwd", "../../etc:passwd", "sha256:" + "../" * 21 + "x", "sha256:", ":", "sha256"),
        *("sha256:" + "A" * 64, "sha256:" + "a" * 63, "sha256:" + "a" * 65, "sha512:" + "a" * 64, "md5:" + "a" * 32),
        "sha256:" + "a" * 63 + "/",
    ],
)
def test_cve_2024_3727(site: Site, people: People, app: Repository, digest: str) -> None:
    """A digest is of an algorithm that is known and of its length, wherever it stands: else it is none."""
    shown = people.basic("boss")
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 2}
    bodies: tuple[dict[str, Any], ...] = (
        {"schemaVersion": 2, "mediaType": OCI_IMAGE, "config": config, "layers": []},
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{**config, "mediaType": OCI_IMAGE}]},
        {**image_body(b"{}"), "subject": {**config, "mediaType": OCI_IMAGE}},
    )
    with unchanged(site):
        for body in bodies:
            content = json.dumps(body).encode()
            answer = ask(site, shown, "PUT", f"/v2/{app.name}/manifests/odd", content, content_type=body["mediaType"])
            assert answer.status == 400, answer
        for query in (f"?mount={digest}&from={app.name}", f"?digest={digest}"):
            assert ask(site, shown, "POST", f"/v2/{app.name}/blobs/uploads/{query}", b"x").status == 400
        for part in ("blobs", "referrers"):
            assert ask(site, shown, "GET", f"/v2/{app.name}/{part}/{digest}").status in (400, 404)


def test_cve_2026_2376(site: Site, people: People, app: Repository) -> None:
    """No URL that somebody has written into a request or a manifest is ever asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/layer"
        draft = image(b"here", foreign=(b"elsewhere",))
        content = draft.content.replace(b"https://elsewhere.example/layer", url.encode())
        for blob in draft.blobs:
            app.upload(blob)
        shown, path = people.basic("boss"), f"/v2/{app.name}/manifests/foreign"
        pushed = ask(site, shown, "PUT", path, content, content_type=OCI_IMAGE)
        assert pushed.status in (201, 400)
        for target in (path, f"/v2/{app.name}/blobs/{Digest.of(b'elsewhere')}", f"{path}?ns={url}"):
            assert ask(site, shown, "GET", target, referer=url).status in (200, 404)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_cve_2026_33540_as_a_setting() -> None:
    """A configuration that asks for a pull-through cache is refused: there is none to send a password anywhere."""
    with pytest.raises(SettingsError, match="proxy"):
        Site({"proxy": {"remoteurl": "https://upstream.example", "username": "a", "password": "b"}})


def test_content_of_others_is_not_told_by_an_error(site: Site, app: Repository) -> None:
    """A misspelled DELETE names the repository that was meant only to who may pull it."""
    robot, secret = robots.create(site.registry, EVERYONE, NOBODY, "blind", [Scope.parse("library/**:delete")], days=1)
    told = ask(site, basic(robot.name, secret), "DELETE", f"/v2/library/{app.name}")
    untold = ask(site, basic(robot.name, secret), "DELETE", "/v2/library/team/xxx")
    assert (told.status, told.body.replace(b"app", b"xxx")) == (untold.status, untold.body)
