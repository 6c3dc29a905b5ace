from __future__ import annotations

from jettison.registry import uploads
from jettison.registry.registry import Registry
from jettison.registry.standing import standing
from tests.support.content import image
from tests.support.repository import Repository


def test_an_empty_registry_has_nothing_waiting(registry: Registry) -> None:
    """All numbers are 0."""
    now = standing(registry)
    assert (now.uploads, now.received, now.pending.deletions, now.pending.discarded) == (0, 0, 0, 0)


def test_uploads_count_until_they_end_and_deletions_while_they_can_be_undone(registry: Registry) -> None:
    """With the bytes that are durable."""
    repository = Repository(registry)
    repository.push(image(b"12"), "v1")
    repository.delete("v1")
    first = uploads.start(registry, repository.name)
    second = uploads.start(registry, repository.name)
    incoming = uploads.resume(registry, repository.name, second.id, None)
    incoming.append(b"12345")
    incoming.pause()
    incoming.close()

    now = standing(registry)
    assert (now.uploads, now.received, now.pending.deletions) == (2, 5, 1)

    uploads.cancel(registry, repository.name, first.id)
    assert standing(registry).uploads == 1
