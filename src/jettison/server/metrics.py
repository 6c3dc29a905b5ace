"""Metrics in Prometheus' form: what was counted as it happened, and what stands in the database when one asks.

Where distribution has a metric of the same meaning its name and labels are used, so that what watches one watches the
other; the rest are called ``jettison_``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from jettison.http.traffic import BOUNDS, Cell, Traffic
from jettison.metadata import timed
from jettison.metadata.timed import TimedDatabase
from jettison.notify.tally import Tally
from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.registry.standing import standing
from jettison.server.debug import Page

HANDLERS = {
    "/v2/": "base",
    "/v2/_catalog": "catalog",
    "/v2/{name}/tags/list": "tags",
    "/v2/{name}/manifests/{reference}": "manifest",
    "/v2/{name}/blobs/{digest}": "blob",
    "/v2/{name}/blobs/uploads/": "blob_upload",
    "/v2/{name}/blobs/uploads/{id}": "blob_upload_chunk",
}
"""Distribution's name of a route, which it has in the label ``handler``."""

_log = structlog.get_logger("jettison.metrics")


class Notices(Protocol):
    """What there is to say of notifications; asked in the thread of whoever asks for the metrics."""

    def queue_lengths(self) -> Mapping[str, int]:
        """How many events wait, by endpoint. Raises Unavailable."""

    def tallies(self) -> Mapping[str, Tally]:
        """What became of the tries of this process, by endpoint."""


class Metrics:
    """The metrics of one registry: its ``traffic``, the time of its ``database``, its ``notices``, and what it has.

    ``replica`` is what this process is called among several.
    """

    def __init__(
        self,
        registry: Registry,
        traffic: Traffic,
        database: TimedDatabase,
        notices: Notices | None = None,
        replica: str | None = None,
    ) -> None:
        self._registry = registry
        self._traffic = traffic
        self._database = database
        self._notices = notices
        self._replica = replica
        # One of our own: the library's is shared by all in the process.
        self._all = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._all)
        PlatformCollector(registry=self._all)
        self._all.register(self)

    def page(self) -> Page:
        """All of them, in the text form of Prometheus."""
        return Page(200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._all))

    def collect(self) -> Iterator[Metric]:
        """What prometheus-client asks of a collector."""
        if self._replica is not None:
            yield InfoMetricFamily("jettison_replica", "Which replica this is.", {"replica": self._replica})
        yield from self._requests()
        yield from self._done()
        yield self._times()
        yield from self._stored()
        if self._notices is not None:
            yield from _tries(self._notices.tallies())

    def _requests(self) -> Iterator[Metric]:
        where = ["handler", "route", "method"]
        requests = CounterMetricFamily("registry_http_requests", "Requests answered.", labels=[*where, "code"])
        received = CounterMetricFamily("jettison_http_received_bytes", "Bytes of requests' bodies.", labels=where)
        sent = CounterMetricFamily("jettison_http_sent_bytes", "Bytes of answers' bodies.", labels=where)
        seconds = HistogramMetricFamily(
            "registry_http_request_duration_seconds", "From a request's head to its answer's end.", labels=where
        )
        merged: dict[tuple[str, str], Cell] = {}
        for (route, method, status), cell in self._traffic.cells():
            whole = merged.setdefault((route, method), Cell())
            whole.add(cell)
            requests.add_metric([HANDLERS.get(route, ""), route, method.lower(), str(status)], sum(cell.took))
        for (route, method), one in merged.items():
            labels = [HANDLERS.get(route, ""), route, method.lower()]
            seconds.add_metric(labels, _buckets(BOUNDS, one.took), one.seconds)
            received.add_metric(labels, one.received)
            sent.add_metric(labels, one.sent)
        yield from (requests, seconds, received, sent)

    def _done(self) -> Iterator[Metric]:
        tally = self._registry.tally
        deletions = CounterMetricFamily("jettison_deletions", "Deletions carried out by this process.", labels=["kind"])
        for kind, number in tally.deletions.items():
            deletions.add_metric([kind], number)
        yield deletions
        yield CounterMetricFamily("jettison_freed_files", "Files deleted by sweeps of this process.", tally.files)
        yield CounterMetricFamily("jettison_freed_bytes", "Bytes of those files.", tally.bytes)

    def _times(self) -> Metric:
        seconds = HistogramMetricFamily(
            "jettison_database_seconds", "Transactions, with their waiting for a turn.", labels=["operation"]
        )
        for operation, times in (("read", self._database.reads), ("write", self._database.writes)):
            took, total = times.read()
            seconds.add_metric([operation], _buckets(timed.BOUNDS, took), total)
        return seconds

    def _stored(self) -> Iterator[Metric]:
        """What the database says; where it does not answer, nothing but that."""
        up, says = "jettison_database_up", "Whether the database answers: 1 or 0."
        try:
            now = standing(self._registry)
            waiting = self._notices.queue_lengths() if self._notices is not None else {}
        except Unavailable as error:
            _log.warning("the database does not answer for metrics", error=str(error))
            yield GaugeMetricFamily(up, says, 0)
            return
        yield GaugeMetricFamily(up, says, 1)
        pending = now.pending
        for name, says, value in (
            ("uploads", "Uploads that go on.", now.uploads),
            ("uploads_bytes", "Bytes that they have received.", now.received),
            ("undo_deletions", "Deletions that can be undone.", pending.deletions),
            ("leased_links", "Blobs of repositories that no manifest needs, kept by a lease.", pending.leased),
            ("garbage_files", "Files that nothing needs any more, and that are still there.", pending.discarded),
            ("garbage_bytes", "Bytes of those files.", pending.discarded_bytes),
        ):
            yield GaugeMetricFamily(f"jettison_{name}", says, value)
        queues = GaugeMetricFamily(
            "registry_notifications_pending_total", "Events that wait to be delivered.", labels=["endpoint"]
        )
        for endpoint, length in waiting.items():
            queues.add_metric([endpoint], length)
        yield queues


def _tries(tallies: Mapping[str, Tally]) -> Iterator[Metric]:
    events = CounterMetricFamily(
        "registry_notifications_events", "Tries to deliver, by what became of them.", labels=["type", "endpoint"]
    )
    statuses = CounterMetricFamily(
        "registry_notifications_status", "Answers of endpoints.", labels=["code", "endpoint"]
    )
    for endpoint, tally in tallies.items():
        for kind, number in (("Successes", tally.successes), ("Failures", tally.failures), ("Errors", tally.errors)):
            events.add_metric([kind, endpoint], number)
        for status, number in list(tally.statuses.items()):
            statuses.add_metric([status, endpoint], number)
    yield from (events, statuses)


def _buckets(bounds: Sequence[float], took: Sequence[int]) -> list[tuple[str, float]]:
    """As Prometheus has them: each with all that took less."""
    names = [*(f"{bound:g}" for bound in bounds), "+Inf"]
    return list(zip(names, accumulate(took), strict=True))
