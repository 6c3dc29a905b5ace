"""Uploads: as clients make them, and out of order."""

from __future__ import annotations

from tests.differential.ask import Steps
from tests.differential.world import ODD_REFERENCES, UNKNOWN_DIGEST, World, digest_of, push_blob

NOBODYS = ("00000000-0000-0000-0000-000000000000", "none", "..%2f", "a" * 300, "%00", "a=b-c_d")
BYTES = "Content-Type: application/octet-stream"


def upload(world: World) -> Steps:
    """POST and PUT, and a look at what came."""
    name, content = world.repository(), world.content()
    yield from push_blob(world, name, content)
    yield world.ask("HEAD", f"/v2/{name}/blobs/{digest_of(content)}")


def upload_in_chunks(world: World) -> Steps:
    """POST, some PATCHes with or without their range, looks in between, PUT with the rest or nothing."""
    name, content, key = world.repository(), world.content(150), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", "Content-Length: 0", keeps=key)
    sent = 0
    for size in (40, world.rng.randint(1, 40), world.rng.randint(1, 40)):
        headers = [f"Content-Range: {sent}-{sent + size - 1}"] if world.chance(0.6) else []
        whole = world.chance(0.2)
        yield world.ask(
            "PATCH", f"{{place:{key}}}", BYTES, *headers, body=content[sent : sent + size], keeps=key, chunked=whole
        )
        sent += size
        if world.chance(0.3):
            yield world.ask(world.pick(("GET", "HEAD")), f"{{place:{key}}}", keeps=key)
    if world.chance(0.5):
        yield world.ask("PATCH", f"{{place:{key}}}", BYTES, body=content[sent:], keeps=key)
        sent = 150
    headers = [f"Content-Range: {sent}-149"] if sent < 150 and world.chance(0.4) else []
    yield world.ask("PUT", f"{{place:{key}}}&digest={digest_of(content)}", BYTES, *headers, body=content[sent:])
    world.blobs[name].append(content)
    yield world.ask("GET", f"/v2/{name}/blobs/{digest_of(content)}")


CONTENT_RANGES = (
    *("1-10", "5-14", "0-9", "0-8", "0-10", "10-0", "0-", "-9", "x-y", "0", "bytes 0-9/*", "bytes 0-9/10", "bytes=0-9"),
    *(f"0-{'9' * 30}", "", "0-9/10", " 0-9", "00-09", "9-18", "10-19", "11-20"),
)


def upload_out_of_order(world: World) -> Steps:
    """A PATCH or PUT whose Content-Range is not what comes next, or cannot be read."""
    name, content, key = world.repository(), world.content(40), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    if world.chance(0.5):
        yield world.ask("PATCH", f"{{place:{key}}}", BYTES, "Content-Range: 0-9", body=content[:10], keeps=key)
    span = f"Content-Range: {world.pick(CONTENT_RANGES)}"
    if world.chance(0.5):
        exchange = yield world.ask("PATCH", f"{{place:{key}}}", BYTES, span, body=content[:10], about=["range"])
    else:
        target = f"{{place:{key}}}&digest={digest_of(content[:10])}"
        exchange = yield world.ask("PUT", target, BYTES, span, body=content[:10], about=["range"])
    if not exchange.ours.ok:
        yield world.ask("GET", f"{{place:{key}}}", about=["range"])


def upload_wrongly(world: World) -> Steps:
    """The end of an upload whose digest is another's, malformed, twice there, missing, or of another algorithm."""
    name, content, key = world.repository(), world.content(), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    if world.chance(0.3):
        yield world.ask("PATCH", f"{{place:{key}}}", BYTES, body=content[:10], keeps=key)
        content = content[10:]
    right = digest_of(content)
    query = world.pick(
        (
            f"&digest={UNKNOWN_DIGEST}",
            "",
            "&digest=",
            f"&digest={right}&digest={UNKNOWN_DIGEST}",
            f"&digest={digest_of(content, 'sha512')}",
            f"&digest={right.upper()}",
            f"&digest={right}%00",
            f"&Digest={right}",
            *(f"&digest={odd}" for odd in ODD_REFERENCES),
        )
    )
    exchange = yield world.ask("PUT", f"{{place:{key}}}{query}", BYTES, body=content, about=["wrong digest"])
    if not exchange.parts:
        yield world.ask("GET", f"{{place:{key}}}", about=["after a refusal"])


