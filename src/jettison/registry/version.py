"""One version, with all there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jettison.metadata import manifests, overview_versions
from jettison.metadata.database import Transaction
from jettison.metadata.manifests import StoredManifest
from jettison.metadata.overview_versions import Sharing
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.errors import Json, ManifestInvalid, ManifestUnknown
from jettison.oci.lenient import read_stored
from jettison.oci.manifest import Manifest
from jettison.oci.reference import Reference, RepositoryName
from jettison.registry.access import Action, Caller
from jettison.registry.belongings import Belongings
from jettison.registry.config import Config, ConfigUnreadable, platform_of, read_config
from jettison.registry.registry import Registry
from jettison.registry.versions import Version, made
from jettison.registry.why import Why, why_is

MOST_IMAGES = 50
"""Entries of an index that are told of, each with its layers."""

MOST_OTHERS = 20
"""Other repositories that have a layer, which are named."""

OTHERS_READ = 200
"""The same that are looked at, for a caller who may list some of them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A blob that it needs: a layer or the config. ``here`` is False where the repository does not have it.

    ``others`` are some of the other live repositories that have it, those that the caller may list, by name;
    ``shared`` says whether any other has it at all; to a caller who does not list all, whether one that it lists has.
    """

    digest: Digest
    media_type: str
    size: int
    here: bool
    shared: bool
    others: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "mediaType": self.media_type,
            "size": self.size,
            "here": self.here,
            "shared": self.shared,
            "others": list(self.others),
        }


@dataclass(frozen=True, slots=True)
class Image:
    """One image of it: for an index each entry, else the version itself.

    ``platform`` is as `linux/arm64/v8`, empty where it is not known or none (an attestation). ``size`` is of what it
    needs, each once, itself too. ``here`` is False where the repository does not have it; ``layers`` and ``config``
    are then empty. ``config`` is None where there is
    none, or none that can be read; ``config_problem`` then says why.
    """

    digest: Digest
    media_type: str
    platform: str
    size: int
    here: bool
    layers: tuple[Layer, ...]
    config: Config | None
    config_problem: str | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "mediaType": self.media_type,
            "platform": self.platform,
            "size": self.size,
            "here": self.here,
            "layers": [layer.to_json() for layer in self.layers],
            "config": self.config.to_json() if self.config else None,
            "config_problem": self.config_problem,
        }


@dataclass(frozen=True, slots=True)
class Whole:
    """A version whole. ``within`` are the indexes of the repository that hold it. ``manifest`` is the exact text.

    ``left_out`` counts entries of a long index that are not among ``images``.

    ``annotations`` and all else of the manifest were written by whoever pushed it: text to be shown, never trusted.
    """

    repository: str
    version: Version
    annotations: dict[str, str]
    subject: Digest | None
    within: tuple[Digest, ...]
    images: tuple[Image, ...]
    left_out: int
    manifest: str

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "repository": self.repository,
            **self.version.to_json(),
            "annotations": dict(self.annotations),
            "subject": str(self.subject) if self.subject else None,
            "within": [str(digest) for digest in self.within],
            "images": [image.to_json() for image in self.images],
            "left_out": self.left_out,
            "manifest": self.manifest,
        }


def version(registry: Registry, name: RepositoryName, reference: Reference, caller: Caller) -> Whole:
    """The version of that tag or digest. Notes no pull. Raises ManifestUnknown.

    Whether the caller may pull ``name`` is the edge's to ask; other repositories are named as it may list them.
    """

    def work(tx: Transaction) -> _Read:
        if isinstance(reference, Digest):
            found = manifests.by_digest(tx, name.value, reference)
        else:
            found = manifests.by_tag(tx, name.value, reference.value)
        if found is None:
            message = f"{name} has no version {reference}"
            raise ManifestUnknown(message, {"name": str(name), "reference": str(reference)})
        return _Read(tx, name.value, found)

    read = registry.database.read(work, snapshot=True)
    images = tuple(_image(registry, name.value, read, entry, caller) for entry in read.entries[:MOST_IMAGES])
    platforms = tuple(dict.fromkeys(image.platform for image in images if image.platform))
    parsed = read.manifest
    return Whole(
        str(name),
        made(read.found, read.belongings, platforms),
        dict(parsed.annotations) if parsed else {},
        read.found.subject,
        tuple(read.within),
        images,
        max(len(read.entries) - MOST_IMAGES, 0),
        (read.stored.content or b"").decode("utf-8", "replace"),
    )


def why_here(registry: Registry, digest: Digest, caller: Caller) -> Why:
    """What holds a digest, see :func:`.why.why_is`, as far as the caller may see.

    That is in live repositories that it may list, and in what deletions took where it may delete. Who does not list
    all learns nothing of how many there are in all, nor when it goes; nor, where nothing of that has it, whether the
    registry does.
    """
    why = why_is(registry, digest)
    if caller.lists_all and caller.may(Action.DELETE):
        return why
    places = tuple(
        place
        for place in why.places
        if caller.may_list(place.repository) and (place.deletion is None or caller.may(Action.DELETE, place.repository))
    )
    uploads = tuple(upload for upload in why.uploads if caller.may(Action.PUSH, upload.repository))
    awaited_by = tuple((name, each) for name, each in why.awaited_by if caller.may_list(name))
    if not (places or uploads or awaited_by):
        return Why(digest, None, False, False, False, 0, (), (), (), None)
    needing = sum(holder.itself for place in places for holder in place.holders)
    return replace(why, places=places, uploads=uploads, awaited_by=awaited_by, versions=needing, going=None)


class _Read:
    """What the database says of a version, as of one moment."""

    def __init__(self, tx: Transaction, name: str, stored: StoredManifest) -> None:
        self.stored = stored
        [self.found] = overview_versions.of_ids(tx, [stored.id])
        self.manifest = _parsed(stored.content or b"", stored.media_type)
        self.belongings = Belongings.of(tx, stored.repository, [self.found])
        self.within = overview_versions.parents(tx, stored.id)
        itself = Descriptor(stored.media_type, stored.digest, stored.size)
        is_index = self.manifest is not None and self.manifest.is_index
        self.entries = self.manifest.children if self.manifest and is_index else (itself,)
        self.images = {stored.digest: self.manifest}
        self.ids = {stored.digest: stored.id}
        if is_index:
            for entry in self.entries[:MOST_IMAGES]:
                child = manifests.by_digest(tx, name, entry.digest)
                if child is not None and child.content is not None:
                    self.images[entry.digest] = _parsed(child.content, child.media_type)
                    self.ids[entry.digest] = child.id
        inside = overview_versions.of_ids(tx, self.ids.values())
        self.sizes = Belongings.of(tx, stored.repository, inside)
        needed = {layer.digest for image in self.images.values() if image is not None for layer in _needed(image)}
        needed |= {entry.digest for entry in self.entries[:MOST_IMAGES]}
        self.sharing = overview_versions.sharing(tx, stored.repository, needed, OTHERS_READ)


def _parsed(content: bytes, media_type: str) -> Manifest | None:
    try:
        return read_stored(content, media_type)
    except ManifestInvalid:
        return None


def _needed(manifest: Manifest) -> tuple[Descriptor, ...]:
    return (*manifest.blobs, *manifest.elsewhere)


def _image(registry: Registry, name: str, read: _Read, entry: Descriptor, caller: Caller) -> Image:
    manifest = read.images.get(entry.digest)
    config: Config | None = None
    problem: str | None = None
    if manifest is not None and manifest.config is not None:
        try:
            config = read_config(registry, name, manifest.config)
        except ConfigUnreadable as error:
            problem = str(error)
    layers = [] if manifest is None else [each for each in _needed(manifest) if each != manifest.config]
    platform = platform_of(entry.platform) if entry.platform is not None else config.platform if config else ""
    here = entry.digest in read.ids or entry.digest in read.sharing
    return Image(
        entry.digest,
        entry.media_type,
        platform,
        read.sizes.size(read.ids[entry.digest]) if entry.digest in read.ids else entry.size,
        here,
        tuple(_layer(layer, read.sharing.get(layer.digest), caller) for layer in layers),
        config,
        problem,
    )


def _layer(layer: Descriptor, sharing: Sharing | None, caller: Caller) -> Layer:
    others = tuple(name for name in sharing.others if caller.may_list(name))[:MOST_OTHERS] if sharing else ()
    return Layer(
        layer.digest,
        layer.media_type,
        sharing.size if sharing else layer.size,
        sharing is not None,
        bool(others) or bool(caller.lists_all and sharing and sharing.others),
        others,
    )
