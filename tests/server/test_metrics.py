from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jettison.http.traffic import Traffic
from jettison.metadata.database import Lock
from jettison.metadata.timed import TimedDatabase
from jettison.notify.tally import Tally
from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.server.metrics import HANDLERS, Metrics
from tests.http.repository import Repository, image
from tests.server.running import until
from tests.server.watching import Watched
from tests.support.clock import Clock
from tests.support.distribution import DistributionServer
from tests.support.place import Place
from tests.support.ports import free_port


class Notices:
    """What notifications would say."""

    def queue_lengths(self) -> Mapping[str, int]:
        return {"alerts": 7, "quiet": 0}

    def tallies(self) -> Mapping[str, Tally]:
        return {"alerts": Tally(3, 2, 1, Counter({"200 OK": 3, "500 Internal Server Error": 2}))}


class Gone:
    """A database that does not answer."""

    inline = True

    def read(self, work: object, *, snapshot: bool = False) -> None:
        raise Unavailable("it is gone")

    def write(self, work: object, lock: Lock = Lock(), *, durable: bool = True) -> None:  # noqa: B008
        raise Unavailable("it is gone")

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry."""
    place = Place(tmp_path, None, Clock())
    yield place.open_registry()
    place.close()


def values(metrics: Metrics) -> dict[str, float]:
    """Each metric of the page, read by the library's own parser."""
    page = metrics.page()
    assert (page.status, page.media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.body.decode())
        for sample in family.samples
    }


def test_latencies_are_histograms_by_route_and_method_and_requests_by_status_too(registry: Registry) -> None:
    """As Prometheus wants them: each bound with all that took less."""
    traffic = Traffic()
    route = "/v2/{name}/manifests/{reference}"
    for status, seconds in ((200, 0.002), (200, 0.004), (404, 0.002)):
        traffic.note(route, "GET", status, seconds, 0, 10)

    found = values(Metrics(registry, traffic, TimedDatabase(registry.database)))

    where = f"method=get route={route}"
    assert found[f"registry_http_requests_total code=200 handler=manifest {where}"] == 2
    assert found[f"registry_http_requests_total code=404 handler=manifest {where}"] == 1
    latency = "registry_http_request_duration_seconds"
    bounds = {
        le: found[f"{latency}_bucket handler=manifest le={le} {where}"] for le in ("0.001", "0.0025", "0.005", "+Inf")
    }
    assert bounds == {"0.001": 0, "0.0025": 2, "0.005": 3, "+Inf": 3}
    assert found[f"{latency}_sum handler=manifest {where}"] == pytest.approx(0.008)
    assert found[f"jettison_http_sent_bytes_total handler=manifest {where}"] == 30


def test_notifications_have_distributions_names(registry: Registry) -> None:
    """Queue lengths and what became of the tries, by endpoint."""
    found = values(Metrics(registry, Traffic(), TimedDatabase(registry.database), Notices()))
    assert {key: value for key, value in found.items() if "notifications" in key and not key.endswith("created")} == {
        "registry_notifications_pending_total endpoint=alerts": 7,
        "registry_notifications_pending_total endpoint=quiet": 0,
        "registry_notifications_events_total endpoint=alerts type=Successes": 3,
        "registry_notifications_events_total endpoint=alerts type=Failures": 2,
        "registry_notifications_events_total endpoint=alerts type=Errors": 1,
        "registry_notifications_status_total code=200 OK endpoint=alerts": 3,
        "registry_notifications_status_total code=500 Internal Server Error endpoint=alerts": 2,
    }


def test_a_database_that_does_not_answer_is_a_metric(registry: Registry) -> None:
    """What does not need it is told all the same."""
    database = TimedDatabase(Gone())  # type: ignore[arg-type]
    gone = Registry(database, registry.blobs)
    found = values(Metrics(gone, Traffic(), database, Notices()))
    assert found["jettison_database_up"] == 0
    assert found["jettison_freed_bytes_total"] == 0
    assert "jettison_uploads" not in found
    assert found["process_resident_memory_bytes"] > 0


