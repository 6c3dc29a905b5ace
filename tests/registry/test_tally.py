from __future__ import annotations

from jettison.registry import collection
from jettison.registry.collection import Order
from jettison.registry.registry import Registry
from jettison.registry.sweep import sweep
from jettison.registry.tally import Tally
from tests.support.content import image
from tests.support.place import Place
from tests.support.repository import Repository


def numbers(tally: Tally) -> tuple[dict[str, int], int, int]:
    """All that it has counted."""
    return tally.deletions, tally.files, tally.bytes


def test_deletions_are_counted_by_kind_once_they_are_done(registry: Registry) -> None:
    """One that is refused is none."""
    repository = Repository(registry)
    for tag in ("one", "two", "three"):
        repository.push(image(tag.encode()), tag)
    repository.delete("one")
    repository.delete("two")
    repository.delete()

    assert numbers(registry.tally) == ({"tag": 2, "repository": 1}, 0, 0)


def test_what_sweeps_free_is_counted(place: Place) -> None:
    """Files and bytes, when they are gone."""
    registry = place.open_registry(sweep_grace=0)
    repository = Repository(registry)
    repository.push(image(b"12", config=b"3"), "v1")
    repository.delete(purge=True)
    sweep(registry, "test")

    assert numbers(registry.tally) == ({"repository": 1}, 2, 3)


def test_a_rehearsal_counts_nothing(place: Place) -> None:
    """Nothing was deleted, so nothing is told as deleted."""
    registry = place.open_registry(sweep_grace=0)
    repository = Repository(registry)
    repository.push(image(b"12", config=b"3"), "v1")
    repository.delete(purge=True)
    rehearsed = collection.rehearse(registry, Order(), "test")

    assert rehearsed.swept.bytes == 3
    assert numbers(registry.tally) == ({"repository": 1}, 0, 0)
