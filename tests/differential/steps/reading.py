"""Requests that read: the root, lists, manifests, blobs, referrers."""

from __future__ import annotations

from jettison.oci.media_types import DOCKER_IMAGE, DOCKER_INDEX, OCI_IMAGE, OCI_INDEX
from tests.differential.ask import Steps
from tests.differential.world import ACCEPT, ODD_REFERENCES, UNKNOWN_DIGEST, World, digest_of

NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "100",
    "1000",
    "1001",
    "100000",
    "-1",
    "",
    "x",
    "1.5",
    "1e3",
    "0x1",
    "+1",
    "9" * 30,
    "%20",
)
LASTS = ("", "a", "v1", "v2", "zzz", "v1%00", "%FF", "UPPER", "v1&last=v2")
ACCEPTS = (
    ACCEPT,
    f"Accept: {OCI_IMAGE}",
    f"Accept: {OCI_INDEX}",
    f"Accept: {DOCKER_IMAGE}",
    f"Accept: {DOCKER_INDEX}",
    f"Accept: {DOCKER_INDEX}, {DOCKER_IMAGE}",
    f"Accept: {OCI_IMAGE};q=0.5, {OCI_INDEX};q=0.1",
    "Accept: */*",
    "Accept: application/json",
    "Accept: ,;,",
    "X-None: 1",
)
CONDITIONS = (
    'If-None-Match: "{}"',
    "If-None-Match: {}",
    'If-None-Match: W/"{}"',
    'If-None-Match: "a", "{}"',
    "If-None-Match: *",
    'If-None-Match: "other"',
    'If-Match: "{}"',
    'If-Match: "other"',
    "If-Match: *",
    "If-Modified-Since: Mon, 23 Nov 2026 00:00:00 GMT",
    "If-Unmodified-Since: Mon, 23 Nov 2020 00:00:00 GMT",
    'If-Range: "{}"',
    'If-Range: "other"',
    "If-Range: {}",
    "If-Range: Mon, 23 Nov 2026 00:00:00 GMT",
)
RANGES = (
    *("bytes=0-0", "bytes=0-9", "bytes=5-", "bytes=-5", "bytes=0-100000", "bytes=29-29", "bytes=-100000"),
    *("bytes=100000-", "bytes=9-5", "bytes=-0", "bytes=0-1,3-4", "bytes=0-1,100000-", "bytes=", "bytes=a-b", "bytes"),
    *("lines=0-1", "0-5", "BYTES=0-1", "bytes=0 - 5", "bytes= 0-5", f"bytes=0-{'9' * 30}", "bytes=-", "bytes=00-01"),
)


def ask_root(world: World) -> Steps:
    """GET /v2/: is this a registry?"""
    method = world.pick(("GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"))
    yield world.ask(method, world.pick(("/v2/", "/v2/", "/v2", "/v2/?a=b")))


def list_tags(world: World) -> Steps:
    """A page of tags."""
    name, query = world.pick([world.repository()] * 6 + [f"{world.name}/none"]), []
    if world.chance(0.6):
        query.append(f"n={world.pick(NUMBERS[:6] if world.chance(0.5) else NUMBERS)}")
    if world.chance(0.5):
        query.append(f"last={world.pick(LASTS)}")
    if world.chance(0.1):
        query.append("x=y")
    method = world.pick(("GET",) * 8 + ("HEAD",))
    exchange = yield world.ask(method, f"/v2/{name}/tags/list" + ("?" + "&".join(query) if query else ""))
    link = exchange.ours.aspects.get("link")
    if isinstance(link, tuple) and link == exchange.theirs.aspects.get("link"):
        yield world.ask("GET", link[0] + "?" + "&".join(f"{name}={value}" for name, value in link[1]))


def get_manifest(world: World) -> Steps:
    """A manifest by tag or digest, as all kinds of clients ask for it."""
    name = world.repository()
    draft, tags = world.holds(name), list(world.tags[name])
    known = [str(draft.digest)] * 3 if draft else []
    reference = world.pick(known + [tag for tag in tags for _ in range(3)] + ["none", UNKNOWN_DIGEST])
    headers = [world.pick(ACCEPTS) if world.chance(0.5) else ACCEPT]
    if world.chance(0.2):
        digest = str(draft.digest) if draft else UNKNOWN_DIGEST
        headers.append(world.pick((*CONDITIONS, "Range: bytes=0-3")).format(digest))
    yield world.ask(world.pick(("GET", "GET", "HEAD")), f"/v2/{name}/manifests/{reference}", *headers)


def get_blob(world: World) -> Steps:
    """A blob, whole or in part, or only if it is another."""
    name = world.repository()
    others = [blob for blobs in world.blobs.values() for blob in blobs]
    own = world.blobs[name]
    content = world.pick(own) if own and world.chance(0.85) else world.pick(others) if others else b"none"
    digest = digest_of(content) if world.chance(0.93) else UNKNOWN_DIGEST
    headers = [world.pick((ACCEPT, "Accept-Encoding: gzip"))] if world.chance(0.2) else []
    if world.chance(0.5):
        headers.append(f"Range: {world.pick(RANGES)}")
    if world.chance(0.3):
        headers.append(world.pick(CONDITIONS).format(digest))
    yield world.ask(world.pick(("GET", "GET", "HEAD")), f"/v2/{name}/blobs/{digest}", *headers)


def get_manifest_as_blob(world: World) -> Steps:
    """A manifest's digest where a blob's belongs, and the other way round."""
    name = world.repository()
    if world.drafts[name] and world.blobs[name]:
        kind, digest = world.pick(
            (
                ("blobs", str(world.pick(world.drafts[name]).digest)),
                ("manifests", digest_of(world.pick(world.blobs[name]))),
            )
        )
        yield world.ask(world.pick(("GET", "HEAD")), f"/v2/{name}/{kind}/{digest}", ACCEPT, about=["other kind"])


def list_referrers(world: World) -> Steps:
    """What names a manifest as its subject."""
    name = world.repository()
    draft = world.holds(name)
    digest = str(draft.digest) if draft and world.chance(0.8) else world.pick((UNKNOWN_DIGEST, *ODD_REFERENCES))
    query = world.pick(("", "", "?artifactType=application/vnd.example.sbom", "?artifactType=", "?artifactType=a&n=1"))
    yield world.ask(world.pick(("GET", "GET", "HEAD", "DELETE")), f"/v2/{name}/referrers/{digest}{query}")


def list_catalog(world: World) -> Steps:
    """The part of the catalog that this happening has made: everything of it comes after its own name."""
    yield world.ask("GET", f"/v2/_catalog?n=0&last={world.name}")
    yield world.ask("GET", f"/v2/_catalog?n={world.pick(NUMBERS)}&last=~~")
