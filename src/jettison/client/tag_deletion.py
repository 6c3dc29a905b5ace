"""Deleting one tag and nothing else: a ladder of ways, each tried only where the registry does not know the last.

1. DELETE by tag (OCI distribution 1.1, "Deleting tags"). An answer of 400 or 405, or a 404 without a registry's error
   body, means that the registry does not know it. Any other refusal (401, 403, 429, 5xx) is the end.
2. The vendor's own API.
3. By digest, if the tag is the digest's only one and no index lists it.
4. By a placeholder, if others share the digest: after it is known that deletion is on and that a placeholder goes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from jettison.client.answer import Answer
from jettison.client.errors import Outdated, Unavailable, Unsupported, Untrustworthy
from jettison.client.manifest import Manifest
from jettison.client.placeholder import check_deletion_is_on, check_placeholders_go, delete_by_placeholder
from jettison.client.repository import Repository
from jettison.client.snapshot import Snapshot, head_or_none
from jettison.client.vendors.vendor import Done, Vendor
from jettison.client.verification import is_there
from jettison.oci.digest import Digest
from jettison.oci.reference import Tag


def not_understood(answer: Answer) -> bool:
    """Whether an answer to DELETE by tag means that the registry does not know such a thing."""
    return answer.status in {400, 405} or (answer.status == 404 and not answer.errors)


@dataclass(slots=True)
class TagDeletion:
    """Deletes tags of one repository, several at a time as long as the registry knows DELETE by tag.

    What falls back goes one after the other, since it reads siblings. `placeholder`: whether the last way may be taken.
    """

    vendor: Vendor
    repository: Repository
    placeholder: bool = True
    purge: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _snapshot: Snapshot | None = None
    _deletion_is_on: bool = False
    _placeholders_go: bool = False

    def delete(self, tag: Tag, manifest: Manifest) -> Done:
        """Deletes `tag`, which points at `manifest`.

        Raises NotFound where it is gone already, Outdated where it has moved, Unsupported where no way is left, and
        what any other refusal means.
        """
        doing = f"delete {self.repository.name}:{tag}"
        answer = self.vendor.delete(self.repository, tag, purge=self.purge)
        if answer.ok:
            return Done("DELETE by tag", self.vendor.deletion(answer))
        refusal = self.vendor.refusal(answer, doing)
        if refusal is not None:
            raise refusal
        if not not_understood(answer):
            raise answer.error(doing)
        try:
            done = self.vendor.delete_tag(self.repository, tag)
        except Unsupported as unsupported:
            with self._turn:
                return self._by_digest_or_placeholder(tag, manifest, unsupported)
        if is_there(self.repository, tag, manifest.digest):
            raise Unavailable(
                f"{self.vendor.title} said that {self.repository.name}:{tag} was deleted, and it is there"
            )
        return done

    def _by_digest_or_placeholder(self, tag: Tag, manifest: Manifest, unsupported: Unsupported) -> Done:
        snapshot = self._seen()
        before = snapshot.refresh()
        self._check_unmoved(tag, manifest)
        if tag not in before:
            raise Untrustworthy(
                f"the registry's list of tags has no {self.repository.name}:{tag}, which is there: what else points at "
                f"{manifest.digest} cannot be known, and nothing was changed"
            )
        siblings = [each for each in snapshot.pointing_at(manifest.digest) if each != tag]
        if siblings or snapshot.holder(manifest.digest) is not None:
            return self._by_placeholder(tag, manifest, siblings, unsupported)
        done = self.vendor.delete_version(self.repository, manifest.digest, [tag], purge=self.purge)
        self._restore_lost(tag, manifest, before)
        if self._now(tag) is not None:
            raise Unavailable(f"{self.repository.name}@{manifest.digest} was deleted, and tag {tag} still points at it")
        snapshot.tags.pop(tag, None)
        return Done(f"{done.how}, whose only tag it was", done.deletion)

    def _by_placeholder(self, tag: Tag, manifest: Manifest, siblings: list[Tag], unsupported: Unsupported) -> Done:
        why = (
            f"{self.repository.name}:{tag} shares its digest with {', '.join(map(str, siblings[:3]))}"
            if siblings
            else f"an index lists what {self.repository.name}:{tag} points at"
        )
        if not self.placeholder:
            raise Unsupported(
                f"{why}, and only a placeholder could delete it alone here, which --no-placeholder forbids"
            )
        try:
            self._prepare()
        except Unsupported as off:
            raise Unsupported(f"{why}: {off.message}. {unsupported.message}", status=off.status) from off
        self._check_unmoved(tag, manifest)
        done = delete_by_placeholder(self.vendor, self.repository, tag, manifest)
        lost = [sibling for sibling in siblings if self._now(sibling) is None]
        for sibling in lost:
            self.repository.put_manifest(manifest.content, manifest.media_type, sibling)
        self._seen().tags.pop(tag, None)
        if lost:
            raise Unavailable(f"deleting {tag} took {', '.join(map(str, lost))} too; these were pushed back")
        return done

    def _prepare(self) -> None:
        """Finds out, once for the repository, what has to be known before a tag is moved."""
        if not self._deletion_is_on:
            check_deletion_is_on(self.vendor, self.repository)
            self._deletion_is_on = True
        if not self._placeholders_go:
            check_placeholders_go(self.vendor, self.repository)
            self._placeholders_go = True

    def _check_unmoved(self, tag: Tag, manifest: Manifest) -> None:
        if self._now(tag) != manifest.digest:
            raise Outdated(f"{self.repository.name}:{tag} was moved or deleted meanwhile: plan again")

    def _restore_lost(self, tag: Tag, manifest: Manifest, before: list[Tag]) -> None:
        """Pushes back the tags that went with a digest whose only tag was thought to be `tag`: they came in between.

        One whose own version has gone as well was deleted with that, by somebody else.
        """
        known = dict(self._seen().tags)
        after = set(self._seen().refresh())
        lost = [each for each in before if each not in after and each != tag and self._outlived(known.get(each))]
        lost = [each for each in lost if self._now(each) is None]
        for each in lost:
            self.repository.put_manifest(manifest.content, manifest.media_type, each)
        if lost:
            named = ", ".join(map(str, lost))
            raise Unavailable(f"{named} was moved to the version of {tag} while it was deleted, and was pushed back")

    def _seen(self) -> Snapshot:
        if self._snapshot is None:
            self._snapshot = Snapshot(self.repository)
        return self._snapshot

    def _outlived(self, digest: Digest | None) -> bool:
        return digest is None or head_or_none(self.repository, digest) is not None

    def _now(self, tag: Tag) -> Digest | None:
        head = head_or_none(self.repository, tag)
        return None if head is None else head.digest
