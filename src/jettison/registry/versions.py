"""The versions of a repository as people look for them: filtered, the newest first, with what belongs to each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jettison.metadata import manifests, overview_versions, repositories, tags
from jettison.metadata import platforms as known_platforms
from jettison.metadata.database import Transaction
from jettison.metadata.overview_versions import EVER, Choice, Found
from jettison.oci.digest import Digest
from jettison.oci.errors import Json, NameUnknown, PaginationInvalid, quoted
from jettison.oci.reference import RepositoryName
from jettison.registry.belongings import Belongings, Referring, Tagged
from jettison.registry.config import ConfigMissing
from jettison.registry.platforms import matches, platforms_of
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339
from jettison.selection.pattern import Pattern

__all__ = ["Referring", "Tagged", "Version", "Versions", "Wanted", "versions"]

READ_AT_ONCE = 500
"""Versions that are read at once where not all of them are shown."""

FEW = 500
"""Versions that a query is narrowed to; where more are chosen by their tags, they are looked for among all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which versions. Times are microseconds since 1970; ``after`` is the ``next`` of the page before.

    ``tag``: a tag of it matches. ``platform``: it is for this one (`linux/arm64`, or `linux`). ``untagged``: True is
    those without a tag only, False those with one only. ``since`` is the first moment of its push, ``until`` the one
    after the last.
    """

    tag: Pattern | None = None
    platform: str | None = None
    untagged: bool | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version. ``size`` is of all that it needs, manifests and blobs, each once; ``platforms`` as `linux/arm64/v8`.

    ``pulled_at`` is the last pull of it or of one of its platforms. Signatures and the like are in ``referrers``, and
    no versions of their own as long as there is what they are about.
    """

    digest: Digest
    media_type: str
    artifact_type: str | None
    size: int
    pushed_at: int
    pulled_at: int | None
    tags: tuple[Tagged, ...]
    platforms: tuple[str, ...]
    referrers: tuple[Referring, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "mediaType": self.media_type,
            "artifactType": self.artifact_type,
            "size": self.size,
            "pushed_at": rfc3339(self.pushed_at),
            "pulled_at": rfc3339(self.pulled_at),
            "tags": [tag.to_json() for tag in self.tags],
            "platforms": list(self.platforms),
            "referrers": [each.to_json() for each in self.referrers],
        }


@dataclass(frozen=True, slots=True)
class Versions:
    """A page, the newest version first. ``next`` is what asks for the one after it, None on the last."""

    versions: tuple[Version, ...]
    next: str | None


def versions(registry: Registry, name: RepositoryName, wanted: Wanted) -> Versions:
    """The versions that match, the newest first; those that are platforms of another and have no tag are within it.

    Raises NameUnknown, PaginationInvalid. Whether the caller may pull is the edge's to ask.
    """
    after = _place(wanted)

    def work(tx: Transaction) -> tuple[list[Found], Belongings]:
        repository = repositories.find_listed(tx, name.value)
        if repository is None:
            raise NameUnknown(f"there is no repository {name}", {"name": str(name)})
        found = _Search(registry, tx, name.value, repository, wanted).after(after)
        return found, Belongings.of(tx, repository, found[: wanted.limit])

    found, belongings = registry.database.read(work, snapshot=True)
    shown = found[: wanted.limit]
    platforms = _platforms(registry, name.value, shown)
    following = f"{shown[-1].pushed_at}.{shown[-1].id}" if len(found) > len(shown) else None
    return Versions(tuple(made(each, belongings, platforms[each.id]) for each in shown), following)


def made(found: Found, belongings: Belongings, platforms: tuple[str, ...]) -> Version:
    """The version with what belongs to it."""
    return Version(
        found.digest,
        found.media_type,
        found.artifact_type,
        belongings.size(found.id),
        found.pushed_at,
        belongings.pulled_at(found.id),
        belongings.tags(found.id),
        platforms,
        belongings.referrers(found.id),
    )


