"""What a plan says of bytes: those that come back, counted here without SQL, and those that stay."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.metadata.usage import Bytes
from jettison.oci.digest import Digest
from jettison.registry import deletion
from jettison.registry.registry import Registry
from jettison.registry.target import Target
from tests.support.content import Draft, image, index
from tests.support.repository import Repository

LAYERS = [b"x" * size for size in (1, 10, 100, 1_000, 10_000)]
"""Sizes whose sums tell which of them were added."""


def size_of(blobs: Iterable[bytes]) -> int:
    """The bytes of distinct blobs."""
    return sum(map(len, set(blobs)))


def blobs_of(drafts: Iterable[Draft]) -> set[bytes]:
    """The blobs that manifests need, those of their children too."""
    return {blob for draft in drafts for each in draft.closure() for blob in each.blobs}


def test_bytes_that_another_manifest_needs_stay(repository: Repository) -> None:
    """Only the layer of its own comes back."""
    first, second = image(b"base", b"first"), image(b"base", b"second!", config=b"{}")
    repository.push(first)
    repository.push(second)
    own = size_of([b"first", first.blobs[0]])
    assert repository.plan(first.digest).bytes == Bytes(exclusive=own, shared=4)


def test_bytes_that_another_repository_has_stay(repository: Repository, other: Repository) -> None:
    """Pushed to two names, deleted from one."""
    draft = image(b"layer", config=b"{}")
    repository.push(draft)
    other.upload(b"layer")
    assert repository.plan(draft.digest).bytes == Bytes(exclusive=2, shared=5)
    assert repository.plan().bytes == Bytes(exclusive=2, shared=5)


def test_bytes_that_a_deletion_still_keeps_stay(repository: Repository) -> None:
    """What an earlier deletion can bring back is not freed by a later one."""
    draft = image(b"layer", config=b"{}")
    repository.push(draft)
    repository.delete()
    repository.push(draft)
    assert repository.plan(draft.digest).bytes == Bytes(exclusive=0, shared=7)


def test_a_tags_deletion_gives_no_bytes_back(repository: Repository) -> None:
    """All that it points at stays, whatever it needs."""
    draft = index(image(b"amd64", config=b"{}"), image(b"arm64", config=b"{}"))
    repository.push(draft, "latest")
    assert repository.plan("latest").bytes == Bytes(exclusive=0, shared=12)


def test_a_blobs_bytes(repository: Repository, other: Repository) -> None:
    """They come back unless another repository has it."""
    digest = repository.upload(b"layer")
    assert repository.plan(digest, blob=True).bytes == Bytes(exclusive=5, shared=0)
    other.upload(b"layer")
    assert repository.plan(digest, blob=True).bytes == Bytes(exclusive=0, shared=5)


def test_a_layer_that_lies_elsewhere_counts_where_it_is_here(repository: Repository) -> None:
    """A non-distributable layer takes space if somebody pushed it."""
    draft = image(config=b"{}", foreign=(b"windows",))
    repository.upload(b"windows")
    repository.push(draft)
    assert repository.plan(draft.digest).bytes == Bytes(exclusive=9, shared=0)


layer_sets = st.sets(st.sampled_from(LAYERS), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    images=st.lists(layer_sets, min_size=2, max_size=5),
    grouped=st.sets(st.integers(0, 4)),
    elsewhere=st.sets(st.sampled_from(LAYERS)),
    loose=st.sets(st.sampled_from(LAYERS)),
    target=st.integers(0, 4),
)
def test_the_bytes_of_a_plan_are_those_counted_by_hand(
    registry: Registry,
    images: list[set[bytes]],
    grouped: set[int],
    elsewhere: set[bytes],
    loose: set[bytes],
    target: int,
) -> None:
    """Images that share layers, some in an index, layers in another repository and some that nothing needs."""
    repository, other = Repository(registry), Repository(registry, "other")
    drafts = [image(*sorted(layers), config=b"{}") for layers in images]
    drafts = list({draft.digest: draft for draft in drafts}.values())
    whole = index(*(drafts[number] for number in sorted(grouped) if number < len(drafts)))
    for draft in (*drafts, whole):
        repository.push(draft)
    for blob in loose:
        repository.upload(blob)
    for blob in elsewhere:
        other.upload(blob)

    going = [whole, *drafts][target % (len(drafts) + 1)]
    gone = [going, *going.children]
    needed_still = blobs_of(draft for draft in (*drafts, whole) if draft not in gone and going not in draft.children)
    # An index that loses a child still needs the others.
    needed_still |= blobs_of(child for child in whole.children if child not in gone)
    touched = blobs_of(gone)
    exclusive = size_of(touched - needed_still - elsewhere)
    everything = blobs_of([*drafts, whole]) | loose
    try:
        assert repository.plan(going.digest).bytes == Bytes(exclusive, size_of(touched) - exclusive)
        assert repository.plan().bytes == Bytes(size_of(everything - elsewhere), size_of(everything & elsewhere))
    finally:
        _drop_everything(registry)


def _drop_everything(registry: Registry) -> None:
    tables = "tag manifest_child missing manifest_blob manifest_content manifest repository_blob repository blob stored"
    for table in tables.split():
        registry.database.write(lambda tx, table=table: tx.run(f"delete from {table}"))  # type: ignore[misc]


def test_the_bytes_of_a_plan_for_two_repositories_are_of_both(repository: Repository, other: Repository) -> None:
    """A layer that only these two have comes back when both go."""
    draft = image(b"layer", config=b"{}")
    for each in (repository, other):
        each.push(draft)
    plan = deletion.plan(repository.registry, Target(repository.name), Target(other.name))
    assert plan.bytes == Bytes(exclusive=7, shared=0)


@pytest.mark.parametrize("kind", ["tag", "manifest", "repository", "blob"])
def test_a_plan_is_json(repository: Repository, kind: str) -> None:
    """Its kind, target, numbers and bytes; what goes, breaks and stays unless it is a whole repository."""
    child = image(b"amd64", config=b"{}")
    draft = index(child)
    repository.push(draft, "latest")
    loose = repository.upload(b"loose")
    references: dict[str, str | Digest | None] = {"tag": "latest", "manifest": child.digest, "blob": loose}
    reference = references.get(kind)

    made = repository.plan(reference, blob=kind == "blob").to_json()

    target = {"tag": "app:latest", "manifest": f"app@{child.digest}", "repository": "app", "blob": f"app@{loose}"}[kind]
    assert (made["kind"], made["target"], made["repository"]) == (kind, target, "app")
    assert set(made["bytes"]) == {"exclusive", "shared"}  # type: ignore[arg-type]
    if kind == "repository":
        assert (made["tags"], made["versions"]) == (1, 2)
        assert "goes" not in made
    if kind == "manifest":
        assert made["goes"] == [
            {"digest": str(child.digest), "mediaType": child.media_type, "tags": [], "reason": "asked for"}
        ]
        assert made["breaks"] == [
            {
                "digest": str(draft.digest),
                "mediaType": draft.media_type,
                "tags": ["latest"],
                "reason": f"an index that holds {child.digest}",
            }
        ]
        assert made["stays"] == []
    if kind == "blob":
        assert (made["tags"], made["versions"]) == (0, 0)
        assert Digest.of(b"loose") == loose
