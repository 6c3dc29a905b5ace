"""Manifests: what is pushed and pulled under a tag or digest, read without changing a byte.

OCI image 1.1, "Image Manifest" and "Image Index"; Docker's image manifest, version 2, schema 2; and the artifact
manifest of OCI image 1.1's release candidates, which registries still hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from jettison.oci.descriptor import Descriptor, read_artifact_type
from jettison.oci.digest import Digest
from jettison.oci.document import Fields, folded, read_object, shown
from jettison.oci.errors import ManifestInvalid, quoted
from jettison.oci.media_types import (
    IMAGE_TYPES,
    INDEX_TYPES,
    MANIFEST_TYPES,
    OCI_ARTIFACT,
    SCHEMA1_TYPES,
    is_non_distributable,
)

_FIELDS: Final = folded(
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "blobs",
    "subject",
    "annotations",
    "fsLayers",
)
_FOREIGN: Final = {
    **dict.fromkeys(IMAGE_TYPES, ("manifests",)),
    **dict.fromkeys(INDEX_TYPES, ("config", "layers")),
    OCI_ARTIFACT: ("config", "layers", "manifests"),
}
_SCHEMA1: Final = (
    "schema 1 manifests are not supported: push with a client newer than docker 1.10, "
    "or convert the image, for example with `skopeo copy --format v2s2`"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest: its exact bytes, their digest, and what the registry has to know of them.

    - `artifact_type`: the manifest's own, else for an image the media type of its config (OCI distribution 1.1,
      "Listing Referrers"); None for an index without one.
    - `blobs`: what an image cannot do without, its config and its distributable layers, each digest once, in order.
    - `children`: the entries of an index, each digest once, in order; manifests, or blobs (build caches).
    - `elsewhere`: the non-distributable layers. The registry need not have them, and must keep those that it has.
    """

    content: bytes = field(repr=False)
    digest: Digest
    media_type: str
    artifact_type: str | None
    subject: Descriptor | None
    annotations: Mapping[str, str] = field(hash=False)
    config: Descriptor | None
    blobs: tuple[Descriptor, ...]
    children: tuple[Descriptor, ...]
    elsewhere: tuple[Descriptor, ...]

    @property
    def is_index(self) -> bool:
        """Whether this is an index (or in Docker's words a manifest list)."""
        return self.media_type in INDEX_TYPES

    @classmethod
    def parse(cls, content: bytes, media_type: str | None, algorithm: str = "sha256") -> Manifest:
        """The manifest that `content` is, named by its digest of `algorithm`.

        `media_type` is the Content-Type without parameters; where it is None or empty, the body's own counts.
        Raises ManifestInvalid, naming the place and the fix, and DigestInvalid for an algorithm that is not supported.
        """
        # A media type that is not stored is refused before anything is spent on the body.
        declared = _stored(media_type.strip().lower()) if media_type else None
        fields = read_object(content)
        fields.check_spelling(_FIELDS)
        stated = _read_media_type(fields, declared)
        _check_one_kind(fields, stated)
        config = _read_config(fields, stated)
        layers = _read_layers(fields, stated)
        needed = [layer for layer in layers if not is_non_distributable(layer.media_type)]
        blobs = _once_each(needed if config is None else [config, *needed])
        subject = fields.nested("subject")
        artifact_type = read_artifact_type(fields)
        return cls(
            content=content,
            digest=Digest.of(content, algorithm),
            media_type=stated,
            artifact_type=config.media_type if artifact_type is None and config is not None else artifact_type,
            subject=None if subject is None else Descriptor.read(subject),
            annotations=fields.annotations(),
            config=config,
            blobs=blobs,
            children=_read_children(fields, stated),
            elsewhere=_once_each((layer for layer in layers if is_non_distributable(layer.media_type)), blobs),
        )


def _stored(media_type: str) -> str:
    if media_type in SCHEMA1_TYPES:
        raise ManifestInvalid(f"media type {media_type}: {_SCHEMA1}")
    if media_type not in MANIFEST_TYPES:
        raise ManifestInvalid(
            f"media type {quoted(media_type)} is not that of a manifest this registry stores: "
            f"set Content-Type to one of {', '.join(sorted(MANIFEST_TYPES))}"
        )
    return media_type


def _read_media_type(fields: Fields, declared: str | None) -> str:
    version = fields.values.get("schemaVersion")
    if (type(version) is int and version == 1) or fields.has("fsLayers"):
        raise ManifestInvalid(_SCHEMA1)
    own = fields.text("mediaType")
    if own is not None and declared is not None and own != declared:
        raise ManifestInvalid(
            f"mediaType in the body is {quoted(own)} and Content-Type is {quoted(declared)}: they must be the same"
        )
    media_type = declared or own
    if media_type is None:
        raise ManifestInvalid("the manifest has no media type: set Content-Type, and mediaType in the body")
    if media_type == OCI_ARTIFACT:
        # This kind has no schema version, and must itself say what it is.
        if own is None:
            raise ManifestInvalid("mediaType is required in an artifact manifest")
    elif type(version) is not int or version != 2:
        raise ManifestInvalid(f"schemaVersion must be 2, and is {shown(version)}")
    return _stored(media_type)


def _check_one_kind(fields: Fields, media_type: str) -> None:
    # CVE-2021-41190: a body that is two kinds at once is one thing to one client and another to the next.
    for name in _FOREIGN[media_type]:
        if fields.has(name):
            raise ManifestInvalid(f"a manifest of type {media_type} must not have the field {name!r}: it is ambiguous")


def _read_layers(fields: Fields, media_type: str) -> list[Descriptor]:
    """What `layers` or `blobs` lists, under whichever name the type has it."""
    if media_type in INDEX_TYPES:
        return []
    return [Descriptor.read(each) for each in fields.objects("blobs" if media_type == OCI_ARTIFACT else "layers")]


def _read_children(fields: Fields, media_type: str) -> tuple[Descriptor, ...]:
    if media_type not in INDEX_TYPES:
        return ()
    return _once_each(Descriptor.read(each) for each in fields.objects("manifests"))


def _read_config(fields: Fields, media_type: str) -> Descriptor | None:
    if media_type not in IMAGE_TYPES:
        return None
    config = fields.nested("config")
    if config is None:
        raise ManifestInvalid("config is required")
    return Descriptor.read(config)


def _once_each(descriptors: Iterable[Descriptor], known: Iterable[Descriptor] = ()) -> tuple[Descriptor, ...]:
    """The first descriptor of each digest, in order, without the digests of the `known`."""
    seen = {descriptor.digest for descriptor in known}
    first: dict[Digest, Descriptor] = {}
    for descriptor in descriptors:
        if descriptor.digest not in seen:
            first.setdefault(descriptor.digest, descriptor)
    return tuple(first.values())
