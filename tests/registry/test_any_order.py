"""Pushes and deletions in any order: after each, what is visible is what a plain model says, and all rows are sound."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestBlobUnknown, ManifestUnknown, NameUnknown, Unsupported
from jettison.registry import listing
from jettison.registry.access import EVERYONE
from tests.support.clock import Clock
from tests.support.invariants import check_bytes, check_rows
from tests.support.model import Model
from tests.support.place import MEMORY, Place, empty
from tests.support.repository import Repository
from tests.support.universe import BLOBS, NAMES, TAGS, name_of

T = TypeVar("T")
REPOSITORIES = ("app", "app/nightly")


class Walk:
    """One registry and a model of each repository, taken from step to step. A step's ``pick`` says what it is about."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self.clock = clock
        self.registry = place.open_registry()
        self.models = {name: Model() for name in REPOSITORIES}
        self.steps: dict[str, Callable[[int], None]] = {
            "push all": self.push_all,
            "push alone": self.push_alone,
            "upload": self.upload,
            "delete tag": self.delete_tag,
            "delete manifest": self.delete_manifest,
            "delete blob": self.delete_blob,
            "delete repository": self.delete_repository,
            "delete what is not there": self.delete_what_is_not_there,
            "end leases": self.end_leases,
        }

    def step(self, kind: str, pick: int) -> None:
        """One event, then a look at everything."""
        self.steps[kind](pick)
        check_rows(self.registry.database)
        listed = [name for name in REPOSITORIES if self.models[name].manifests]
        assert listing.catalog(self.registry, "", 10, EVERYONE).entries == listed
        for name, model in self.models.items():
            self._check_repository(self._at(name), model)

    # ---------------------------------------------------------------------------------------------------------- pushing

    def upload(self, pick: int) -> None:
        """A blob is uploaded."""
        name, pick = _name(pick)
        self._upload(name, BLOBS[pick % len(BLOBS)])

    def push_all(self, pick: int) -> None:
        """A client that looks at nothing pushes a manifest after all that it needs."""
        name, pick = _name(pick)
        manifest, tag = _manifest_and_tag(pick)
        for each in NAMES[manifest].closure():
            for blob in each.blobs:
                self._upload(name, blob)
            self._put(name, name_of(each), tag if name_of(each) == manifest else None)

    def push_alone(self, pick: int) -> None:
        """A manifest is pushed, whether what it needs is there or not."""
        name, pick = _name(pick)
        self._put(name, *_manifest_and_tag(pick))

    # --------------------------------------------------------------------------------------------------------- deleting

    def delete_tag(self, pick: int) -> None:
        """A tag is deleted."""
        there = [(name, tag) for name, model in self.models.items() for tag in model.tags]
        if there:
            name, tag = _one(there, pick)
            assert self._at(name).delete(tag).plan.goes == ()
            self.models[name].delete_tag(tag)

    def delete_manifest(self, pick: int) -> None:
        """A manifest is deleted by its digest."""
        there = [(name, each) for name, model in self.models.items() for each in sorted(model.manifests)]
        if there:
            name, manifest = _one(there, pick)
            going = {NAMES[each].digest for each in self.models[name].cascade(manifest)}
            plan = self._at(name).delete(NAMES[manifest].digest).plan
            assert {item.digest for item in plan.goes} == going
            self.models[name].delete_manifest(manifest)

    def delete_blob(self, pick: int) -> None:
        """A blob is deleted, or refused because a manifest needs it or its lease is over."""
        there = [(name, blob) for name, model in self.models.items() for blob in model.links]
        if not there:
            return
        name, blob = _one(there, pick)
        model, digest = self.models[name], Digest.of(blob)
        if model.links[blob] is None:
            with pytest.raises(Unsupported):
                self._at(name).delete(digest, blob=True)
        elif blob not in model.visible_blobs(self.clock.now):
            with pytest.raises(BlobUnknown):
                self._at(name).delete(digest, blob=True)
        else:
            self._at(name).delete(digest, blob=True)
            model.delete_blob(blob)

    def delete_repository(self, pick: int) -> None:
        """A repository is deleted."""
        there = [name for name, model in self.models.items() if model.exists()]
        if there:
            name = _one(there, pick)
            self._at(name).delete()
            self.models[name].delete_repository()

    def delete_what_is_not_there(self, pick: int) -> None:
        """Whatever does not exist cannot be deleted."""
        for name, model in self.models.items():
            repository = self._at(name)
            if (tag := TAGS[pick % len(TAGS)]) not in model.tags:
                with pytest.raises(ManifestUnknown):
                    repository.delete(tag)
            if (manifest := _one(sorted(NAMES), pick)) not in model.manifests:
                with pytest.raises(ManifestUnknown):
                    repository.delete(NAMES[manifest].digest)
            if not model.exists():
                with pytest.raises(NameUnknown):
                    repository.delete()

    def end_leases(self, _: int) -> None:
        """All leases that run now end."""
        self.clock.advance(self.registry.rules.upload_lease / 1e6)

    # ---------------------------------------------------------------------------------------------------------- helpers

    def _at(self, name: str) -> Repository:
        return Repository(self.registry, name)

    def _upload(self, name: str, blob: bytes) -> None:
        self._at(name).upload(blob)
        self.models[name].upload(blob, self.clock.now + self.registry.rules.upload_lease)

    def _put(self, name: str, manifest: str, tag: str | None) -> None:
        model, tags = self.models[name], [] if tag is None else [tag]
        lost_blobs, lost_children = model.missing(manifest)
        lost = {Digest.of(blob) for blob in lost_blobs} | {NAMES[child].digest for child in lost_children}
        if lost:
            with pytest.raises(ManifestBlobUnknown) as raised:
                self._at(name).put(NAMES[manifest], *tags)
            assert raised.value.detail == [{"digest": str(digest)} for digest in sorted(lost)]
        else:
            self._at(name).put(NAMES[manifest], *tags)
            model.push(manifest, tag)

    def _check_repository(self, repository: Repository, model: Model) -> None:
        assert repository.tags() == (sorted(model.tags) if model.manifests else None)
        assert {name for name, draft in NAMES.items() if repository.has(draft)} == model.manifests
        assert {tag: repository.digest_of(tag) for tag in model.tags} == {
            tag: NAMES[manifest].digest for tag, manifest in model.tags.items()
        }
        assert {blob for blob in BLOBS if repository.has_blob(blob)} == model.visible_blobs(self.clock.now)
        for name, draft in NAMES.items():
            # What an index tagged after the subject lists comes besides.
            assert set(repository.referrers(draft)) >= {NAMES[each].digest for each in model.referrers(name)}


