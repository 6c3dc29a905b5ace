"""Manifests that another registry has taken: read as CNCF distribution reads what it has stored.

What is pushed here is read by `Manifest.parse`, which refuses what means one thing to one client and another to the
next. Distribution was less strict, and what it serves is served on, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from jettison.oci.descriptor import Descriptor, checked_media_type
from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, ManifestInvalid, quoted
from jettison.oci.manifest import Manifest
from jettison.oci.media_types import (
    IMAGE_TYPES,
    INDEX_TYPES,
    MANIFEST_TYPES,
    OCI_ARTIFACT,
    OCI_IMAGE,
    OCI_INDEX,
    is_non_distributable,
)

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a manifest that distribution reads."""


def read_served(content: bytes, algorithm: str = "sha256") -> Manifest:
    """The manifest that distribution would serve, with the media type that it would give.

    Raises ManifestInvalid, with the reason, for what it would answer with an error.
    """
    if len(content) > LARGEST:
        raise ManifestInvalid(f"it has {len(content)} bytes, and distribution reads at most {LARGEST}")
    try:
        return Manifest.parse(content, None, algorithm)
    except ManifestInvalid:
        fields = _read(content)
    return read_stored(content, _media_type(fields), algorithm)


def read_stored(content: bytes, media_type: str, algorithm: str = "sha256") -> Manifest:
    """The manifest that is stored with `media_type`: as `Manifest.parse` reads it, else as far as it can be read.

    Raises ManifestInvalid where the type is not that of a manifest, or the fields that name other content are not of
    the types that they must be.
    """
    try:
        return Manifest.parse(content, media_type, algorithm)
    except ManifestInvalid:
        if media_type not in MANIFEST_TYPES:
            raise
        return _loosely(_read(content), content, media_type, algorithm)


def _read(content: bytes) -> dict[str, Any]:
    """The fields of the top, as Go reads them: by names in any case, the last one counting, null being nothing."""
    try:
        pairs = json.loads(content, object_pairs_hook=_Pairs)
    except RecursionError:
        raise ManifestInvalid("it nests deeper than can be read") from None
    except ValueError as error:
        raise ManifestInvalid(f"it is not JSON: {error}" if content else "it is empty") from None
    if not isinstance(pairs, _Pairs):
        raise ManifestInvalid("it is not a JSON object")
    return _folded(pairs)


class _Pairs(list[tuple[str, Any]]):
    """The fields of an object, in order, whatever their names."""


def _folded(pairs: _Pairs) -> dict[str, Any]:
    return {name.casefold(): value for name, value in pairs if value is not None}


def _media_type(fields: Mapping[str, Any]) -> str:
    """The Content-Type that distribution gives: the body's own, else an index if it lists manifests, else an image."""
    own = fields.get("mediatype", "")
    if own == OCI_ARTIFACT:
        return OCI_ARTIFACT
    version = fields.get("schemaversion", 0)
    if type(version) is not int or version != 2:
        kind = "a schema 1 manifest, which is not supported" if version == 1 else "of no schema version that is known"
        raise ManifestInvalid(f"it is {kind} (schemaVersion {version!r})")
    if own == "":
        return OCI_INDEX if "manifests" in fields else OCI_IMAGE
    if own not in MANIFEST_TYPES:
        raise ManifestInvalid(f"its media type {quoted(str(own))} is none that is known")
    return str(own)


def _loosely(fields: Mapping[str, Any], content: bytes, media_type: str, algorithm: str) -> Manifest:
    image = media_type in IMAGE_TYPES
    config = _descriptor(fields["config"], "config") if image and "config" in fields else None
    listed = _descriptors(fields, "layers" if image else "blobs") if media_type not in INDEX_TYPES else []
    needed = [each for each in ([config] if config else []) + listed if not is_non_distributable(each.media_type)]
    elsewhere = [each for each in listed if is_non_distributable(each.media_type)]
    return Manifest(
        content=content,
        digest=Digest.of(content, algorithm),
        media_type=media_type,
        artifact_type=_type_or_none(fields.get("artifacttype")) or (config.media_type or None if config else None),
        subject=_descriptor(fields["subject"], "subject") if "subject" in fields else None,
        annotations=_texts(fields.get("annotations")),
        config=config,
        blobs=_once_each(needed),
        children=_once_each(_descriptors(fields, "manifests")) if media_type in INDEX_TYPES else (),
        elsewhere=tuple(each for each in _once_each(elsewhere) if each.digest not in {n.digest for n in needed}),
    )


def _descriptors(fields: Mapping[str, Any], name: str) -> list[Descriptor]:
    values = fields.get(name, [])
    if isinstance(values, _Pairs) or not isinstance(values, list):
        raise ManifestInvalid(f"its {name} are not a list")
    return [found for value in values if value is not None and (found := _descriptor(value, name)) is not None]


def _descriptor(value: Any, name: str) -> Descriptor | None:
    """What it points to; None where it has no digest that can be."""
    if not isinstance(value, _Pairs):
        raise ManifestInvalid(f"its {name} is not an object")
    fields = _folded(value)
    digest, size = fields.get("digest", ""), fields.get("size", 0)
    if not isinstance(digest, str) or type(size) is not int:
        raise ManifestInvalid(f"its {name} has a digest or a size that is none")
    try:
        parsed = Digest.parse(digest)
    except DigestInvalid:
        return None
    return Descriptor(
        media_type=_type_or_none(fields.get("mediatype")) or "",
        digest=parsed,
        size=max(size, 0),
        artifact_type=_type_or_none(fields.get("artifacttype")),
        annotations=_texts(fields.get("annotations")),
    )


def _type_or_none(value: Any) -> str | None:
    try:
        return checked_media_type(value, "") if isinstance(value, str) else None
    except ManifestInvalid:
        return None


def _texts(value: Any) -> dict[str, str]:
    pairs = value if isinstance(value, _Pairs) else []
    return {name: text for name, text in pairs if isinstance(text, str) and name.isprintable() and _is_utf8(name, text)}


def _is_utf8(*texts: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for text in texts for character in text)


def _once_each(descriptors: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    first: dict[Digest, Descriptor] = {}
    for descriptor in descriptors:
        first.setdefault(descriptor.digest, descriptor)
    return tuple(first.values())
