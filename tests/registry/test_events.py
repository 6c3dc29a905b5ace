from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from jettison.metadata import notifications
from jettison.metadata.database import NO_LOCK, Database, Lock, Transaction
from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestBlobUnknown, Unavailable
from jettison.oci.reference import Reference, RepositoryName, Tag
from jettison.registry import events as module
from jettison.registry import pull, push, restore
from jettison.registry.deletion import delete
from jettison.registry.endpoint import Endpoint
from jettison.registry.events import Events
from jettison.registry.mount import mount
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.rehearsal import rehearse
from jettison.registry.target import Target
from jettison.registry.untagged import delete_unneeded
from tests.support.clock import Clock
from tests.support.content import Draft, image, index, referrer
from tests.support.repository import Repository

HERE = Endpoint("here", "http://127.0.0.1:9/")
SOMEONE = Origin("1", "192.0.2.1", "192.0.2.1:5", "registry.example", "PUT", "docker/1", "https://registry.example")


def telling(registry: Registry, *endpoints: Endpoint, references: bool = False) -> Registry:
    """The registry with these endpoints."""
    return replace(registry, events=Events(endpoints or (HERE,), includes_references=references))


def waiting(registry: Registry, endpoint: str = "here") -> list[dict[str, Any]]:
    """The events that wait for the endpoint, in order."""
    queue = registry.database.read(lambda tx: notifications.first(tx, endpoint, 10**6))
    return [json.loads(each.event) for each in queue]


def told(registry: Registry, endpoint: str = "here") -> list[str]:
    """The same in short, as `push app:v1 sha256:0123`; and forget them."""
    shown = [_short(event["action"], event["target"]) for event in waiting(registry, endpoint)]
    registry.database.write(lambda tx: tx.run("delete from notification where endpoint = :name", name=endpoint))
    return shown


def _short(action: str, target: dict[str, Any]) -> str:
    tag = f":{target['tag']}" if "tag" in target else ""
    source = f" from {target['fromRepository']}" if "fromRepository" in target else ""
    return f"{action} {target['repository']}{tag} {target['digest'][:11]}{source}".strip()


def short(content: Draft | bytes) -> str:
    """The beginning of its digest."""
    return str(content.digest if isinstance(content, Draft) else Digest.of(content))[:11]


@pytest.fixture
def app(registry: Registry) -> Repository:
    """An empty repository whose registry tells of everything."""
    return Repository(telling(registry))


def test_an_upload_and_a_push_are_told_in_the_order_in_which_they_were(app: Repository) -> None:
    """Blobs before the manifest that needs them, as a client pushes them."""
    draft = image(b"layer", config=b"config")
    app.push(draft, "v1")
    assert told(app.registry) == [
        f"push app {short(b'config')}",
        f"push app {short(b'layer')}",
        f"push app:v1 {short(draft)}",
    ]


def test_a_push_says_who_asked_and_where_it_is(app: Repository) -> None:
    """By the URL under which its client reached the registry."""
    draft = image(b"layer")
    app.push(draft)
    told(app.registry)
    push.push_manifest(app.registry, app.name, Tag("v1"), draft.content, draft.media_type, (), SOMEONE)
    [event] = waiting(app.registry)
    assert event["target"]["url"] == f"https://registry.example/v2/app/manifests/{draft.digest}"
    assert event["request"] == {
        "id": "1", "addr": "192.0.2.1:5", "host": "registry.example", "method": "PUT", "useragent": "docker/1",
    }  # fmt: skip


def test_a_push_is_told_once_for_each_tag_and_once_without_any(app: Repository) -> None:
    """An event has room for one tag."""
    draft = image(b"layer")
    app.push(draft)
    told(app.registry)
    app.put(draft)
    push.push_manifest(app.registry, app.name, draft.digest, draft.content, None, [Tag("a"), Tag("b")])
    shown = short(draft)
    assert told(app.registry) == [f"push app {shown}", f"push app:a {shown}", f"push app:b {shown}"]


def test_what_was_refused_is_not_told(app: Repository) -> None:
    """The event is written by the transaction of the change, and goes with it."""
    with pytest.raises(ManifestBlobUnknown):
        app.put(image(b"not here"), "v1")
    assert told(app.registry) == []


