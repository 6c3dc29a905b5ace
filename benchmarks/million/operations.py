"""What is measured: each piece of work through the function that the edge calls for it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from functools import partial

from benchmarks.million.filling import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from benchmarks.million.site import ASKED, Site
from benchmarks.million.timing import Operation, Work
from jettison.blobs.places import blob_path
from jettison.blobs.store import Key
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry import deletion, listing, overview, pull, push, restore, sweep
from jettison.registry.access import EVERYONE
from jettison.registry.overview import Listing, Sort
from jettison.registry.target import Target

PAGE = 100
OF_THE_CONSOLE = 50

SWEPT = 100
"""Repositories of 10 manifests, of which a sweep drops all."""


def _by_tag(site: Site) -> Iterator[Work]:
    """Of each repository always the same, as what is popular is."""
    tags = {name: site.version() for name in map(site.name, site.asked)}
    for name in _names(site):
        yield partial(pull.find_manifest, site.registry, name, tags[name], content=True)


def _by_digest(site: Site) -> Iterator[Work]:
    tags = {name: site.version() for name in map(site.name, site.asked)}
    for name in _names(site):
        digest = pull.find_manifest(site.registry, name, tags[name], content=False).digest
        yield partial(pull.find_manifest, site.registry, name, digest, content=True)


def _catalog(site: Site) -> Iterator[Work]:
    for name in _names(site):
        yield partial(listing.catalog, site.registry, name.value, PAGE, EVERYONE)


def _tags(site: Site) -> Iterator[Work]:
    for name in _names(site):
        yield partial(listing.tag_names, site.registry, name, "", PAGE)


def _large_tags(site: Site) -> Iterator[Work]:
    while True:
        last = f"v{site.chance.randrange(site.size.large)}"
        yield partial(listing.tag_names, site.registry, site.large, last, PAGE)


def _console(site: Site) -> Iterator[Work]:
    while True:
        yield partial(overview.repositories, site.registry, Listing(limit=OF_THE_CONSOLE), EVERYONE)


def _console_by_size(site: Site) -> Iterator[Work]:
    while True:
        asked = Listing(limit=OF_THE_CONSOLE, sort=Sort.EXCLUSIVE)
        yield partial(overview.repositories, site.registry, asked, EVERYONE)


def _search(site: Site) -> Iterator[Work]:
    """For a name that one repository has."""
    for name in _names(site):
        yield partial(overview.repositories, site.registry, Listing(name.value, limit=OF_THE_CONSOLE), EVERYONE)


def _push(site: Site) -> Iterator[Work]:
    """Of another manifest with blobs that its repository has, under a tag of its own."""
    for name in _names(site):
        known = pull.find_manifest(site.registry, name, Tag.parse("v0"), content=True)
        assert known.content is not None
        document = json.loads(known.content)
        document["annotations"] = {"org.opencontainers.image.version": secrets.token_hex(16)}
        assert document["config"]["mediaType"] == CONFIG_TYPE
        assert document["layers"][0]["mediaType"] == LAYER_TYPE
        content = json.dumps(document).encode()
        tag = Tag.parse(f"pushed-{secrets.token_hex(8)}")
        yield partial(push.push_manifest, site.registry, name, tag, content, MANIFEST_TYPE)


def _delete_tag(site: Site) -> Iterator[Work]:
    """Of a version that keeps another: tagged again before, which is not timed."""
    for name in _names(site):
        known = pull.find_manifest(site.registry, name, site.version(), content=True)
        assert known.content is not None
        tag = Tag.parse(f"more-{secrets.token_hex(8)}")
        push.push_manifest(site.registry, name, tag, known.content, known.media_type)
        yield partial(deletion.delete, site.registry, Target(name, tag))


def _plan(site: Site) -> Iterator[Work]:
    for name in _names(site):
        yield partial(deletion.plan, site.registry, Target(name))


def _plan_large(site: Site) -> Iterator[Work]:
    while True:
        yield partial(deletion.plan, site.registry, Target(site.large))


def _delete(site: Site) -> Iterator[Work]:
    for name in _names(site):
        yield from _delete_and_restore(site, name)


def _delete_large(site: Site) -> Iterator[Work]:
    while True:
        yield from _delete_and_restore(site, site.large)


def _sweep(site: Site) -> Iterator[Work]:
    """All that purged repositories held: rows of manifests, links and blobs, and the files of these."""
    registry = site.without_grace
    while True:
        for _ in range(SWEPT):
            number = next(site.spare)
            _write_files(site, number)
            deletion.delete(registry, Target(site.name(number)), purge=True)
        swept: list[sweep.Swept | None] = []
        yield lambda swept=swept: swept.append(sweep.sweep(registry, "benchmark"))  # type: ignore[misc]
        [did] = swept
        blobs = SWEPT * (site.size.versions + 1)
        if did is None or (did.deletions, did.blobs, did.files) != (SWEPT, blobs, blobs):
            raise AssertionError(f"the sweep should have dropped {SWEPT} repositories and {blobs} blobs: {did}")


def _names(site: Site) -> Iterator[RepositoryName]:
    while True:
        yield from map(site.name, site.asked)


def _delete_and_restore(site: Site, name: RepositoryName) -> Iterator[Work]:
    done: list[deletion.Deleted] = []
    yield lambda: done.append(deletion.delete(site.registry, Target(name)))
    restore.restore(site.registry, done[0].id)


def _write_files(site: Site, repository: int) -> None:
    """The files of the blobs that this repository alone has, empty."""
    first = (repository - 1) * site.size.versions + 1
    blobs = [*range(first, first + site.size.versions), site.size.first_layer + repository]
    rows = site.registry.database.read(lambda tx: tx.all("select key from blob where id in :ids", ids=blobs))
    for (key,) in rows:
        file = blob_path(site.folder, Key(key))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


OPERATIONS = (
    Operation("get-by-tag", "manifest GET by tag", _by_tag, 5000, ASKED),
    Operation("get-by-digest", "manifest GET by digest", _by_digest, 5000, ASKED),
    Operation("catalog", f"page of {PAGE} of the catalog, from anywhere in it", _catalog, 2000, ASKED),
    Operation("tags", "page of the tags of a repository of 10", _tags, 5000, ASKED),
    Operation("tags-large", f"page of {PAGE} of the tags of one of 10,000", _large_tags, 1000, PAGE),
    Operation("console", f"console: page of {OF_THE_CONSOLE} repositories by name", _console, 500, 10),
    Operation("console-size", f"console: the {OF_THE_CONSOLE} largest repositories", _console_by_size, 500, 10),
    Operation("search", "console: search for a name that one repository has", _search, 50, 2),
    Operation("push", "push of a manifest with a tag", _push, 2000, ASKED),
    Operation("delete-tag", "tag delete", _delete_tag, 2000, ASKED),
    Operation("plan", "plan of deleting a repository of 10 tags", _plan, 2000, ASKED),
    Operation("plan-large", "plan of deleting one of 10,000 tags", _plan_large, 100, 2),
    Operation("delete", "delete of a repository of 10 tags", _delete, 1000, ASKED),
    Operation("delete-large", "delete of one of 10,000 tags", _delete_large, 40, 2),
    Operation("sweep", f"sweep of {SWEPT * 10:,} manifests and their {SWEPT * 11:,} blobs", _sweep, 4, 1),
)
