from __future__ import annotations

from jettison.metadata.space import Partition
from jettison.registry.counting import Counting
from jettison.registry.disk import disk
from jettison.registry.registry import Registry
from jettison.registry.usage import usage
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.repository import Repository


def count(registry: Registry) -> None:
    """Count in a process that has just begun."""
    counting = Counting(registry, lambda _: None)
    counting.turn()
    counting.end()


def test_the_disk_is_told_before_it_was_ever_counted(repository: Repository, registry: Registry) -> None:
    """Then it is counted for who asks, and is what usage says."""
    repository.push(image(b"1" * 10, config=b"c"), "a")
    found = disk(registry)
    assert found.bytes == usage(registry).bytes == Partition(11, 0, 0, 0, 0)
    assert [day.bytes for day in found.days] == [found.bytes]


def test_the_picture_names_the_largest(repository: Repository, other: Repository, registry: Registry) -> None:
    """Repositories by what is theirs alone, blobs that several have by their size, and what comes back when."""
    repository.push(image(b"1" * 10, b"common" * 10, config=b"c"), "a")
    other.push(image(b"2" * 20, b"common" * 10, config=b"c"), "a")
    gone = Repository(registry, "gone")
    gone.push(image(b"3" * 30, config=b"c"), "a")
    deleted = gone.delete()
    count(registry)
    found = disk(registry)
    assert [(each.name, each.exclusive) for each in found.repositories] == [("other/app", 20), ("app", 10)]
    assert [(each.size, each.repositories) for each in found.shared] == [(60, 2), (1, 2)]
    [back] = found.returning
    assert (back.why, back.bytes, back.first) == ("undo", 30, deleted.undo_until)


def test_each_day_has_one_line(repository: Repository, registry: Registry, clock: Clock) -> None:
    """The last count of it; thirty days are told, and days without a count are left out."""
    sizes = []
    for number in range(40):
        repository.push(image(bytes([number]) * 100, config=b"c"), "a")
        count(registry)
        repository.push(image(bytes([number]) * 101, config=b"c"), "a")
        count(registry)
        sizes.append(usage(registry).bytes.exclusive)
        clock.advance(24 * 3600)
    clock.advance(-24 * 3600)
    assert [day.bytes.exclusive for day in disk(registry).days] == sizes[-30:]
    clock.advance(10 * 24 * 3600)
    assert len(disk(registry).days) == 20