def test_what_was_rehearsed_is_not_told(app: Repository) -> None:
    """A dry run takes all of it back."""
    app.push(image(b"layer"), "v1")
    told(app.registry)
    rehearse(app.registry, lambda stage: delete(stage, Target(app.name)))
    assert told(app.registry) == []


def test_a_blob_that_is_there_is_pushed_all_the_same(app: Repository) -> None:
    """Its client has uploaded it; that its bytes were dropped is ours to know."""
    app.upload(b"bytes")
    app.upload(b"bytes")
    assert told(app.registry) == [f"push app {short(b'bytes')}"] * 2


@pytest.mark.parametrize("named", [True, False])
def test_a_mount_names_the_repository_that_it_is_from(app: Repository, named: bool) -> None:
    """Also where the client did not say from which; one that finds nothing is none."""
    digest = app.upload(b"bytes")
    told(app.registry)
    other = RepositoryName("other")
    source = app.name if named else None
    assert mount(app.registry, other, digest, source, lambda _: True, SOMEONE)
    assert not mount(app.registry, other, Digest.of(b"no"), source, lambda _: True)
    [event] = waiting(app.registry)
    assert event["target"] == {
        "mediaType": "application/octet-stream",
        "digest": str(digest),
        "size": 5,
        "length": 5,
        "repository": "other",
        "fromRepository": "app",
        "url": f"https://registry.example/v2/other/blobs/{digest}",
    }


def test_deleting_a_tag_tells_of_the_tag(app: Repository) -> None:
    """Its manifest stays."""
    app.push(image(b"layer"), "v1", "v2")
    told(app.registry)
    app.delete("v1")
    assert told(app.registry) == ["delete app:v1"]


def test_deleting_a_manifest_tells_of_all_that_goes_with_it(app: Repository) -> None:
    """It first, its tags after it, then what only it held, each with its tags."""
    child, other = image(b"one"), image(b"two")
    held, kept = index(child), index(other)
    app.push(held, "v1", "v2")
    app.push(kept, "v3")
    signature = referrer(held)
    app.push(signature, "signed")
    app.delete("signed")
    told(app.registry)
    app.delete(held.digest)
    first, *tags_and_more = told(app.registry)
    assert first == f"delete app {short(held)}"
    assert tags_and_more[:2] == ["delete app:v1", "delete app:v2"]
    assert sorted(tags_and_more[2:]) == sorted([f"delete app {short(child)}", f"delete app {short(signature)}"])


def test_deleting_a_blob_tells_of_the_blob(app: Repository) -> None:
    """One that no manifest needs."""
    digest = app.upload(b"bytes")
    told(app.registry)
    app.delete(digest, blob=True)
    assert told(app.registry) == [f"delete app {short(b'bytes')}"]


def test_deleting_a_repository_tells_of_each_manifest_and_tag_and_last_of_it(app: Repository) -> None:
    """An endpoint that knows distribution knows no deletion of a repository, but those."""
    one, two = image(b"one"), image(b"two")
    app.push(one, "v1", "v2")
    app.push(two)
    told(app.registry)
    app.delete()
    assert told(app.registry) == [
        f"delete app {short(one)}", "delete app:v1", "delete app:v2", f"delete app {short(two)}", "delete app",
    ]  # fmt: skip


def test_a_deletion_of_many_targets_tells_of_each_repository(app: Repository) -> None:
    """In the order of their names; who asked is told with each."""
    other = Repository(app.registry, "other")
    for each in (app, other):
        each.push(image(b"layer"), "v1", "v2")
    told(app.registry)
    delete(app.registry, Target(other.name), Target(app.name, Tag("v1")), origin=SOMEONE)
    assert {event["request"]["id"] for event in waiting(app.registry)} == {"1"}
    shown = short(image(b"layer"))
    assert told(app.registry) == [
        "delete app:v1", f"delete other {shown}", "delete other:v1", "delete other:v2", "delete other",
    ]  # fmt: skip


def test_deleting_what_is_untagged_is_told(app: Repository) -> None:
    """Nobody asked for it by a request."""
    draft = image(b"layer")
    app.push(draft)
    told(app.registry)
    delete_unneeded(app.registry, "app", "garbage-collect")
    [event] = waiting(app.registry)
    assert event["request"] == {"id": "", "method": "", "useragent": ""}
    assert told(app.registry) == [f"delete app {short(draft)}"]


