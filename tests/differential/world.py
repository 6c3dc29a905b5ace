"""What a happening has put into the registries, so that it can ask for it, and odd values to ask with."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from jettison.oci.digest import Digest
from jettison.oci.media_types import DOCKER_IMAGE, DOCKER_INDEX, OCI_ARTIFACT, OCI_IMAGE, OCI_INDEX
from tests.support.content import Draft

from .ask import Ask, Steps

T = TypeVar("T")
Step = Callable[["World"], Steps]

ACCEPT = f"Accept: {OCI_IMAGE}, {OCI_INDEX}, {DOCKER_IMAGE}, {DOCKER_INDEX}, {OCI_ARTIFACT}"
"""What every client of today sends with a manifest's GET."""

STANDS_ALONE = "stands alone"
"""What a request is about that nothing after it depends on: a happening goes on though the registries part."""

ODD_NAMES = (
    "UPPER/case",
    "a..b",
    "a__b__c",
    "a___b",
    "-a",
    "a-",
    "a/-b",
    ".a",
    "a/_b",
    "a b",
    "a%20b",
    "a%2Fb",
    "a%2fb%2fc",
    "%61%62",
    "a+b",
    "a~b",
    "a:b",
    "caf%C3%A9",
    "a%00b",
    "a%0Ab",
    "a%ZZb",
    "a%",
    "..",
    "%2e%2e",
    "a/../b",
    "a/./b",
    "a//b",
    "_catalog",
    "a;b=c",
    "a" * 255,
    "a" * 256,
    "/".join("ab" * 30),
    "a/" * 130 + "a",
)
ODD_REFERENCES = (
    ".hidden",
    "-dash",
    "a" * 128,
    "a" * 129,
    "caf%C3%A9",
    "a%20b",
    "v1%2Fx",
    "v%31",
    "v1+build",
    "_",
    "latest@sha256",
    "sha256:",
    "sha256:abc",
    "sha256:" + "A" * 64,
    "sha256:" + "z" * 64,
    "sha256:" + "0" * 63,
    "sha256:" + "0" * 65,
    "sha256%3A" + "0" * 64,
    "sha512:" + "0" * 128,
    "sha512:" + "0" * 64,
    "sha384:" + "0" * 96,
    "md5:" + "0" * 32,
    "blake3:" + "0" * 64,
    "sha256+b64:" + "0" * 64,
    "%00",
    "..",
)
UNKNOWN_DIGEST = "sha256:" + "0123456789abcdef" * 4


@dataclass(slots=True)
class World:
    """The repositories of one happening. ``gone`` are digests that a deletion may have taken along on Jettison."""

    rng: random.Random
    name: str
    blobs: dict[str, list[bytes]] = field(default_factory=dict)
    drafts: dict[str, list[Draft]] = field(default_factory=dict)
    tags: dict[str, dict[str, Draft]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    uploads: int = 0

    def __post_init__(self) -> None:
        """Names of one, two and three components, of which one lies below another."""
        for name in (f"{self.name}/app", f"{self.name}/app/deep", f"{self.name}/x.y_z-1/a__b"):
            self.blobs[name], self.drafts[name], self.tags[name] = [], [], {}

    def ask(
        self,
        method: str,
        target: str,
        *headers: str,
        body: bytes | None = None,
        about: Sequence[str] = (),
        keeps: str | None = None,
        chunked: bool = False,
    ) -> Ask:
        """A request. That a deletion came before it, or may have taken what it names, is added to what it is about."""
        particular = set(about)
        if any(digest in target for digest in self.gone):
            particular.add("gone")
        if self.gone:
            particular.add("after a deletion")
        return Ask(method, target, headers, body, chunked, keeps, frozenset(particular))

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return self.rng.choice(choices)

    def chance(self, probability: float) -> bool:
        """Whether it happens this time."""
        return self.rng.random() < probability

    def repository(self) -> str:
        """A name with content."""
        return self.pick(list(self.blobs))

    def content(self, size: int | None = None) -> bytes:
        """New bytes that are nowhere else."""
        head = f"{self.name} {self.rng.getrandbits(64):016x} ".encode()
        return head.ljust(size if size is not None else self.rng.randint(30, 200), b".")

    def upload(self) -> str:
        """A new key under which an upload's Location is kept."""
        self.uploads += 1
        return f"{self.name}.{self.uploads}"

    def holds(self, name: str) -> Draft | None:
        """A manifest of that repository, if it has any."""
        return self.pick(self.drafts[name]) if self.drafts[name] else None


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """The digest as text."""
    return str(Digest.of(content, algorithm))


def push_blob(world: World, name: str, content: bytes) -> Steps:
    """POST, then PUT with all of it: what most clients do."""
    key = world.upload()
    begun = yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    if not begun.parts:
        target = f"{{place:{key}}}&digest={digest_of(content)}"
        yield world.ask("PUT", target, "Content-Type: application/octet-stream", body=content)
        world.blobs[name].append(content)
        world.gone.discard(digest_of(content))


def push(world: World, name: str, draft: Draft, *tags: str) -> Steps:
    """All that a manifest needs, the manifest, and its tags."""
    for part in draft.closure():
        for blob in part.blobs:
            if blob not in world.blobs[name] or digest_of(blob) in world.gone:
                yield from push_blob(world, name, blob)
        if part is not draft:
            yield from put(world, name, part, str(part.digest))
    for reference in tags or (str(draft.digest),):
        yield from put(world, name, draft, reference)


def put(world: World, name: str, draft: Draft, reference: str) -> Steps:
    """The manifest alone."""
    exchange = yield world.ask(
        "PUT",
        f"/v2/{name}/manifests/{reference}",
        f"Content-Type: {draft.media_type}",
        body=draft.content,
    )
    if exchange.theirs.ok and exchange.ours.ok:
        if draft not in world.drafts[name]:
            world.drafts[name].append(draft)
        world.gone.discard(str(draft.digest))
        if ":" not in reference:
            world.tags[name][reference] = draft


def as_docker(draft: Draft) -> Draft:
    """The same image or index in Docker's media types."""
    body = json.loads(draft.content)
    kind = {OCI_IMAGE: DOCKER_IMAGE, OCI_INDEX: DOCKER_INDEX}[draft.media_type]
    body["mediaType"] = kind
    for entry in body.get("manifests", []):
        entry["platform"] = {"architecture": "amd64", "os": "linux"}
    return Draft(json.dumps(body).encode(), kind, draft.blobs, draft.children)