def upload_at_once(world: World) -> Steps:
    """POST with the digest and all the bytes."""
    name, content = world.repository(), world.content()
    digest = world.pick((digest_of(content),) * 3 + (UNKNOWN_DIGEST, "sha256:x", "", digest_of(content, "sha512")))
    body = world.pick((content,) * 4 + (None,))
    target = f"/v2/{name}/blobs/uploads/?digest={digest}"
    yield world.ask("POST", target, BYTES, body=body, keeps=world.upload(), about=["at once"])


def mount(world: World) -> Steps:
    """A blob of another repository, or of none, or malformed."""
    name, source = world.repository(), world.repository()
    known = [digest_of(blob) for blob in world.blobs[source]]
    digest = world.pick(known * 3 + [UNKNOWN_DIGEST, "sha256:x", "", digest_of(b"x", "sha512")])
    if digest in known and world.chance(0.7) and digest not in world.gone:
        about = ["mount", "right"]
        query = f"mount={digest}&from={source}"
    else:
        about = ["mount"]
        query = world.pick(
            (
                f"mount={digest}",
                f"mount={digest}&from={world.name}/none",
                f"mount={digest}&from=UPPER",
                f"mount={digest}&from=",
                f"from={source}",
                f"from={source}&mount={digest}&mount={UNKNOWN_DIGEST}",
            )
        )
    exchange = yield world.ask("POST", f"/v2/{name}/blobs/uploads/?{query}", keeps=world.upload(), about=about)
    if exchange.theirs.status == exchange.ours.status == 201:
        mounted = [blob for blob in world.blobs[source] if digest_of(blob) == digest]
        world.blobs[name] += [blob for blob in mounted if blob not in world.blobs[name]]
        yield world.ask("HEAD", f"/v2/{name}/blobs/{digest}")


def cancel(world: World) -> Steps:
    """An upload that is given up, and what it answers from then on."""
    name, key = world.repository(), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    yield world.ask("DELETE", f"{{place:{key}}}{world.pick(('', '', '&x=y'))}", about=["cancel"])
    yield from _after_the_end(world, key)


def go_on_after_the_end(world: World) -> Steps:
    """Requests to an upload that is finished."""
    name, content, key = world.repository(), world.content(), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    yield world.ask("PUT", f"{{place:{key}}}&digest={digest_of(content)}", BYTES, body=content)
    world.blobs[name].append(content)
    yield from _after_the_end(world, key)


def _after_the_end(world: World, key: str) -> Steps:
    method = world.pick(("GET", "HEAD", "PATCH", "PUT", "DELETE", "POST"))
    body = b"more" if method in {"PATCH", "PUT"} else None
    query = f"&digest={digest_of(b'more')}" if method == "PUT" else ""
    yield world.ask(method, f"{{place:{key}}}{query}", BYTES, body=body, about=["ended"])


def upload_without_state(world: World) -> Steps:
    """An upload by its path alone, without what its Location had in the query, or as another repository's."""
    name, content, key = world.repository(), world.content(), world.upload()
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    where = world.pick((name, name, *world.blobs))
    method = world.pick(("GET", "PATCH", "PUT", "DELETE", "POST"))
    query = f"?digest={digest_of(content)}" if method == "PUT" else ""
    about = ["without state", *(["another's"] if where != name else [])]
    body = content if method in {"PATCH", "PUT"} else None
    yield world.ask(method, f"/v2/{where}/blobs/uploads/{{id:{key}}}{query}", BYTES, body=body, about=about)


def upload_to_nothing(world: World) -> Steps:
    """An upload that nobody has begun."""
    method = world.pick(("GET", "HEAD", "PATCH", "PUT", "DELETE", "POST"))
    body = b"more" if method in {"PATCH", "PUT"} else None
    query = world.pick(("", f"?digest={UNKNOWN_DIGEST}", "?_state=abc"))
    target = f"/v2/{world.repository()}/blobs/uploads/{world.pick(NOBODYS)}{query}"
    yield world.ask(method, target, BYTES, body=body, about=["unknown upload"])


def upload_oddly(world: World) -> Steps:
    """A session that is begun or fed in ways that few clients have."""
    name, content, key = world.repository(), world.content(20), world.upload()
    begin = world.pick(("", "?digest-algorithm=sha512", "?digest-algorithm=md5", "?x=y", "?mount=&from="))
    slash = world.pick(("/", "/", "/", ""))
    begun = yield world.ask("POST", f"/v2/{name}/blobs/uploads{slash}{begin}", keeps=key, about=["oddly begun"])
    if begun.ours.ok and begun.theirs.ok:
        kind = world.pick((BYTES, "Content-Type: text/plain", "Content-Type: application/json", "X-None: 1"))
        yield world.ask("PATCH", f"{{place:{key}}}", kind, body=content, keeps=key, about=["oddly fed"])
