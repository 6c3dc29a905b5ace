from __future__ import annotations

import contextlib
import http.client
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import httpx2
import pytest

from jettison.oci.digest import Digest
from tests.http.raw import Connection, head
from tests.migrate.plant import Plant
from tests.support.content import image
from tests.support.distribution import DistributionServer
from tests.support.listener import Listener
from tests.support.server import JettisonServer
from tests.support.token_server import TokenServer

from .page import rows

pytestmark = [pytest.mark.slow, pytest.mark.needs("distribution")]

SHOWN: set[str] = set()
LAYER = b"a layer"
IMAGE = image(LAYER)
Test = Callable[..., None]


def shows(*names: str) -> Callable[[Test], Test]:
    """Mark a test as that of these rows of the page."""
    assert not SHOWN & set(names)
    SHOWN.update(names)
    return lambda test: test


@dataclass(frozen=True, slots=True)
class Both:
    """Distribution and Jettison with the same settings."""

    theirs: DistributionServer
    ours: JettisonServer

    def ask(self, method: str, path: str, **more: Any) -> tuple[httpx2.Response, httpx2.Response]:
        """The answers of both."""
        return _ask(self.theirs.url, method, path, **more), _ask(self.ours.url, method, path, **more)


def _ask(url: str, method: str, path: str, **more: Any) -> httpx2.Response:
    return httpx2.request(method, url + path, timeout=20, trust_env=False, **more)


@contextmanager
def serving(config: Mapping[str, Any], theirs: Path | None = None, ours: Path | None = None) -> Iterator[Both]:
    """Both of them, on the data folders ``theirs`` and ``ours`` where these are given."""
    distribution = DistributionServer(config=config)
    if theirs is not None:
        distribution.data = theirs
    with distribution, JettisonServer(ours, config=config) as jettison:
        yield Both(distribution, jettison)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both on the same tree, which has a blob by its sha512 too."""
    folder = tmp_path_factory.mktemp("adopted")
    for side in ("theirs", "ours"):
        plant = Plant(folder / side)
        plant.push("app", IMAGE, "v1")
        plant.layer_link("app", Digest.of(LAYER, "sha512"), str(Digest.of(LAYER)))
    with serving({}, folder / "theirs", folder / "ours") as both:
        yield both


@pytest.fixture(scope="module")
def prefixed() -> Iterator[Both]:
    """Both beneath a prefix, with relative URLs."""
    with serving({"http": {"prefix": "/mine/", "relativeurls": True}}) as both:
        yield both


@pytest.fixture(scope="module")
def read_only() -> Iterator[Both]:
    """Both read only."""
    with serving({"storage": {"maintenance": {"readonly": {"enabled": True}}}}) as both:
        yield both


# -------------------------------------------------------------------------------------------------------- the page


def test_every_row_of_the_last_table_has_a_test() -> None:
    """And no test is of a row that is not there."""
    page = rows(apart=True)

    assert sorted(row.name for row in page) == sorted(SHOWN)
    for row in page:
        assert all((row.theirs, row.ours, row.why)), row


# ---------------------------------------------------------------------------------------------------- after adoption


@shows("adopted manifests as blobs")
def test_an_adopted_manifest_is_a_blob_too(adopted: Both) -> None:
    """Distribution serves it as one after it was asked for as a manifest."""
    path = f"/v2/app/blobs/{IMAGE.digest}"
    assert [answer.status_code for answer in adopted.ask("GET", path)] == [404, 200]

    adopted.ask("GET", f"/v2/app/manifests/{IMAGE.digest}", headers={"Accept": IMAGE.media_type})
    theirs, ours = adopted.ask("GET", path)
    assert theirs.content == ours.content == IMAGE.content


def test_an_adopted_manifest_that_is_deleted_is_no_blob_any_more(tmp_path: Path) -> None:
    """Neither of the two is answered from then on."""
    Plant(tmp_path).push("app", IMAGE, "v1")
    with JettisonServer(tmp_path) as server:
        assert _ask(server.url, "DELETE", f"/v2/app/manifests/{IMAGE.digest}").status_code == 202
        for kind in ("manifests", "blobs"):
            assert _ask(server.url, "GET", f"/v2/app/{kind}/{IMAGE.digest}").status_code == 404


@shows("adopted blobs by sha512")
def test_an_adopted_blob_is_called_as_it_was_asked_for(adopted: Both) -> None:
    """Its bytes are the same."""
    wanted = Digest.of(LAYER, "sha512")
    theirs, ours = adopted.ask("GET", f"/v2/app/blobs/{wanted}")

    assert theirs.content == ours.content == LAYER
    assert theirs.headers["docker-content-digest"] == str(Digest.of(LAYER))
    assert ours.headers["docker-content-digest"] == str(wanted)


# ------------------------------------------------------------------------------------------------------- the prefix


@shows("relative URLs beneath a prefix")
def test_a_relative_url_leads_beneath_the_prefix(prefixed: Both) -> None:
    """Where distribution's leads out of it."""
    theirs, ours = (answer.headers["location"] for answer in prefixed.ask("POST", "/mine/v2/app/blobs/uploads/"))

    assert theirs.startswith("/v2/app/blobs/uploads/")
    assert _ask(prefixed.theirs.url, "GET", theirs).status_code == 404
    assert ours.startswith("/mine/v2/app/blobs/uploads/")
    assert _ask(prefixed.ours.url, "GET", ours).status_code == 204


