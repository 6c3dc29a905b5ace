"""What nobody should send: odd names, references, escapes and methods, on every route."""

from __future__ import annotations

from tests.differential.ask import Steps
from tests.differential.world import ACCEPT, ODD_NAMES, ODD_REFERENCES, UNKNOWN_DIGEST, World, digest_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LINK", "get", "PROPFIND", "M-SEARCH")
READERS = ("GET", "HEAD", "DELETE", "OPTIONS")
ELSEWHERE = (
    *(
        "/",
        "/v1/",
        "/v1/_ping",
        "/v3/",
        "/v2",
        "/v2/_catalog/",
        "/v2/_catalog/x",
        "/v2//",
        "//v2/",
        "/v2/./",
        "/v2/../v2/",
    ),
    *("/favicon.ico", "/healthz", "/debug/vars", "/metrics", "/api/v1/x", "/token", "/v2/x", "/v2/x/y", "/v2/x/blobs"),
    *("/v2/x/manifests", "/v2/x/manifests/", "/v2/x/blobs/", "/v2/x/tags", "/v2/x/tags/", "/v2/x/tags/list/", "/V2/"),
    *("/v2/x/tags/list/x", "/v2/x/blobs/uploads/a/b", "/v2/tags/list", "/v2/manifests/x", "/v2/blobs/uploads/"),
    *(
        "/v2/%5Fcatalog?n=0",
        "/v2/_catalog?n=%25",
        "/v2/?%",
        "/v2/;x",
        "/%76%32/",
        "/v2/x/_manifests/y",
        "/v2/x/referrers/",
    ),
)


def call_oddly(world: World) -> Steps:
    """Any method on any route."""
    name = world.repository()
    draft, method = world.holds(name), world.pick(METHODS)
    reference = str(draft.digest) if draft else "v1"
    blob = digest_of(world.pick(world.blobs[name])) if world.blobs[name] else UNKNOWN_DIGEST
    paths = (
        *("/v2/", "/v2/_catalog?n=0", f"/v2/{name}/tags/list", f"/v2/{name}/manifests/{reference}"),
        *(f"/v2/{name}/blobs/{blob}", f"/v2/{name}/blobs/uploads/", f"/v2/{name}/referrers/{UNKNOWN_DIGEST}"),
        f"/v2/{name}/blobs/uploads/00000000-0000-0000-0000-000000000000",
    )
    served = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
    if method in served and world.chance(0.5):
        method = world.pick([method for method in METHODS if method not in served])
    path = world.pick(paths)
    if method != "DELETE" and not (path.endswith("/uploads/") and method == "POST"):
        yield world.ask(method, path, ACCEPT, about=["method"])


def name_oddly(world: World) -> Steps:
    """A name that is none, or nearly none, on any route."""
    name = world.pick(ODD_NAMES)
    rest = world.pick(
        ("tags/list", "manifests/v1", f"manifests/{UNKNOWN_DIGEST}", f"blobs/{UNKNOWN_DIGEST}", "blobs/uploads/")
    )
    method = "POST" if rest.endswith("/") else world.pick(READERS)
    yield world.ask(method, f"/v2/{name}/{rest}", ACCEPT, about=["name"], keeps=world.upload())


def refer_oddly(world: World) -> Steps:
    """A reference that is none, or nearly none."""
    name, kind = world.pick([world.repository(), f"{world.name}/none"]), world.pick(("manifests", "blobs"))
    reference, method = world.pick(ODD_REFERENCES), world.pick(READERS)
    yield world.ask(method, f"/v2/{name}/{kind}/{reference}", ACCEPT, about=["reference"])


def push_oddly(world: World) -> Steps:
    """A manifest under a name or tag that is none."""
    name = world.repository()
    draft = world.holds(name)
    if draft is not None:
        if world.chance(0.5):
            target = f"/v2/{world.pick(ODD_NAMES)}/manifests/v1"
        else:
            target = f"/v2/{name}/manifests/{world.pick(ODD_REFERENCES)}"
        yield world.ask("PUT", target, f"Content-Type: {draft.media_type}", body=draft.content, about=["pushed oddly"])


METHODS_ELSEWHERE = ("GET", "HEAD", "DELETE", "PUT")


def go_elsewhere(world: World) -> Steps:
    """Paths that are none of the API's."""
    yield world.ask(world.pick(METHODS_ELSEWHERE), world.pick(ELSEWHERE), about=["elsewhere"])


def escape(world: World) -> Steps:
    """A right request in which some characters are percent-encoded."""
    name = world.repository()
    path = world.pick((f"/v2/{name}/tags/list", f"/v2/{name}/manifests/v1", f"/v2/{name}/blobs/{UNKNOWN_DIGEST}"))
    at = world.rng.randrange(4, len(path))
    escaped = f"{path[:at]}%{ord(path[at]):02{world.pick('xX')}}{path[at + 1 :]}"
    yield world.ask("GET", escaped, ACCEPT, about=["escaped", *(["slash"] if path[at] == "/" else [])])


HEADERS = (
    *("Authorization: Basic eDp5", "Authorization: Bearer x", "X-Forwarded-Proto: https", "Expect: nothing"),
    *("X-Forwarded-Host: evil.example", "Forwarded: host=evil.example;proto=https", "Cookie: a=b"),
    *("X-HTTP-Method-Override: DELETE", "Accept-Encoding: gzip, br", "Origin: https://evil.example"),
    *("Content-Type: x", "Docker-Distribution-Api-Version: x", "Upgrade: h2c", "TE: trailers"),
)


def head_oddly(world: World) -> Steps:
    """Headers that mean something elsewhere, or nothing at all."""
    name, header = world.repository(), world.pick(HEADERS)
    path = world.pick(("/v2/", f"/v2/{name}/tags/list", f"/v2/{name}/manifests/v1"))
    yield world.ask("GET", path, ACCEPT, header, about=["header"])
