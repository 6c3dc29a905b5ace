"""What repositories hold, as far as their tags lead: manifests, and when they were made. Many requests at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from jettison.oci.media_types import MANIFEST_TYPES

if TYPE_CHECKING:
    from jettison.client.manifest import Manifest
    from jettison.client.repository import Repository
    from jettison.oci.digest import Digest
    from jettison.oci.reference import Reference, Tag

CREATED: Final = "org.opencontainers.image.created"
LARGEST_CONFIG: Final = 4 * 1024 * 1024
EARLIEST: Final = datetime(1980, 1, 2, tzinfo=UTC)
"""What is older was not made then: builds that are to be repeatable write 1970, 1980 or the year 1."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The tags of one repository with what they point at, and the manifests that are held by these."""

    repository: Repository
    tags: Mapping[Tag, Manifest]
    held: Mapping[Digest, Manifest] = field(default_factory=dict)

    @property
    def manifests(self) -> dict[Digest, Manifest]:
        """Each manifest once: those with tags first."""
        return {each.digest: each for each in self.tags.values()} | dict(self.held)

    def tags_of(self, digest: Digest) -> list[Tag]:
        """The tags of a version."""
        return [tag for tag, manifest in self.tags.items() if manifest.digest == digest]


def read(repositories: Sequence[Repository], *, children: bool = True) -> list[Contents]:
    """What these repositories of one registry hold; with `children`, what indexes list too. Raises ClientError.

    What goes away meanwhile is left out, and so is a repository that is not there.
    """
    if not repositories:
        return []
    listed = list(repositories[0].transport.gather(partial(_tags, each) for each in repositories))
    return _read(repositories, listed, children=children)


def read_tags(repository: Repository, tags: Sequence[Tag]) -> Contents:
    """The same of some tags of one repository."""
    return _read([repository], [tags], children=True)[0]


def below(repository: Repository, root: Manifest) -> dict[Digest, Manifest]:
    """A manifest, and those that it lists, down to the last."""
    (held,) = _held([repository], [[root]])
    return {root.digest: root} | held


def _read(repositories: Sequence[Repository], listed: Sequence[Sequence[Tag]], *, children: bool) -> list[Contents]:
    gather = repositories[0].transport.gather
    asked = [(place, tag) for place, tags in enumerate(listed) for tag in tags]
    found = gather(partial(_manifest, repositories[place], tag) for place, tag in asked)
    tags: list[dict[Tag, Manifest]] = [{} for _ in repositories]
    for (place, tag), manifest in zip(asked, found, strict=True):
        if manifest is not None:
            tags[place][tag] = manifest
    held = _held(repositories, [list(each.values()) for each in tags]) if children else [{} for _ in repositories]
    return [Contents(*each) for each in zip(repositories, tags, held, strict=True)]


def _held(repositories: Sequence[Repository], roots: Sequence[Sequence[Manifest]]) -> list[dict[Digest, Manifest]]:
    """The manifests that indexes list, down to the last. A digest is read once, of whichever repository has it."""
    known = {manifest.digest: manifest for each in roots for manifest in each}
    fronts = [list(each) for each in roots]
    while any(fronts):
        wanted: dict[Digest, Repository] = {}
        for place, front in enumerate(fronts):
            for digest in _children(front):
                if digest not in known:
                    wanted.setdefault(digest, repositories[place])
        found = repositories[0].transport.gather(partial(_manifest, each, digest) for digest, each in wanted.items())
        fresh = {each.digest: each for each in found if each is not None}
        known |= fresh
        fronts = [[fresh[digest] for digest in _children(front) if digest in fresh] for front in fronts]
    return [_closure(each, known) for each in roots]


def _closure(roots: Sequence[Manifest], known: Mapping[Digest, Manifest]) -> dict[Digest, Manifest]:
    """What these list, down to the last, without themselves."""
    found: dict[Digest, Manifest] = {}
    front = roots
    while front:
        front = [known[digest] for digest in _children(front) if digest in known and digest not in found]
        found |= {each.digest: each for each in front}
    rooted = {each.digest for each in roots}
    return {digest: each for digest, each in found.items() if digest not in rooted}


def _children(manifests: Iterable[Manifest]) -> list[Digest]:
    """The manifests that these list; build caches list blobs too, which are none."""
    return [child.digest for each in manifests for child in each.children if child.media_type in MANIFEST_TYPES]


def dates(repository: Repository, manifests: Mapping[Digest, Manifest]) -> dict[Digest, datetime | None]:
    """When each of these was made, as they say themselves: registries of OCI distribution tell no time of a push.

    That is the annotation `org.opencontainers.image.created`, else what an image's config says, else of an index the
    latest of what it lists. None where nothing says it, or something says what cannot be.
    """
    configs = {
        manifest.config.digest: None
        for manifest in manifests.values()
        if CREATED not in manifest.annotations and manifest.config is not None and "image" in manifest.config.media_type
    }
    read = repository.transport.gather(partial(_created, repository, digest) for digest in configs)
    made: dict[Digest, datetime | None] = dict(zip(configs, read, strict=True))
    found: dict[Digest, datetime | None] = {}
    for digest, manifest in manifests.items():
        own = None if manifest.config is None else made.get(manifest.config.digest)
        found[digest] = when(manifest.annotations.get(CREATED)) if CREATED in manifest.annotations else own
    for digest, manifest in manifests.items():
        if found[digest] is None and manifest.is_index:
            listed = [at for child in manifest.children if (at := found.get(child.digest)) is not None]
            found[digest] = max(listed, default=None)
    return found


def when(text: object) -> datetime | None:
    """The time that a text of RFC 3339 writes; None where it writes none, or one that is not meant."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at if at >= EARLIEST else None


def _created(repository: Repository, digest: Digest) -> datetime | None:
    from jettison.client.errors import NotFound

    try:
        config = json.loads(repository.read_blob(digest, LARGEST_CONFIG))
    except (NotFound, ValueError, RecursionError):
        return None
    return when(config.get("created")) if isinstance(config, dict) else None


def _tags(repository: Repository) -> list[Tag]:
    from jettison.client.errors import NotFound

    try:
        return list(repository.tags())
    except NotFound:
        return []


def _manifest(repository: Repository, reference: Reference) -> Manifest | None:
    from jettison.client.errors import NotFound

    try:
        return repository.manifest(reference)
    except NotFound:
        return None