@shows("root of the prefix")
def test_the_root_of_the_prefix_helps(prefixed: Both) -> None:
    """Distribution has nothing there."""
    assert [answer.status_code for answer in prefixed.ask("GET", "/mine/")] == [404, 200]


@shows("health outside of the prefix")
def test_health_is_told_outside_of_the_prefix(prefixed: Both) -> None:
    """And beneath it."""
    for path in ("/healthz", "/mine/healthz"):
        assert [answer.status_code for answer in prefixed.ask("GET", path)] == [404, 200]


@shows("no slash beneath the prefix")
def test_the_api_needs_no_last_slash_beneath_the_prefix(prefixed: Both) -> None:
    """Distribution redirects."""
    theirs, ours = prefixed.ask("GET", "/mine/v2")

    assert (theirs.status_code, theirs.headers["location"]) == (301, "/mine/v2/")
    assert (ours.status_code, ours.json()) == (200, {})


# ---------------------------------------------------------------------------------------------------- at the end


@shows("drain time that is not set")
def test_a_transfer_is_not_cut_off_where_no_drain_time_is_set() -> None:
    """An upload that is half sent when SIGTERM comes."""
    with serving({}) as both:
        ends = [_finishes(both.theirs.url, both.theirs.pid), _finishes(both.ours.url, both.ours.pid)]
        assert ends == [False, True]


def _finishes(url: str, pid: int) -> bool:
    """Whether an upload of which the server has one byte when it is told to end is stored."""
    location = httpx2.URL(_ask(url, "POST", "/v2/app/blobs/uploads/").headers["location"])
    target = location.copy_merge_params({"digest": str(Digest.of(LAYER))}).raw_path.decode()
    _, _, address = url.rpartition("/")
    host, _, port = address.partition(":")
    with Connection((host, int(port))) as connection:
        connection.send(head("PUT", target, f"Content-Length: {len(LAYER)}") + LAYER[:1])
        time.sleep(0.3)  # until it is read
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.send(LAYER[1:])
            return connection.answer("PUT").status == 201
    return False


# ----------------------------------------------------------------------------------------------------------- events


def _pushed(url: str) -> str:
    """Push a blob; its path."""
    location = httpx2.URL(_ask(url, "POST", "/v2/app/blobs/uploads/").headers["location"])
    target = location.copy_merge_params({"digest": str(Digest.of(LAYER))}).raw_path.decode()
    assert _ask(url, "PUT", target, content=LAYER).status_code == 201
    return f"/v2/app/blobs/{Digest.of(LAYER)}"


