"""Items of a plan: one thing that goes, why it goes, and what stays beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jettison.client.fields import digest_or_none, entries, integer_or_none, text, text_or_none
from jettison.oci.digest import Digest
from jettison.oci.errors import Json
from jettison.oci.reference import Reference, RepositoryName, Tag


class Kind(StrEnum):
    """What an item is: a tag alone, a version (a manifest, by its digest), or a repository."""

    TAG = "tag"
    VERSION = "version"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class Stay:
    """Something that one might expect to go, and why it stays."""

    what: str
    """As a person reads it: `tag v2`, `sha256:...`, `the name team/app`."""
    reason: str

    def to_json(self) -> dict[str, Json]:
        """The same as a JSON object."""
        return {"what": self.what, "reason": self.reason}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Stay:
        """What `to_json` wrote. Raises Invalid."""
        return cls(text(value, "what"), text(value, "reason"))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that goes.

    - `digest`: of a tag, what it pointed at when the plan was made; of a version, the version. None of a repository.
    - `part_of`: the version that brings this one with it: the index whose platform it is, or the subject that it refers
      to. None where it goes for its own sake.
    - `tags`: the tags that go with it: of a version all that point at it, of a repository all that it has.
    - `children`, `referrers`: versions that go with a version; each is an item of its own too.
    - `stays`: what one might expect to go with it, and why it does not.
    - `size`: bytes of all that a version holds (manifest, config, layers), whoever else holds them; None: not read.
    - `freed`: bytes that come back for this item alone; None where the registry does not tell.
    - `versions`: how many manifests go with a repository; None: not known.
    """

    kind: Kind
    repository: RepositoryName
    reason: str
    tag: Tag | None = None
    digest: Digest | None = None
    media_type: str | None = None
    part_of: Digest | None = None
    tags: tuple[Tag, ...] = ()
    children: tuple[Digest, ...] = ()
    referrers: tuple[Digest, ...] = ()
    stays: tuple[Stay, ...] = ()
    size: int | None = None
    freed: int | None = None
    versions: int | None = None

    @property
    def reference(self) -> Reference | None:
        """What the registry is asked to delete: a tag, a digest, or None for the whole repository."""
        return self.tag if self.kind is Kind.TAG else self.digest

    @property
    def name(self) -> str:
        """The item as a person writes it: `team/app:v1`, `team/app@sha256:...`, `team/app`."""
        if self.kind is Kind.TAG:
            return f"{self.repository}:{self.tag}"
        return str(self.repository) if self.digest is None else f"{self.repository}@{self.digest}"

    def to_json(self) -> dict[str, Json]:
        """The item as a JSON object; what is absent or empty is left out."""
        made: dict[str, Json] = {"kind": str(self.kind), "repository": str(self.repository), "reason": self.reason}
        known: dict[str, Json] = {
            "tag": None if self.tag is None else str(self.tag),
            "digest": None if self.digest is None else str(self.digest),
            "mediaType": self.media_type,
            "part_of": None if self.part_of is None else str(self.part_of),
            "size": self.size,
            "freed": self.freed,
            "versions": self.versions,
        }
        lists: dict[str, list[Json]] = {
            "tags": [str(tag) for tag in self.tags],
            "children": [str(digest) for digest in self.children],
            "referrers": [str(digest) for digest in self.referrers],
            "stays": [stay.to_json() for stay in self.stays],
        }
        made |= {name: value for name, value in known.items() if value is not None}
        return made | {name: value for name, value in lists.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Item:
        """What `to_json` wrote. Raises Invalid, DigestInvalid, TagInvalid or NameInvalid."""
        tag = text_or_none(value, "tag")
        return cls(
            kind=Kind(text(value, "kind")),
            repository=RepositoryName.parse(text(value, "repository")),
            reason=text(value, "reason"),
            tag=None if tag is None else Tag.parse(tag),
            digest=digest_or_none(value, "digest"),
            media_type=text_or_none(value, "mediaType"),
            part_of=digest_or_none(value, "part_of"),
            tags=tuple(Tag.parse(str(each)) for each in entries(value, "tags")),
            children=tuple(Digest.parse(str(each)) for each in entries(value, "children")),
            referrers=tuple(Digest.parse(str(each)) for each in entries(value, "referrers")),
            stays=tuple(Stay.from_json(each) for each in entries(value, "stays") if isinstance(each, Mapping)),
            size=integer_or_none(value, "size"),
            freed=integer_or_none(value, "freed"),
            versions=integer_or_none(value, "versions"),
        )
