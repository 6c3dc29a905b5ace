from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx2
import pytest

from tests.notify.actions import ACTIONS, AGENT
from tests.support.distribution import DistributionServer
from tests.support.listener import Listener
from tests.support.server import JettisonServer, merged

Told = dict[str, list[dict[str, Any]]]
"""The events that each action has made, as far as they can be compared."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "references": {"notifications": {"events": {"includereferences": True}}},
    "host": {"http": {"host": "https://registry.example:8443"}},
}


def configuration(listener: Listener, way: str) -> dict[str, Any]:
    """Settings that both registries read."""
    endpoint = {
        "name": "here",
        "url": listener.url,
        "headers": {"Authorization": ["Bearer of news"], "X-Twice": ["one", "two"]},
        "timeout": "5s",
        "threshold": 3,
        "backoff": "100ms",
    }
    return merged({"notifications": {"endpoints": [endpoint]}}, SETTINGS[way])


def acted(url: str, listener: Listener) -> Told:
    """Do all actions; the events of each, in an order that does not depend on threads."""
    told: Told = {}
    with httpx2.Client(base_url=url, headers={"User-Agent": AGENT}, timeout=20) as client:
        for action in ACTIONS:
            before = len(listener.events)
            action.do(client)
            made = listener.wait_for(before + action.events)[before:]
            told[action.name] = [comparable(event, url) for event in made]
    return {name: [events[0], *sorted(events[1:], key=json.dumps)] if events else [] for name, events in told.items()}


def comparable(event: dict[str, Any], url: str) -> dict[str, Any]:
    """The event without what differs from run to run, each such thing being of its form."""
    address = httpx2.URL(url).netloc.decode()
    assert _UUID.fullmatch(event["id"])
    assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None
    assert event["request"]["id"]
    assert re.fullmatch(r"192\.0\.2\.\d|127\.0\.0\.1:\d+", event["request"]["addr"])
    assert event["source"]["addr"] == f"{os.uname().nodename}:{address.rpartition(':')[2]}"
    assert _UUID.fullmatch(event["source"]["instanceID"])
    text = json.dumps(event | {"id": "ID", "timestamp": "TIME", "source": list(event["source"])})
    made: dict[str, Any] = json.loads(text.replace(address, "REGISTRY"))
    made["request"] |= {"id": "ID", "addr": re.sub(r":\d+$", ":PORT", made["request"]["addr"])}
    return made


@pytest.fixture(scope="module", params=SETTINGS)
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Told, Told, Listener, Listener]]:
    """What distribution's endpoint was told, and what ours was."""
    way = request.param
    with Listener() as theirs, Listener() as ours:
        with DistributionServer(config=configuration(theirs, way)) as distribution:
            expected = acted(distribution.url, theirs)
        # Distribution believes whoever sends such headers; here a proxy is named.
        believed = {"jettison": {"proxies": ["127.0.0.1", "10.0.0.0/8"]}}
        with JettisonServer(config=merged(configuration(ours, way), believed)) as jettison:
            found = acted(jettison.url, ours)
        yield expected, found, theirs, ours


@pytest.mark.needs("distribution")
def test_an_endpoint_is_told_the_same_by_distribution_and_by_us(both: tuple[Told, Told, Listener, Listener]) -> None:
    """The same events with the same fields and values, for the same requests of the same client."""
    expected, found, _, _ = both
    assert found == expected


@pytest.mark.needs("distribution")
def test_each_action_makes_the_events_it_says(both: tuple[Told, Told, Listener, Listener]) -> None:
    """None is late, and counted for the action after its own: then that would have one too many."""
    for told in both[:2]:
        assert {name: len(events) for name, events in told.items()} == {each.name: each.events for each in ACTIONS}


@pytest.mark.needs("distribution")
def test_the_requests_are_the_same(both: tuple[Told, Told, Listener, Listener]) -> None:
    """One event in each, of the same media type, with the headers that are configured."""
    for listener in both[2:]:
        for received in listener.requests:
            headers = [pair for pair in received.headers if pair[0] in ("content-type", "authorization", "x-twice")]
            assert (received.method, received.path) == ("POST", "/events")
            assert sorted(headers) == [
                ("authorization", "Bearer of news"),
                ("content-type", "application/vnd.docker.distribution.events.v2+json"),
                ("x-twice", "one"),
                ("x-twice", "two"),
            ]
            assert list(body := json.loads(received.body)) == ["events"]
            assert len(body["events"]) == 1
