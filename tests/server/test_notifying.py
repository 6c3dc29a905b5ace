from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.http.repository import Repository, image
from tests.support.listener import Listener, Received
from tests.support.ports import free_port
from tests.support.server import JettisonServer
from tests.support.verb import verb

pytestmark = pytest.mark.slow


def told_to(*ports: int, **more: Any) -> dict[str, Any]:
    """Settings with an endpoint at each of these ports."""
    common = {"timeout": "2s", "threshold": 2, "backoff": "100ms"} | more
    endpoints = [{"name": f"at {port}", "url": f"http://127.0.0.1:{port}/events", **common} for port in ports]
    return {"notifications": {"endpoints": endpoints}, "log": {"accesslog": {"disabled": True}}}


@contextmanager
def app(server: JettisonServer) -> Iterator[Repository]:
    """A repository of the server."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield Repository(client, "app")


def push(server: JettisonServer, *tags: str) -> None:
    """Push an image with a layer and a config under each tag; three events for each, and they are acknowledged."""
    with app(server) as repository:
        for tag in tags:
            config, layer = tag.encode(), f"layer of {tag}".encode()
            repository.push_blob(config)
            repository.push_blob(layer)
            repository.push(image(config, layer), tag)


def tags(listener: Listener) -> list[str]:
    """The tags of what the listener was told, in order."""
    return [event["target"]["tag"] for event in listener.events if "tag" in event["target"]]


def test_a_restart_loses_none(database_url: str | None) -> None:
    """What an endpoint that is away was not told before, it is told after; the same events, in order."""
    port = free_port()
    with JettisonServer(config=told_to(port), database_url=database_url) as server:
        push(server, "v1", "v2")
        server.restart()
        push(server, "v3")
        with Listener(port=port) as listener:
            listener.wait_for(9)
    assert tags(listener) == ["v1", "v2", "v3"]
    assert len({event["id"] for event in listener.events}) == 9
    assert len({event["source"]["instanceID"] for event in listener.events}) == 2


def test_what_was_acknowledged_before_a_kill_is_told_after_it(database_url: str | None) -> None:
    """The event is committed with the change it tells of."""
    port = free_port()
    with JettisonServer(config=told_to(port), database_url=database_url) as server:
        push(server, "v1")
        with app(server) as repository:
            assert repository.client.delete("/v2/app/manifests/v1").status_code == 202
        server.kill()
        server.start()
        with Listener(port=port) as listener:
            # Another process would have to wait until the lease of the killed one is over.
            listener.wait_for(4, seconds=60)
    assert [event["action"] for event in listener.events] == ["push", "push", "push", "delete"]


def test_a_kill_while_events_are_delivered_loses_none() -> None:
    """Some may come twice, and none late: without the repetitions they are in order."""

    def take_time(_: Received) -> int:
        time.sleep(0.02)
        return 200

    with Listener(take_time) as listener, JettisonServer(config=told_to(listener.port)) as server:
        for round_ in range(4):
            push(server, *(f"v{round_}.{number}" for number in range(10)))
            server.kill()
            server.start()
        push(server, "last")
        ends = time.monotonic() + 60
        while "last" not in tags(listener) and time.monotonic() < ends:
            time.sleep(0.05)
    assert list(dict.fromkeys(tags(listener))) == [f"v{r}.{n}" for r in range(4) for n in range(10)] + ["last"]
    assert len({event["id"] for event in listener.events}) == 3 * 41


def test_an_endpoint_that_hangs_costs_clients_and_other_endpoints_nothing() -> None:
    """Nor does it hold the end of the server up."""
    go_on = threading.Event()

    def hang(_: Received) -> int:
        go_on.wait(60)
        return 200

    with Listener(hang) as hanging, Listener() as listener:
        with JettisonServer(config=told_to(hanging.port, listener.port, timeout="1m")) as server:
            begun = time.monotonic()
            push(server, *(f"v{number}" for number in range(5)))
            listener.wait_for(15)
            assert time.monotonic() - begun < 20
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < 8
        go_on.set()


def test_a_disabled_endpoint_is_told_nothing_and_keeps_its_queue() -> None:
    """What waited before is delivered when it is enabled again; what happened meanwhile was never told."""
    port = free_port()
    with JettisonServer(config=told_to(port)) as server:
        push(server, "before")
        server._config = told_to(port, disabled=True)
        server.restart()
        push(server, "meanwhile")
        server._config = told_to(port)
        server.restart()
        push(server, "after")
        with Listener(port=port) as listener:
            listener.wait_for(6)
            time.sleep(0.2)
    assert tags(listener) == ["before", "after"]


def test_pulls_are_told_without_waiting_for_them_and_before_the_server_ends() -> None:
    """They are gathered, and what is gathered is queued at the end at the latest."""
    port = free_port()
    with JettisonServer(config=told_to(port)) as server:
        push(server, "v1")
        with app(server) as repository:
            assert repository.client.get("/v2/app/manifests/v1").status_code == 200
            assert repository.client.head("/v2/app/manifests/v1").status_code == 200
        server.restart()
        with Listener(port=port) as listener:
            listener.wait_for(5)
    assert [(each["action"], each["request"]["method"]) for each in listener.events[3:]] == [
        ("pull", "GET"),
        ("pull", "HEAD"),
    ]


def test_the_api_tells_of_its_deletions_and_restores_too() -> None:
    """With the request that asked for them."""
    with Listener() as listener, JettisonServer(config=told_to(listener.port)) as server:
        push(server, "v1")
        with app(server) as repository:
            client = repository.client
            asked = client.post("/api/v1/deletions", json={"targets": [{"repository": "app"}]})
            assert asked.status_code == 201, asked.text
            restored = client.post(f"/api/v1/deletions/{asked.json()['deletion']}/restore", json={})
            assert restored.status_code == 200, restored.text
        told = listener.wait_for(7)[3:]
    assert [event["action"] for event in told] == ["delete", "delete", "delete", "push"]
    assert told[2]["target"] == {"mediaType": "", "digest": "", "size": 0, "repository": "app"}
    assert told[3]["target"]["tag"] == "v1"
    assert {event["request"]["method"] for event in told} == {"POST"}
    assert told[3]["target"]["url"].startswith(f"{server.url}/v2/app/manifests/sha256:")


def test_a_command_beside_the_server_queues_what_the_server_delivers() -> None:
    """Nobody has asked for it by a request."""
    with Listener() as listener, JettisonServer(config=told_to(listener.port)) as server:
        push(server, "v1")
        with app(server) as repository:
            repository.client.delete("/v2/app/manifests/v1")
        listener.wait_for(4)
        done = verb("garbage-collect", server.config_file, "--delete-untagged")
        assert done.returncode == 0, done.stderr
        event = listener.wait_for(5)[4]
    assert (event["action"], event["request"]) == ("delete", {"id": "", "method": "", "useragent": ""})
    assert event["target"]["digest"].startswith("sha256:")