class _Search:
    """The versions of a repository that match, as of the moment of ``tx``."""

    def __init__(self, registry: Registry, tx: Transaction, name: str, repository: int, wanted: Wanted) -> None:
        self._registry = registry
        self._tx = tx
        self._name = name
        self._repository = repository
        self._wanted = wanted
        self._chosen = None if wanted.tag is None else frozenset(self._tagged(wanted.tag))
        self._choice = Choice(
            since=wanted.since or 0,
            until=EVER if wanted.until is None else wanted.until,
            untagged=wanted.untagged if self._chosen is None or wanted.untagged else False,
            ids=self._chosen if self._chosen is not None and len(self._chosen) <= FEW else None,
            platform=wanted.platform,
        )

    def after(self, place: tuple[int, int]) -> list[Found]:
        """One more than a page has, if there are so many."""
        found: list[Found] = []
        limit = rows_read = self._wanted.limit + 1
        while True:
            rows = overview_versions.page(self._tx, self._repository, self._choice, place, rows_read)
            chosen = rows if self._chosen is None else [each for each in rows if each.id in self._chosen]
            found += self._matching(chosen)
            if len(found) >= limit or len(rows) < rows_read:
                return found[:limit]
            place, rows_read = (rows[-1].pushed_at, rows[-1].id), READ_AT_ONCE

    def _tagged(self, pattern: Pattern) -> list[int]:
        if pattern.literal:
            return list(tags.among(self._tx, self._repository, [pattern.text]).values())
        beginning = re.split("[*?]", pattern.text)[0]
        found = overview_versions.tag_names(self._tx, self._repository, beginning)
        return [id for tag, id in found if pattern.matches(tag)]

    def _matching(self, rows: list[Found]) -> list[Found]:
        found = self._not_signing(rows)
        wanted = self._wanted.platform
        if wanted is None:
            return found
        platforms = known_platforms.of_manifests(self._tx, [each.id for each in found])
        return [
            each
            for each in found
            if any(
                matches(platform, wanted)
                for platform in (platforms[each.id] if each.id in platforms else self._look(each))
            )
        ]

    def _look(self, found: Found) -> tuple[str, ...]:
        return _look_now(self._registry, self._name, found)

    def _not_signing(self, rows: list[Found]) -> list[Found]:
        named = overview_versions.tags(self._tx, self._repository, [each.id for each in rows])
        names = {id: [tag.name for tag in tags] for id, tags in named.items()}
        signatures = _signatures(self._tx, self._repository, names)
        return [each for each in rows if each.id not in signatures]


def count(tx: Transaction, repository: int) -> int:
    """How many versions :func:`versions` lists in all where nothing is wanted in particular."""
    names: dict[int, list[str]] = {}
    for name, id in overview_versions.signing_tags(tx, repository):
        names.setdefault(id, []).append(name)
    tags = overview_versions.tags(tx, repository, names) if names else {}
    signatures = _signatures(tx, repository, {id: [tag.name for tag in found] for id, found in tags.items()})
    return overview_versions.count(tx, repository) - len(signatures)


def _signatures(tx: Transaction, repository: int, names: Mapping[int, list[str]]) -> set[int]:
    """Those manifests, given with their tags, that are signatures of what is there, kept under its digest alone."""
    signing = {id: subjects for id, tags in names.items() if tags and all(subjects := [signed_by(tag) for tag in tags])}
    digests = {digest for subjects in signing.values() for digest in subjects if digest is not None}
    there = manifests.ids_of(tx, repository, digests) if digests else {}
    return {id for id, subjects in signing.items() if any(digest in there for digest in subjects)}


def signed_by(tag: str) -> Digest | None:
    """What a signature under the tag is about, as cosign and clients without the referrers API name it."""
    found = re.fullmatch(r"sha256-([0-9a-f]{64})(?:\.sig|\.att|\.sbom)?", tag)
    return None if found is None else Digest.parse(f"sha256:{found[1]}")


def _platforms(registry: Registry, name: str, shown: list[Found]) -> dict[int, tuple[str, ...]]:
    """The platforms of each: those that are remembered, else found out now."""
    known = registry.database.read(lambda tx: known_platforms.of_manifests(tx, [each.id for each in shown]))
    return {each.id: known[each.id] if each.id in known else _look_now(registry, name, each) for each in shown}


def _look_now(registry: Registry, name: str, found: Found) -> tuple[str, ...]:
    content = registry.database.read(lambda tx: manifests.content_of(tx, found.id))
    try:
        return () if content is None else platforms_of(registry, name, content, found.media_type)
    except ConfigMissing:
        return ()


def _place(wanted: Wanted) -> tuple[int, int]:
    if not wanted.after:
        return EVER, EVER
    found = re.fullmatch(r"([0-9]{1,18})\.([0-9]{1,18})", wanted.after)
    if found is None:
        raise PaginationInvalid(f"{quoted(wanted.after)} is no place in this list: send the `next` of the page before")
    return int(found[1]), int(found[2])
