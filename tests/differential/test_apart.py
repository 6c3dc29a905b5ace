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

import httpx2
import pytest

from jettison.oci.digest import Digest
from tests.http.raw import Connection, head
from tests.migrate.plant import Plant
from tests.support.content import image
from tests.support.distribution import DistributionServer
from tests.support.listener import Listener
from tests.support.server import JettisonServer

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
    server: type[DistributionServer | JettisonServer], http: Mapping[str, Any], least: int
) -> list[dict[str, Any]]:
    """The events, so many at least, of a push, of a GET answered 304, of one answered 416, and of a pull, in order."""
    with Listener() as listener:
        endpoint = {"name": "here", "url": listener.url, "timeout": "5s", "threshold": 3, "backoff": "100ms"}
        with server(config={"http": http, "notifications": {"endpoints": [endpoint]}}) as running:
            path = _pushed(running.url)
            etag = f'"{Digest.of(LAYER)}"'
            statuses = [
                _ask(running.url, "GET", path, headers=headers).status_code
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


@shows("URLs in events with relative URLs")
def test_the_urls_in_events_have_a_host() -> None:
    """With relative URLs too."""
    relative = {"relativeurls": True}
    theirs, ours = _told(DistributionServer, relative, 4), _told(JettisonServer, relative, 2)

    assert {event["target"]["url"].partition("/v2/")[0] for event in theirs} == {""}
    assert all(event["target"]["url"].startswith("http://127.0.0.1:") for event in ours)


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