def test_restoring_a_repository_tells_of_pushes(app: Repository) -> None:
    """For whoever follows the events, it is there again: once for each tag, once for what has none."""
    one, two = image(b"one"), image(b"two")
    app.push(one, "v1", "v2")
    app.push(two)
    deletion = app.delete().id
    told(app.registry)
    restore.restore(app.registry, deletion, SOMEONE)
    assert waiting(app.registry)[0]["target"]["url"].endswith(str(one.digest))
    assert told(app.registry) == [f"push app:v1 {short(one)}", f"push app:v2 {short(one)}", f"push app {short(two)}"]


def test_restoring_into_what_is_there_tells_only_of_what_comes_back(app: Repository) -> None:
    """A tag that was pushed again stays as it is, and a manifest that was only copied for a tag was never gone."""
    one, two = image(b"one"), image(b"two")
    app.push(one, "kept", "gone")
    app.push(two, "again")
    deletion = delete(app.registry, Target(app.name, Tag("gone")), Target(app.name, two.digest)).id
    app.push(one, "again")
    told(app.registry)
    restore.restore(app.registry, deletion)
    assert sorted(told(app.registry)) == sorted([f"push app:gone {short(one)}", f"push app {short(two)}"])


def pulled(app: Repository, reference: Reference, *, content: bool = True) -> None:
    """Pull a manifest, as the edge does."""
    found = pull.find_manifest(app.registry, app.name, reference, content=content)
    app.registry.events.manifest_pulled(SOMEONE, app.name, reference, found)


def test_pulls_are_told_once_they_are_flushed(registry: Registry, clock: Clock) -> None:
    """With the time of the pull, not that of the flush."""
    events = Events((HERE,), clock=lambda: clock() / 1_000_000)
    app = Repository(replace(registry, events=events))
    draft = image(b"layer", config=b"config")
    app.push(draft, "v1")
    told(app.registry)
    clock.now = 1_700_000_000_000_000
    pulled(app, Tag("v1"), content=False)
    pulled(app, draft.digest)
    events.blob_pulled(SOMEONE, app.name, Digest.of(b"layer"), 5)
    assert waiting(app.registry) == []
    clock.advance(3)
    assert events.flush(registry.database) == 0
    assert {event["timestamp"] for event in waiting(app.registry)} == {"2023-11-14T22:13:20.000000Z"}
    assert {event["request"]["id"] for event in waiting(app.registry)} == {"1"}
    assert told(app.registry) == [
        f"pull app:v1 {short(draft)}", f"pull app {short(draft)}", f"pull app {short(b'layer')}",
    ]  # fmt: skip
    assert events.flush(registry.database) == 0
    assert told(app.registry) == []


class Closed:
    """A database that takes no writes."""

    inline = True

    def __init__(self, database: Database) -> None:
        self.read = database.read
        self.close = database.close

    def write(self, work: Callable[[Transaction], Any], lock: Lock = NO_LOCK, *, durable: bool = True) -> Any:
        """Refuse."""
        raise Unavailable("the disk is full")


def test_pulls_wait_in_memory_while_the_database_takes_no_writes(app: Repository) -> None:
    """They are told when it does, in their order."""
    draft = image(b"layer")
    app.push(draft, "v1")
    told(app.registry)
    pulled(app, Tag("v1"))
    with pytest.raises(Unavailable):
        app.registry.events.flush(Closed(app.registry.database))
    pulled(app, draft.digest)
    app.registry.events.flush(app.registry.database)
    assert told(app.registry) == [f"pull app:v1 {short(draft)}", f"pull app {short(draft)}"]


