"""A repository of any registry: what it holds, read and written by the calls of OCI distribution 1.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jettison.client.answer import Answer
from jettison.client.blob import Blob
from jettison.client.errors import Invalid, Unavailable, Unreachable, Untrustworthy
from jettison.client.location import own
from jettison.client.manifest import Manifest, served_type
from jettison.client.paging import names
from jettison.client.referrers import add_to_tag, list_referrers
from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest, new_hash
from jettison.oci.errors import DigestInvalid, RegistryError, TagInvalid
from jettison.oci.media_types import MANIFEST_TYPES
from jettison.oci.reference import Reference, RepositoryName, Tag, parse_reference

if TYPE_CHECKING:
    from jettison.client.copy import Copied
    from jettison.client.plan import Plan
    from jettison.client.registry import Registry
    from jettison.client.transport import Transport
    from jettison.client.vendors import Vendor

LARGEST_MANIFEST: Final = 16 * 1024 * 1024
UPLOADS: Final = 3
"""How often a blob's upload is begun before it is given up."""
_ACCEPT: Final = {"Accept": ", ".join(sorted(MANIFEST_TYPES))}
_OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of `registry`; making one asks nothing.

    References are values, or texts that are parsed (Invalid where they cannot be): `"v1"`, `"sha256:..."`. What goes
    wrong raises one of `jettison.client.errors`.

    >>> from jettison.client import Registry
    >>> with Registry("localhost:5000") as registry:
    ...     app = registry.repository("team/app")
    ...     pushed = app.put_manifest(app.manifest("v1").content, app.head("v1").media_type, "stable")
    ...     print(*app.tags(), pushed == app.head("v1").digest)
    ...     app.delete_manifest("stable").status
    stable v1 True
    202
    """

    registry: Registry
    name: RepositoryName

    def __str__(self) -> str:
        return f"{self.registry.host}/{self.name}"

    @property
    def transport(self) -> Transport:
        """What its requests go through."""
        return self.registry.transport

    @property
    def path(self) -> str:
        """Its place in the API, as in `/v2/library/debian`."""
        return f"/v2/{self.name}"

    def scopes(self, *actions: str) -> tuple[str, ...]:
        """What a token has to allow for these actions (pull, push, delete) on it."""
        return (f"repository:{self.name}:{','.join(actions)}",)

    def tags(self) -> Iterator[Tag]:
        """All tags, page by page. Raises NotFound where there is no such repository.

        A tag outside of the grammar is left out: nothing can be asked of it.
        """
        for name in names(
            self.transport, f"{self.path}/tags/list", "tags", self.scopes("pull"), f"list the tags of {self}"
        ):
            try:
                parsed = Tag.parse(name)
            except TagInvalid:
                continue
            yield parsed

    def head(self, reference: Reference | str) -> Descriptor:
        """The digest, media type and size of a manifest, without reading it where the registry tells them.

        Raises NotFound.
        """
        reference = _parsed(reference)
        answer = self._ask_manifest("HEAD", reference)
        digest, size = _told_digest(answer), answer.headers.get("content-length", "")
        if digest is None or not size.isdigit() or answer.media_type not in MANIFEST_TYPES:
            return self.manifest(reference).descriptor
        if isinstance(reference, Digest) and digest != reference:
            raise Untrustworthy(f"{self}@{reference}: the registry says that this is {digest}")
        return Descriptor(answer.media_type, digest, int(size))

    def manifest(self, reference: Reference | str) -> Manifest:
        """A manifest, its bytes verified against the digest that was asked for, or that the registry names.

        Raises NotFound, and Untrustworthy where they differ.
        """
        reference = _parsed(reference)
        answer = self._ask_manifest("GET", reference)
        expected = reference if isinstance(reference, Digest) else _told_digest(answer)
        media_type = served_type(answer)
        algorithm = "sha256" if expected is None else expected.algorithm
        found = Manifest.read(answer.content, media_type, algorithm)
        if expected is not None and found.digest != expected:
            raise Untrustworthy(f"{self}: the manifest {reference} should be {expected}, and is {found.digest}")
        return found

    def referrers(self, digest: Digest | str, artifact_type: str | None = None) -> Iterator[Descriptor]:
        """What has this digest as its subject, of `artifact_type` only if that is given; empty where nothing has.

        By the referrers API, or where a registry has none, by the tag schema (OCI distribution 1.1, "Listing
        Referrers" and "Referrers Tag Schema").
        """
        return list_referrers(self, _parsed_digest(digest), artifact_type)

    def blob(self, digest: Digest | str) -> Blob:
        """A blob, to be read; asks nothing."""
        return Blob(self, _parsed_digest(digest))

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository has a blob."""
        answer = self.transport.request("HEAD", self._blob_path(digest), scopes=self.scopes("pull"))
        return answer.status != 404 and answer.check(f"look for the blob {digest} in {self}").ok

    def blob_size(self, digest: Digest) -> int:
        """The size of a blob in bytes. Raises NotFound, and Untrustworthy where the registry does not tell."""
        doing = f"find the blob {digest} of {self}"
        answer = self.transport.request("HEAD", self._blob_path(digest), scopes=self.scopes("pull")).check(doing)
        size = answer.headers.get("content-length", "")
        if not size.isdigit():
            raise Untrustworthy(f"cannot {doing}: the registry does not tell its size")
        return int(size)

    def read_blob(self, digest: Digest, largest: int) -> bytes:
        """All bytes of a blob, verified. Raises NotFound, and Untrustworthy for more than `largest`."""
        answer = self.transport.request("GET", self._blob_path(digest), scopes=self.scopes("pull"), largest=largest)
        content = answer.check(f"read the blob {digest} of {self}").content
        if Digest.of(content, digest.algorithm) != digest:
            raise Untrustworthy(f"{self}: the bytes of the blob {digest} have another digest")
        return content

    def stream_blob(self, digest: Digest) -> Iterator[bytes]:
        """The bytes of a blob; Untrustworthy at the end where they do not have its digest. Raises NotFound."""
        hashed = new_hash(digest.algorithm)
        with self.transport.stream("GET", self._blob_path(digest), scopes=self.scopes("pull")) as streamed:
            streamed.answer.check(f"read the blob {digest} of {self}")
            for piece in streamed.chunks():
                hashed.update(piece)
                yield piece
        if hashed.hexdigest() != digest.hex:
            raise Untrustworthy(f"{self}: the bytes of the blob {digest} have another digest")

    def put_blob(
        self,
        digest: Digest,
        size: int,
        chunks: Callable[[], Iterable[bytes]],
        *,
        source: RepositoryName | None = None,
    ) -> bool:
        """Upload a blob of `size` bytes (OCI distribution 1.1, "POST then PUT"); whether it could be mounted instead.

        `chunks` gives its bytes anew each time an upload is begun. With `source`, a repository of this registry that
        has the blob, nothing is sent where the registry takes it over from there.
        """
        for attempt in range(1, UPLOADS + 1):
            try:
                begun = self._begin(digest, source)
                if begun.status != 201:
                    self._finish(begun, digest, size, chunks)
                return begun.status == 201
            except (Unreachable, Unavailable):
                if attempt == UPLOADS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def mount(self, digest: Digest, source: RepositoryName) -> bool:
        """Take a blob over from another repository of this registry; False where it would have it uploaded."""
        begun = self._begin(digest, source)
        if begun.status == 201:
            return True
        # The upload that it opened instead is not wanted. Where it cannot be cancelled, it expires.
        self.transport.request("DELETE", self._upload_url(begun), scopes=self._mounting(source))
        return False

    def put_manifest(self, content: bytes, media_type: str, reference: Reference | str | None = None) -> Digest:
        """Push a manifest under a tag, or (None) under its digest alone; its digest. Safe to repeat.

        Where the registry does not list referrers itself, one is added to the list that the tag schema keeps.
        """
        parsed = Digest.of(content) if reference is None else _parsed(reference)
        doing = f"push {self}{'@' if isinstance(parsed, Digest) else ':'}{parsed}"
        answer = self.transport.request(
            "PUT",
            f"{self.path}/manifests/{parsed}",
            headers={"Content-Type": media_type},
            content=content,
            scopes=self.scopes("pull", "push"),
            repeatable=True,
        ).check(doing)
        algorithm = parsed.algorithm if isinstance(parsed, Digest) else "sha256"
        pushed = Manifest.read(content, media_type, algorithm)
        told = _told_digest(answer)
        if told is not None and told.algorithm == algorithm and told != pushed.digest:
            raise Untrustworthy(f"cannot {doing}: the registry says that it stored {told}")
        if pushed.subject is not None and "oci-subject" not in answer.headers:
            add_to_tag(self, pushed, pushed.subject.digest)
        return pushed.digest

    def delete_manifest(self, reference: Reference | str, *, repeatable: bool = False) -> Answer:
        """One DELETE of a manifest or tag, and whatever the registry answers: any status, nothing is raised for it.

        With `repeatable` it is sent again after a fault; then 404 may mean that the first one was done.
        """
        return self.transport.request(
            "DELETE",
            f"{self.path}/manifests/{_parsed(reference)}",
            scopes=self.scopes("pull", "push", "delete"),
            repeatable=repeatable,
        )

    def copy(
        self,
        reference: Reference | str,
        target: Repository,
        tag: Tag | str | None = None,
        *,
        referrers: bool = True,
        moved: Callable[[int], None] | None = None,
    ) -> Copied:
        """Copy a manifest with all that it needs, and its referrers, into `target`: see `jettison.client.copy`."""
        from jettison.client.copy import copy  # noqa: PLC0415

        parsed = _parsed(reference)
        named = parsed if tag is None and isinstance(parsed, Tag) else tag
        as_tag = _parsed(named) if isinstance(named, str) else named
        if isinstance(as_tag, Digest):
            raise Invalid(f"{as_tag} is a digest, and a copy is named by a tag")
        return copy(self, parsed, target, as_tag, referrers=referrers, moved=moved)

    def plan_deletion(
        self,
        targets: Sequence[Reference | str] = (),
        *,
        whole: bool = False,
        reasons: Mapping[Reference, str] | None = None,
        tags: Mapping[Tag, Digest] | None = None,
        vendor: Vendor | str | None = None,
    ) -> Plan:
        """A plan of what a deletion here takes and leaves, which changes nothing; `execute` it.

        The arguments are those of `jettison.client.planning.plan_deletion`.
        """
        from jettison.client.planning import plan_deletion  # noqa: PLC0415

        return plan_deletion(self, targets, whole=whole, reasons=reasons, tags=tags, vendor=vendor)

    def _ask_manifest(self, method: str, reference: Reference) -> Answer:
        answer = self.transport.request(
            method,
            f"{self.path}/manifests/{reference}",
            headers=_ACCEPT,
            scopes=self.scopes("pull"),
            largest=LARGEST_MANIFEST,
        )
        return answer.check(f"read {self}{'@' if isinstance(reference, Digest) else ':'}{reference}")

    def _begin(self, digest: Digest, source: RepositoryName | None) -> Answer:
        params = {} if source is None else {"mount": str(digest), "from": str(source)}
        answer = self.transport.request(
            "POST", f"{self.path}/blobs/uploads/", params=params, content=b"", scopes=self._mounting(source)
        )
        return answer.check(f"upload the blob {digest} to {self}", 201, 202)

    def _finish(self, begun: Answer, digest: Digest, size: int, chunks: Callable[[], Iterable[bytes]]) -> None:
        self.transport.request(
            "PUT",
            self._upload_url(begun),
            params={"digest": str(digest)},
            headers={"Content-Type": _OCTETS, "Content-Length": str(size)},
            content=chunks,
            scopes=self.scopes("pull", "push"),
        ).check(f"upload the blob {digest} to {self}")

    def _upload_url(self, begun: Answer) -> str:
        location = begun.headers.get("location")
        if not location:
            raise Untrustworthy(f"{begun.url} begins an upload and does not say where")
        return own(begun.url, location)

    def _mounting(self, source: RepositoryName | None) -> tuple[str, ...]:
        pushing = self.scopes("pull", "push")
        return pushing if source is None else (*pushing, f"repository:{source}:pull")

    def _blob_path(self, digest: Digest) -> str:
        return f"{self.path}/blobs/{digest}"


def _parsed(reference: Reference | str) -> Reference:
    try:
        return parse_reference(reference) if isinstance(reference, str) else reference
    except RegistryError as error:
        raise Invalid(error.message) from None


def _parsed_digest(digest: Digest | str) -> Digest:
    try:
        return Digest.parse(digest) if isinstance(digest, str) else digest
    except DigestInvalid as error:
        raise Invalid(error.message) from None


def _told_digest(answer: Answer) -> Digest | None:
    """What `Docker-Content-Digest` says; None where it is absent or of another kind."""
    try:
        return Digest.parse(answer.headers.get("docker-content-digest", ""))
    except DigestInvalid:
        return None