def _told(
    server: type[DistributionServer | JettisonServer],
    http: Mapping[str, Any],
    least: int,
    said: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The events, so many at least, of a push, of a GET answered 304, of one answered 416, and of a pull, in order.

    The GETs have the headers ``said`` too.
    """
    with Listener() as listener:
        endpoint = {"name": "here", "url": listener.url, "timeout": "5s", "threshold": 3, "backoff": "100ms"}
        with server(config={"http": http, "notifications": {"endpoints": [endpoint]}}) as running:
            path = _pushed(running.url)
            etag = f'"{Digest.of(LAYER)}"'
            statuses = [
                _ask(running.url, "GET", path, headers={**headers, **(said or {})}).status_code
                for headers in ({"If-None-Match": etag}, {"Range": "bytes=100-"}, {})
            ]
            assert statuses == [304, 416, 200]
            listener.wait_for(least)
        return list(listener.events)


@shows("pulls that send nothing")
def test_what_was_not_sent_was_not_pulled() -> None:
    """Distribution tells of three pulls, and has sent one."""
    theirs, ours = _told(DistributionServer, {}, 4), _told(JettisonServer, {}, 2)

    assert [event["action"] for event in theirs].count("pull") == 3
    assert [event["action"] for event in ours] == ["push", "pull"]


@shows("proxies in events")
def test_who_asks_may_not_say_from_where() -> None:
    """Distribution believes the headers of a proxy from anybody."""
    said = {"X-Forwarded-For": "203.0.113.7, 198.51.100.1", "X-Forwarded-Host": "elsewhere.example"}
    theirs, ours = (
        [event for event in _told(server, {}, least, said) if event["action"] == "pull"]
        for server, least in ((DistributionServer, 4), (JettisonServer, 2))
    )

    assert {event["request"]["addr"] for event in theirs} == {"203.0.113.7"}
    assert all(event["request"]["addr"].startswith("127.0.0.1:") for event in ours)
    assert {event["target"]["url"].split("/")[2] for event in theirs} == {"elsewhere.example"}
    assert all("/127.0.0.1:" in event["target"]["url"] for event in ours)


@shows("URLs in events with relative URLs")
def test_the_urls_in_events_have_a_host() -> None:
    """With relative URLs too."""
    relative = {"relativeurls": True}
    theirs, ours = _told(DistributionServer, relative, 4), _told(JettisonServer, relative, 2)

    assert {event["target"]["url"].partition("/v2/")[0] for event in theirs} == {""}
    assert all(event["target"]["url"].startswith("http://127.0.0.1:") for event in ours)


# ------------------------------------------------------------------------------------------------------- signing in


@shows("passwords over plain http")
def test_a_password_is_not_taken_where_others_could_read_it(tmp_path: Path) -> None:
    """The one who asks is elsewhere, as a proxy that both are behind tells."""
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    file = tmp_path / "htpasswd"
    file.write_text(f"ana:{hashed}\n")
    auth = {"auth": {"htpasswd": {"realm": "both", "path": str(file)}}}
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    with DistributionServer(config=auth) as theirs, JettisonServer(config=_behind_a_proxy(auth)) as ours:
        answers = [_ask(each.url, "GET", "/v2/", auth=("ana", "secret"), headers=elsewhere) for each in (theirs, ours)]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert "jettison.signin.insecure" in answers[1].text


def _behind_a_proxy(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**config, "jettison": {"proxies": ["127.0.0.1"]}}


@shows("pages by a name made to lead here")
def test_a_browser_on_the_machine_asks_by_a_name_that_is_ours() -> None:
    """Distribution answers it by any name; what is no browser is answered by ours too."""
    rebound = {"Host": "evil.example", "Sec-Fetch-Mode": "cors"}
    with serving({}) as both:
        statuses = [
            [answer.status_code for answer in both.ask("GET", "/v2/_catalog", headers=headers)]
            for headers in (rebound, {**rebound, "Host": "localhost"}, {"Host": "evil.example"})
        ]

    assert statuses == [[200, 403], [200, 200], [200, 200]]


@shows("forms of other pages")
def test_a_page_elsewhere_begins_no_upload() -> None:
    """As a form does, which a browser sends anywhere; a page of the registry's own may."""
    with serving({}) as both:
        path = "/v2/a/blobs/uploads/"
        elsewhere = both.ask("POST", path, headers={"Origin": "http://evil.example"})
        own = _ask(both.ours.url, "POST", path, headers={"Origin": both.ours.url})

    assert [answer.status_code for answer in elsewhere] == [202, 403]
    assert own.status_code == 202


@shows("a password file that is not there")
def test_a_password_file_is_not_made_up(tmp_path: Path) -> None:
    """Distribution makes one, and the server is up; ours says which file it misses."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    with DistributionServer(config={"auth": {"htpasswd": {"realm": "both", "path": str(theirs)}}}):
        assert theirs.read_text().startswith("docker:")

    started = JettisonServer(config={"auth": {"htpasswd": {"realm": "both", "path": str(ours)}}})
    with pytest.raises(AssertionError, match=r"auth\.htpasswd\.path"), started:
        pass
    assert not ours.exists()


@shows("a push by a token")
def test_a_token_to_push_need_not_be_one_to_pull(tmp_path: Path) -> None:
    """Of an upload's beginning, by the tokens of one server."""
    with TokenServer(tmp_path) as tokens, serving({"auth": tokens.auth}) as both:
        statuses = [
            [answer.status_code for answer in both.ask("POST", "/v2/a/blobs/uploads/", headers=_token(tokens, actions))]
            for actions in ("push", "pull,push", "pull")
        ]

    assert statuses == [[401, 202], [202, 202], [401, 401]]


def _token(tokens: TokenServer, actions: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {tokens.token('ana', (f'repository:a:{actions}',))}"}


# -------------------------------------------------------------------------------------------------------- read only


@shows("405 of a read-only registry", "Allow of a read-only registry")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2/app/blobs/uploads/", "OPTIONS"),
        ("PUT", "/v2/app/manifests/v1", "GET, HEAD, OPTIONS"),
        ("DELETE", "/v2/app/manifests/v1", "GET, HEAD, OPTIONS"),
        ("DELETE", f"/v2/app/blobs/{Digest.of(LAYER)}", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_read_only_registry_says_that_it_is(read_only: Both, method: str, path: str, allowed: str) -> None:
    """In the form of every other error, with the methods that it answers."""
    theirs, ours = read_only.ask(method, path)

    assert theirs.status_code == ours.status_code == 405
    assert theirs.headers["content-type"].startswith("text/plain")
    assert "storage.maintenance.readonly.enabled" in ours.json()["errors"][0]["message"]
    assert (theirs.headers["allow"], ours.headers["allow"]) == ("GET, HEAD", allowed)


@shows("unknown uploads of a read-only registry")
@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_read_only_registry_does_not_look_for_uploads(read_only: Both, method: str) -> None:
    """Distribution looks for them first."""
    answers = read_only.ask(method, "/v2/app/blobs/uploads/none")
    assert [answer.status_code for answer in answers] == [404, 405]