def _one(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]


def _name(pick: int) -> tuple[str, int]:
    """A repository, the second one in a quarter of all cases, and what is left of ``pick``."""
    return REPOSITORIES[pick % 4 == 3], pick // 4


def _manifest_and_tag(pick: int) -> tuple[str, str | None]:
    """A manifest, with a tag in half of all cases."""
    names = sorted(NAMES)
    rest = pick // len(names)
    return names[pick % len(names)], TAGS[rest // 2 % len(TAGS)] if rest % 2 else None


KINDS = (
    *["push all"] * 4,
    *["push alone"] * 5,
    "upload",
    *["delete tag"] * 2,
    *["delete manifest"] * 6,
    "delete blob",
    "delete repository",
    "delete what is not there",
    "end leases",
)
steps = st.tuples(st.sampled_from(KINDS), st.integers(0, 999))


def walk(url: str | None, taken: list[tuple[str, int]]) -> None:
    """Take the steps, from an empty registry on."""
    if url is not None:
        empty(url)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="jettison-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        place = Place(Path(folder), url, clock)
        try:
            walking = Walk(place, clock)
            for kind, pick in taken:
                walking.step(kind, pick)
            check_bytes(walking.registry)
        finally:
            place.close()


@pytest.mark.slow
@pytest.mark.timeout(600)  # finding the shortest way to a failure takes its time
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=st.lists(steps, min_size=25, max_size=25))
def test_pushes_and_deletions_in_any_order(taken: list[tuple[str, int]]) -> None:
    """Tags, manifests, blobs, referrers and the catalog after each step, in a small world that shares what it can."""
    walk(None, taken)


@pytest.mark.needs("postgresql")
@pytest.mark.timeout(600)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(taken=st.lists(steps, min_size=25, max_size=25))
def test_pushes_and_deletions_in_any_order_on_postgres(shared_url: str, taken: list[tuple[str, int]]) -> None:
    """The same, of which there is less."""
    walk(shared_url, taken)
