from __future__ import annotations

import json
from typing import Any

import pytest

from jettison.metadata.audit import Filter
from jettison.oci.errors import ManifestBlobUnknown, NameUnknown
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import audit, collection, deletion, push, restore
from jettison.registry.access import Action, Caller, Kind, grant
from jettison.registry.audit import Deed, Result, entry_json
from jettison.registry.collection import Order
from jettison.registry.origin import Origin
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.sweep import sweep
from jettison.registry.target import Target
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository

ANN = Caller(Kind.USER, "ann", (grant([Action.ADMIN]),))
HERE = Origin(id="r1", address="192.0.2.1")
DAY = 24 * 3600


def lines(registry: Registry, **only: Any) -> list[dict[str, Any]]:
    """The log, the oldest line first."""
    return [entry_json(entry) for entry in reversed(audit.page(registry, 1000, only=Filter(**only)).entries)]


def told(registry: Registry) -> list[tuple[str, str]]:
    """What was done, to what."""
    return [(each["action"], each["target"]) for each in lines(registry)]


def test_what_is_noted_is_told(registry: Registry, clock: Clock) -> None:
    """Who, from where, what, to what, with what result, by which request, when."""
    registry.database.write(
        lambda tx: audit.note(
            tx,
            HERE,
            ANN,
            Deed.GRANT,
            "ci",
            repositories=["a", "b/c"],
            result=Result.REFUSED,
            detail={"pattern": "é/**"},
        )
    )
    [line] = lines(registry)
    assert line == {
        "id": line["id"],
        "at": "2023-11-14T22:13:20Z",
        "kind": "user",
        "who": "ann",
        "address": "192.0.2.1",
        "request": "r1",
        "action": "grant",
        "repositories": ["a", "b/c"],
        "target": "ci",
        "result": "refused",
        "detail": {"pattern": "é/**"},
    }
    json.dumps(line)


def test_a_push_tells_its_digest_and_every_tag(repository: Repository) -> None:
    """Whoever has pushed it, from wherever."""
    draft = image(b"layer")
    repository.push(draft)
    registry, name = repository.registry, repository.name
    tags = [Tag("v1"), Tag("v2")]
    push.push_manifest(registry, name, draft.digest, draft.content, draft.media_type, tags, HERE, ANN)
    first, second = lines(registry)
    assert (first["target"], first["detail"]) == (str(draft.digest), {"digest": str(draft.digest), "tags": []})
    assert (second["target"], second["detail"]["tags"]) == ("v1", ["v1", "v2"])
    assert (second["who"], second["address"], second["repositories"]) == ("ann", "192.0.2.1", ["app"])


def test_what_is_refused_leaves_no_line(repository: Repository) -> None:
    """A line goes with the transaction that it tells of."""
    draft = image(b"layer")
    with pytest.raises(ManifestBlobUnknown):
        repository.put(draft, "v1")
    with pytest.raises(NameUnknown):
        repository.delete()
    assert lines(repository.registry) == []


def test_deletions_and_what_becomes_of_them_are_told(repository: Repository) -> None:
    """By the number that the journal has."""
    registry = repository.registry
    for tag in ("a", "b"):
        repository.push(image(tag.encode()), tag)
    first, second = (
        deletion.delete(registry, target, reason="old", origin=HERE, caller=ANN)
        for target in (repository._target("a", blob=False), repository._target("b", blob=False))
    )
    restore.restore(registry, first.id, HERE, ANN)
    restore.purge(registry, second.id, ANN, HERE)
    numbers = (str(first.id), str(second.id))
    assert told(registry)[2:] == [
        ("delete", numbers[0]),
        ("delete", numbers[1]),
        ("restore", numbers[0]),
        ("purge", numbers[1]),
    ]
    made = lines(registry)[2:]
    assert {(each["who"], each["address"], *each["repositories"]) for each in made} == {("ann", "192.0.2.1", "app")}
    assert made[0]["detail"] == {
        "kind": "tag",
        "targets": ["app:a"],
        "tags": 1,
        "versions": 0,
        "reason": "old",
        "undo": True,
    }


def test_of_a_large_deletion_some_targets_are_told(registry: Registry) -> None:
    """The journal has them all."""
    names = [f"team/app{number:02}" for number in range(30)]
    for name in names:
        Repository(registry, name).push(image(b"layer"), "v1")
    deletion.delete(registry, *(Target(RepositoryName(name)) for name in names), caller=ANN)
    [line] = lines(registry, action="delete")
    assert line["repositories"] == names
    assert len(line["detail"]["targets"]) == deletion.TARGETS_NOTED
    assert lines(registry, repository="team/app29", action="delete") == [line]


def test_garbage_that_is_collected_by_hand_is_told(repository: Repository) -> None:
    """Each deletion, the end of the undoing, and the sweep; a rehearsal is not."""
    registry = repository.registry
    repository.push(image(b"layer"), "v1")
    repository.push(image(b"other"))
    order = Order(delete_untagged=True, purge_deleted=True)
    collection.rehearse(registry, order, "test")
    assert [action for action, _ in told(registry)] == ["push", "push"]
    collection.collect(registry, order, "test")
    made = lines(registry)[2:]
    assert [each["action"] for each in made] == ["delete", "purge", "sweep"]
    assert {(each["kind"], each["who"]) for each in made} == {("everyone", "garbage-collect")}


def test_old_lines_go_with_the_sweep(place: Place, clock: Clock) -> None:
    """As many as there are, in small steps, and none that is younger than `jettison.audit.keep`."""
    registry = place.open_registry(audit_kept=10 * DAY * MICROSECONDS)
    note_many(registry, 120)
    clock.advance(6 * DAY)
    note_many(registry, 3)
    clock.advance(5 * DAY)
    sweep(registry, "test")
    assert len(lines(registry)) == 3
    clock.advance(6 * DAY)
    sweep(registry, "test")
    assert lines(registry) == []


def test_a_log_may_be_kept_for_ever(place: Place, clock: Clock) -> None:
    """Where that is 0."""
    registry = place.open_registry(audit_kept=0)
    note_many(registry, 2)
    clock.advance(10_000 * DAY)
    sweep(registry, "test")
    assert len(lines(registry)) == 2


def note_many(registry: Registry, number: int) -> None:
    """So many lines."""
    for _ in range(number):
        registry.database.write(lambda tx: audit.note(tx, HERE, ANN, Deed.SWEEP))