def test_two_registries_in_one_process_do_not_share_their_metrics(registry: Registry) -> None:
    """Nothing is kept by the library."""
    one, other = Traffic(), Traffic()
    one.note("/v2/", "GET", 200, 0, 0, 0)
    key = "registry_http_requests_total code=200 handler=base method=get route=/v2/"
    assert key in values(Metrics(registry, one, TimedDatabase(registry.database)))
    assert key not in values(Metrics(registry, other, TimedDatabase(registry.database)))


def test_a_server_tells_what_it_has_done_and_what_waits(database_url: str | None) -> None:
    """An upload that goes on, deletions by kind, what can be undone, what a sweep has freed, the database's time."""
    config = {"jettison": {"sweep": {"interval": "50ms", "grace": "0"}}, "storage": {"delete": {"enabled": True}}}
    with (
        Watched({"prometheus": {"enabled": True}}, config, database_url) as watched,
        httpx2.Client(base_url=watched.server.url, timeout=20, trust_env=False) as client,
    ):
        repository = Repository(client, "team/app")
        repository.push_image("kept", "v1")
        gone = repository.push_image("x" * 1000)
        assert client.delete(f"{repository.path}/manifests/{gone}", params={"purge": "true"}).status_code == 202
        assert client.delete(f"{repository.path}/manifests/v1").status_code == 202
        location = repository.begin_upload()
        assert client.patch(location, content=b"12345").status_code == 202
        assert until(lambda: watched.metrics()["jettison_freed_bytes_total"] >= 1000)
        found = watched.metrics()
    assert found['jettison_deletions_total{kind="manifest"}'] == 1
    assert found['jettison_deletions_total{kind="tag"}'] == 1
    assert found["jettison_freed_files_total"] == 1
    assert found["jettison_undo_deletions"] == 1
    assert found["jettison_garbage_files"] == 0
    assert (found["jettison_uploads"], found["jettison_uploads_bytes"]) == (1, 5)
    assert found["jettison_database_up"] == 1
    assert found['jettison_database_seconds_count{operation="write"}'] > 5


def test_metrics_are_where_they_were_asked_for() -> None:
    """`http.debug.prometheus.path`."""
    with Watched({"prometheus": {"enabled": True, "path": "/numbers"}}) as watched:
        assert watched.ask("/numbers").status_code == 200
        assert watched.ask("/metrics").status_code == 404


@pytest.mark.needs("distribution")
def test_handlers_are_called_as_distribution_calls_them() -> None:
    """The same requests are counted there under the same handler, method and code."""
    port = free_port()
    theirs_at = {"http": {"debug": {"addr": f"127.0.0.1:{port}", "prometheus": {"enabled": True}}}}

    def ask_all(url: str) -> None:
        with httpx2.Client(base_url=url, timeout=20, trust_env=False) as client:
            repository = Repository(client, "team/app")
            for content in (b"config", b"layer"):
                location = client.post(f"{repository.path}/blobs/uploads/").headers["location"]
                digest = httpx2.URL(location).copy_merge_params({"digest": image(content)["config"]["digest"]})
                assert client.put(digest, content=content).status_code == 201
            assert repository.put(image(b"config", b"layer"), "v1").status_code == 201
            for path in ("/v2/_catalog", "/v2/team/app/tags/list", "/v2/team/app/manifests/none"):
                client.get(path)
            client.head(f"/v2/team/app/blobs/{image(b'layer')['config']['digest']}")

    def counted(text: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(sample.labels[key] for key in ("handler", "method", "code")): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "registry_http_requests_total" and sample.labels["handler"] not in ("", "base")
        }

    with (
        DistributionServer(config=theirs_at) as other,
        Watched({"prometheus": {"enabled": True}}) as watched,
    ):
        ask_all(other.url)
        ask_all(watched.server.url)
        theirs = counted(httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text)
        ours = counted(watched.ask("/metrics").text)
    assert ours == theirs
    assert {handler for handler, _, _ in ours} == set(HANDLERS.values()) - {"base"}
