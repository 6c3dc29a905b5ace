"""A repository as a test uses it: push, look, delete, each in one call."""

from __future__ import annotations

from typing import overload

from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestUnknown, NameUnknown
from jettison.oci.reference import Reference, RepositoryName, Tag
from jettison.registry import deletion, listing, pull, push, uploads
from jettison.registry.access import EVERYONE
from jettison.registry.deletion import Deleted
from jettison.registry.plan import Plan
from jettison.registry.push import Pushed
from jettison.registry.registry import Registry
from jettison.registry.target import Target
from tests.support.content import Draft


class Repository:
    """The repository ``name`` of ``registry``. Tags and digests are given as text or as values."""

    def __init__(self, registry: Registry, name: str = "app") -> None:
        self.registry = registry
        self.name = RepositoryName.parse(name)

    @overload
    def upload(self, content: bytes, algorithm: str = "sha256", /) -> Digest: ...

    @overload
    def upload(self, *contents: bytes, algorithm: str = "sha256") -> Digest: ...

    def upload(self, *contents: bytes | str, algorithm: str = "sha256") -> Digest:
        """Upload blobs, each in one go; the digest of the first. The algorithm may stand after a single blob."""
        blobs = [content for content in contents if isinstance(content, bytes)]
        [algorithm] = [content for content in contents if isinstance(content, str)] or [algorithm]
        first, *_ = [self._upload(content, algorithm) for content in blobs]
        return first

    def _upload(self, content: bytes, algorithm: str) -> Digest:
        digest = Digest.of(content, algorithm)
        session = uploads.start(self.registry, self.name)
        incoming = uploads.resume(self.registry, self.name, session.id, None)
        incoming.expect(digest)
        incoming.append(content)
        incoming.finish(digest)
        return digest

    def push(self, draft: Draft, *tags: str) -> Pushed:
        """Push a manifest after all that it needs, children first; untagged without ``tags``."""
        for manifest in draft.closure():
            for blob in manifest.blobs:
                self.upload(blob)
            if manifest is not draft:
                self.put(manifest)
        return self.put(draft, *tags)

    def put(self, draft: Draft, *tags: str) -> Pushed:
        """Push the manifest alone."""
        reference: Reference = Tag.parse(tags[0]) if tags else draft.digest
        also = [Tag.parse(tag) for tag in tags[1:]]
        return push.push_manifest(self.registry, self.name, reference, draft.content, draft.media_type, also)

    def delete(self, reference: str | Digest | None = None, *, blob: bool = False, **how: object) -> Deleted:
        """Delete a tag, a manifest, a blob, or without a reference the repository."""
        return deletion.delete(self.registry, self._target(reference, blob=blob), **how)  # type: ignore[arg-type]

    def plan(self, reference: str | Digest | None = None, *, blob: bool = False) -> Plan:
        """What deleting it would do."""
        return deletion.plan(self.registry, self._target(reference, blob=blob))

    def has(self, reference: str | Digest | Draft) -> bool:
        """Whether the manifest can be pulled, by HEAD and GET alike."""
        if isinstance(reference, Draft):
            reference = reference.digest
        wanted = reference if isinstance(reference, Digest) else Tag.parse(reference)
        answers = {self._finds(wanted, content=content) for content in (False, True)}
        assert len(answers) == 1, f"HEAD and GET of {reference} tell different things"
        return answers.pop()

    def has_blob(self, blob: bytes | Digest) -> bool:
        """Whether the blob can be pulled, its bytes being there."""
        digest = blob if isinstance(blob, Digest) else Digest.of(blob)
        try:
            found = pull.find_blob(self.registry, self.name, digest)
        except BlobUnknown:
            return False
        content = b"".join(self.registry.blobs.read(found.key))  # type: ignore[arg-type]
        assert Digest.of(content, digest.algorithm) == digest
        return True

    def tags(self) -> list[str] | None:
        """All tags, or None where the repository is unknown."""
        try:
            return listing.tag_names(self.registry, self.name, "", 1000).entries
        except NameUnknown:
            return None

    def digest_of(self, tag: str) -> Digest:
        """What a tag points at."""
        return pull.find_manifest(self.registry, self.name, Tag.parse(tag), content=False).digest

    def referrers(self, subject: Draft | Digest, artifact_type: str | None = None) -> list[Digest]:
        """The digests of the first page of referrers."""
        digest = subject.digest if isinstance(subject, Draft) else subject
        page = listing.referrers(self.registry, self.name, digest, artifact_type, None)
        return [each.digest for each in page.entries]

    def is_listed(self) -> bool:
        """Whether the catalog lists the repository."""
        return str(self.name) in listing.catalog(self.registry, "", 1000, EVERYONE).entries

    def _finds(self, reference: Reference, *, content: bool) -> bool:
        try:
            pull.find_manifest(self.registry, self.name, reference, content=content)
        except ManifestUnknown:
            return False
        return True

    def _target(self, reference: str | Digest | None, *, blob: bool) -> Target:
        return Target(self.name, Tag.parse(reference) if isinstance(reference, str) else reference, blob)
