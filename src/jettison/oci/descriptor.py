"""Descriptors: what a manifest says of the content it needs, from OCI image 1.1, "OCI Content Descriptors"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jettison.oci.digest import Digest
from jettison.oci.document import Fields, folded
from jettison.oci.errors import DigestInvalid, Json, ManifestInvalid, quoted

_FIELDS: Final = folded("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform")
_PLATFORM_TEXTS: Final = ("architecture", "os", "os.version", "variant")
_PLATFORM_LISTS: Final = ("os.features", "features")

# Looser than RFC 6838: artifacts in use carry parameters. Nothing that could leave a header's line passes.
_matches_media_type = re.compile(r"[!-~]+/[!-~][ -~]{0,254}").fullmatch


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content: its type, digest and size in bytes, and what else is told of it.

    `artifact_type` is None where it is absent or empty; `platform` has the fields that the specification names, in
    its spelling, and is None where it is absent; `urls` are other places where the content may be had.
    """

    media_type: str
    digest: Digest
    size: int
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Mapping[str, Json] | None = field(default=None, hash=False)
    urls: tuple[str, ...] = ()

    @classmethod
    def parse(cls, obj: object, where: str) -> Descriptor:
        """The descriptor that a JSON value is; `where` says in messages where it lies, as in `layers[3]`.

        Raises ManifestInvalid. Fields that the specification does not name are legal, and left out.
        """
        return cls.read(Fields(obj, where))

    @classmethod
    def read(cls, fields: Fields) -> Descriptor:
        """The descriptor that these fields make. Raises ManifestInvalid."""
        fields.check_spelling(_FIELDS)
        fields.text("data")
        return cls(
            media_type=checked_media_type(fields.required_text("mediaType"), fields.path("mediaType")),
            digest=_digest(fields),
            size=fields.size("size"),
            artifact_type=read_artifact_type(fields),
            annotations=fields.annotations(),
            platform=_platform(fields),
            urls=tuple(fields.texts("urls")),
        )

    def to_json(self) -> dict[str, Json]:
        """The descriptor as a JSON object; what is absent or empty is left out."""
        made: dict[str, Json] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.artifact_type is not None:
            made["artifactType"] = self.artifact_type
        if self.annotations:
            made["annotations"] = dict(self.annotations)
        if self.platform is not None:
            made["platform"] = dict(self.platform)
        return made


def checked_media_type(text: str, where: str) -> str:
    """`text`, if it can be a media type. Raises ManifestInvalid."""
    if _matches_media_type(text) is None:
        raise ManifestInvalid(f"{where} must be a media type such as 'application/json', and is {quoted(text)}")
    return text


def read_artifact_type(fields: Fields) -> str | None:
    """The field `artifactType`; None if it is absent or empty. Raises ManifestInvalid."""
    text = fields.text("artifactType")
    return None if text is None else checked_media_type(text, fields.path("artifactType"))


def _digest(fields: Fields) -> Digest:
    try:
        return Digest.parse(fields.required_text("digest"))
    except DigestInvalid as error:
        raise ManifestInvalid(f"{fields.path('digest')}: {error.message}") from None


def _platform(fields: Fields) -> Mapping[str, Json] | None:
    platform = fields.nested("platform")
    if platform is None:
        return None
    texts = {name: text for name in _PLATFORM_TEXTS if (text := platform.text(name)) is not None}
    lists = {name: list_ for name in _PLATFORM_LISTS if (list_ := platform.texts(name))}
    return {**texts, **lists}