def test_memory_keeps_so_many_pulls_and_counts_the_others(app: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are kept; how many were not is told once."""
    monkeypatch.setattr(module, "MOST_PULLS", 3)
    for size in range(5):
        app.registry.events.blob_pulled(SOMEONE, app.name, Digest.of(b"layer"), size)
    assert app.registry.events.flush(app.registry.database) == 2
    assert [event["target"]["size"] for event in waiting(app.registry)] == [0, 1, 2]
    app.registry.events.blob_pulled(SOMEONE, app.name, Digest.of(b"layer"), 9)
    assert app.registry.events.flush(app.registry.database) == 0


def test_closing_a_registry_queues_its_last_pulls(app: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends loses none."""
    monkeypatch.setattr(type(app.registry.database), "close", lambda _: None)
    app.registry.events.blob_pulled(SOMEONE, app.name, Digest.of(b"layer"), 5)
    app.registry.close()
    assert told(app.registry) == [f"pull app {short(b'layer')}"]


@pytest.mark.parametrize("references", [True, False])
def test_references_are_told_where_they_are_wanted(registry: Registry, references: bool) -> None:
    """Of what is pushed, pulled (by HEAD too) and restored; never of what is deleted."""
    app = Repository(telling(registry, references=references))
    draft = image(b"layer", config=b"config")
    app.push(draft, "v1")
    pulled(app, Tag("v1"), content=False)
    app.registry.events.flush(registry.database)
    deletion = app.delete().id
    restore.restore(app.registry, deletion)
    named = [str(Digest.of(b"config")), str(Digest.of(b"layer"))] if references else None
    for event in waiting(app.registry):
        found = event["target"].get("references")
        if event["target"]["mediaType"] != draft.media_type:
            assert found is None
        else:
            assert (found and [each["digest"] for each in found]) == named


def test_a_pull_of_what_has_gone_since_is_told_without_references(registry: Registry) -> None:
    """Nothing fails because a pull is told late."""
    app = Repository(telling(registry, references=True))
    app.push(image(b"layer"), "v1")
    pulled(app, Tag("v1"))
    app.delete(purge=True)
    registry.database.write(lambda tx: tx.run("delete from manifest_content"))
    told(registry)
    app.registry.events.flush(registry.database)
    [event] = waiting(registry)
    assert "references" not in event["target"]


def ignoring(name: str, actions: Sequence[str] = (), media_types: Sequence[str] = ()) -> Endpoint:
    """An endpoint that wants less."""
    return Endpoint(
        name, "http://127.0.0.1:9/", ignored_actions=frozenset(actions), ignored_media_types=frozenset(media_types)
    )


def test_an_endpoint_is_not_told_what_it_ignores(registry: Registry) -> None:
    """Actions and media types, each for itself; the others are told all the same, of one event with one id."""
    draft = image(b"layer", config=b"config")
    app = Repository(
        telling(
            registry,
            HERE,
            ignoring("no pushes", ["push"]),
            ignoring("no blobs", [], ["application/octet-stream"]),
            ignoring("nothing", ["push", "pull", "mount", "delete"]),
        )
    )
    app.push(draft, "v1")
    app.delete("v1")
    ids = {event["id"] for event in waiting(registry)}
    assert {event["id"] for event in waiting(registry, "no blobs")} < ids
    assert len(told(registry)) == 4
    assert told(registry, "no pushes") == ["delete app:v1"]
    assert told(registry, "no blobs") == [f"push app:v1 {short(draft)}", "delete app:v1"]
    assert told(registry, "nothing") == []


def test_without_endpoints_nothing_is_asked_of_the_database(registry: Registry) -> None:
    """Nor is anything kept in memory, or a request looked at."""
    app = Repository(registry)
    assert not registry.events.wanted
    app.push(image(b"layer"), "v1")
    pulled(app, Tag("v1"))
    registry.events.flush(Closed(registry.database))
    restore.restore(registry, app.delete().id)
    assert registry.database.read(notifications.lengths) == {}


def test_what_waits_for_nobody_is_not_even_noted(registry: Registry) -> None:
    """Where each endpoint ignores pulls, a pull costs nothing."""
    app = Repository(telling(registry, ignoring("here", ["pull"])))
    app.push(image(b"layer"), "v1")
    told(registry)
    pulled(app, Tag("v1"))
    app.registry.events.flush(Closed(registry.database))
    assert told(registry) == []


def test_a_large_deletion_is_told_whole(app: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some at a time, so that it does not fill the memory."""
    monkeypatch.setattr(module, "_STEP", 2)
    drafts = [image(b"layer %d" % number) for number in range(5)]
    for number, draft in enumerate(drafts):
        app.push(draft, f"v{number}")
    told(app.registry)
    app.delete()
    found = told(app.registry)
    assert len(found) == 11
    assert found[-1] == "delete app"


def test_deliverers_are_woken_by_what_is_queued(app: Repository) -> None:
    """They need not look every moment."""
    woken: list[str] = []
    app.registry.events.when_queued(lambda: woken.append("up"))
    app.upload(b"bytes")
    assert woken
