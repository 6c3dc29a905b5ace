"""Manifests as they are pushed, rightly and wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jettison.oci.media_types import (
    DOCKER_IMAGE,
    DOCKER_INDEX,
    OCI_ARTIFACT,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_IMAGE,
    OCI_INDEX,
)
from tests.differential.ask import Steps
from tests.differential.world import (
    ODD_REFERENCES,
    UNKNOWN_DIGEST,
    World,
    as_docker,
    digest_of,
    push,
    put,
)
from tests.support.content import Draft, artifact, image, index, referrer

TAGS = ("v1", "v2", "v3", "latest", "V1", "_x", "1.0-rc_1", "0")
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def some_image(world: World, **more: Any) -> Draft:
    """An image of new layers."""
    layers = [world.content() for _ in range(world.rng.randint(1, 3))]
    return image(*layers, config=json.dumps({"of": world.content().decode()}).encode(), **more)


def push_image(world: World) -> Steps:
    """An image, in either dialect, by a tag or by its digest."""
    name, draft = world.repository(), some_image(world)
    if world.chance(0.4):
        draft = as_docker(draft)
    yield from push(world, name, draft, *([world.pick(TAGS)] if world.chance(0.8) else []))


def push_index(world: World) -> Steps:
    """An index with its children, in either dialect."""
    name = world.repository()
    children = [some_image(world) for _ in range(world.rng.randint(1, 2))]
    draft = index(*children)
    if world.chance(0.5):
        draft = as_docker(index(*map(as_docker, children)))
    yield from push(world, name, draft, world.pick(TAGS))


def push_referrer(world: World) -> Steps:
    """Something that says what its subject is."""
    name = world.repository()
    subject = world.holds(name)
    if subject is not None:
        sbom = referrer(subject, payload=world.content())
        for blob in sbom.blobs:
            yield from _with_blob(world, name, blob)
        yield from put(world, name, sbom, str(sbom.digest))
        yield world.ask("GET", f"/v2/{name}/referrers/{subject.digest}")


def _with_blob(world: World, name: str, blob: bytes) -> Steps:
    if blob not in world.blobs[name]:
        key = world.upload()
        yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
        yield world.ask("PUT", f"{{place:{key}}}&digest={digest_of(blob)}", body=blob)
        world.blobs[name].append(blob)


def push_again(world: World) -> Steps:
    """A manifest that is there, under another tag, or by its digest."""
    name = world.repository()
    draft = world.holds(name)
    if draft is not None:
        yield from put(world, name, draft, world.pick((*TAGS, str(draft.digest))))


def push_incomplete(world: World) -> Steps:
    """A manifest that needs what is not there."""
    name, lacking = world.repository(), some_image(world)
    there = world.pick(world.blobs[name]) if world.blobs[name] else b"none"
    draft = world.pick(
        (
            lacking,
            as_docker(lacking),
            image(there, world.content(), config=b"{}"),
            image(there, config=world.content()),
            image(config=there, foreign=(world.content(),)),
            index(lacking),
            as_docker(index(as_docker(lacking))),
            referrer(lacking, payload=there),
        )
    )
    yield world.ask(
        "PUT",
        f"/v2/{name}/manifests/{world.pick(TAGS)}",
        f"Content-Type: {draft.media_type}",
        body=draft.content,
        about=["incomplete"],
    )


def push_by_digest(world: World) -> Steps:
    """By a digest that is not its own, or of another algorithm."""
    name, draft = world.repository(), some_image(world)
    for blob in draft.blobs:
        yield from _with_blob(world, name, blob)
    digest = world.pick(
        (UNKNOWN_DIGEST, *[digest_of(draft.content, "sha512")] * 5, "sha512:" + "0" * 128, *ODD_REFERENCES)
    )
    yield world.ask(
        "PUT",
        f"/v2/{name}/manifests/{digest}",
        f"Content-Type: {draft.media_type}",
        body=draft.content,
    )


def push_with_tags(world: World) -> Steps:
    """By digest, with tags as parameters."""
    name = world.repository()
    draft = world.holds(name)
    if draft is not None:
        reference = world.pick((str(draft.digest), str(draft.digest), "v1"))
        query = world.pick(("?tag=p1", "?tag=p1&tag=p2", "?tag=", "?tag=-bad", "?x=y"))
        yield world.ask(
            "PUT",
            f"/v2/{name}/manifests/{reference}{query}",
            f"Content-Type: {draft.media_type}",
            body=draft.content,
            about=["tag parameter"],
        )


def _without(*names: str) -> Callable[[dict[str, Any]], object]:
    def change(body: dict[str, Any]) -> None:
        for name in names:
            body.pop(name, None)

    return change


def _with(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: body.update(fields)


def _in_config(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: body["config"].update(fields)


def _in_layer(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda body: body["layers"][0].update(fields)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no change": _with(),
    "no mediaType": _without("mediaType"),
    "mediaType of an index": _with(mediaType=OCI_INDEX),
    "mediaType of a list": _with(mediaType=DOCKER_INDEX),
    "mediaType of docker": _with(mediaType=DOCKER_IMAGE),
    "mediaType unknown": _with(mediaType="application/x-unknown"),
    "mediaType a number": _with(mediaType=1),
    "mediaType null": _with(mediaType=None),
    "no schemaVersion": _without("schemaVersion"),
    "schemaVersion 1": _with(schemaVersion=1),
    "schemaVersion 3": _with(schemaVersion=3),
    "schemaVersion text": _with(schemaVersion="2"),
    "no config": _without("config"),
    "config null": _with(config=None),
    "config a list": _with(config=[]),
    "no layers": _without("layers"),
    "layers empty": _with(layers=[]),
    "layers null": _with(layers=None),
    "layers an object": _with(layers={}),
    "layers of numbers": _with(layers=[1]),
    "manifests too": _with(manifests=[]),
    "entries too": _with(manifests=[{"mediaType": OCI_IMAGE, "digest": UNKNOWN_DIGEST, "size": 1}]),
    "schema 1 too": _with(fsLayers=[], name="x", tag="y"),
    "digest malformed": _in_layer(digest="sha256:xyz"),
    "digest empty": _in_layer(digest=""),
    "digest unknown": _in_layer(digest=UNKNOWN_DIGEST),
    "digest of md5": _in_layer(digest="md5:" + "0" * 32),
    "size wrong": _in_layer(size=1),
    "size negative": _in_layer(size=-1),
    "size text": _in_layer(size="1"),
    "size huge": _in_layer(size=2**70),
    "size a fraction": _in_layer(size=1.5),
    "layer without type": _in_layer(mediaType=""),
    "layer of an own type": _in_layer(mediaType="application/vnd.example.layer"),
    "layer with urls": _in_layer(urls=["https://elsewhere.example/layer"]),
    "layer with bad urls": _in_layer(urls=["ftp://elsewhere.example"]),
    "config of an own type": _in_config(mediaType="application/vnd.example.config"),
    "config empty": _in_config(mediaType=OCI_EMPTY, data="e30="),
    "config's own type": _in_config(mediaType=OCI_CONFIG),
    "subject": _with(subject={"mediaType": OCI_IMAGE, "digest": UNKNOWN_DIGEST, "size": 1}),
    "subject malformed": _with(subject={"mediaType": OCI_IMAGE, "digest": "x", "size": 1}),
    "subject text": _with(subject="x"),
    "annotations": _with(annotations={"a": "b"}),
    "annotations of numbers": _with(annotations={"a": 1}),
    "annotations a list": _with(annotations=[]),
    "artifactType": _with(artifactType="application/vnd.example.thing"),
    "artifactType a number": _with(artifactType=1),
    "fields of its own": _with(whatever={"deep": [1, {"x": None}]}),
    "fields in capitals": lambda body: body.update(Config=body["config"]),
}
TYPES = (
    *((OCI_IMAGE,) * 6),
    *((DOCKER_IMAGE,) * 2),
    *(OCI_INDEX, DOCKER_INDEX, OCI_ARTIFACT, SCHEMA_1, "application/json", "text/plain", ""),
    *(f"{OCI_IMAGE}; charset=utf-8", OCI_IMAGE.upper(), f" {OCI_IMAGE} ", "a/b/c", ";", f"{OCI_IMAGE},{OCI_INDEX}"),
)


def push_changed(world: World) -> Steps:
    """An image whose body or media type is not as it should be."""
    name, draft = world.repository(), some_image(world)
    change = world.pick(list(CHANGES))
    kind = world.pick(TYPES) if world.chance(0.35) else OCI_IMAGE
    if world.chance(0.25):
        draft = as_docker(draft)
        kind = kind if kind != OCI_IMAGE else DOCKER_IMAGE
    for blob in draft.blobs:
        yield from _with_blob(world, name, blob)
    body = json.loads(draft.content)
    CHANGES[change](body)
    headers = [f"Content-Type: {kind}"] if kind else []
    target = f"/v2/{name}/manifests/{world.pick(TAGS)}"
    yield world.ask("PUT", target, *headers, body=json.dumps(body).encode(), about=["changed", change])


def push_changed_index(world: World) -> Steps:
    """An index whose body or media type is not as it should be."""
    name = world.repository()
    child = world.holds(name)
    if child is None:
        return
    draft = index(child) if world.chance(0.7) else as_docker(index(child))
    body, kind = json.loads(draft.content), draft.media_type
    change = world.pick([change for change in CHANGES if "layer" not in change and "size" not in change])
    if change.startswith(("config", "digest", "fields in")):
        body["config"] = body["manifests"][0]
        body["layers"] = [body["manifests"][0]]
    CHANGES[change](body)
    if world.chance(0.3):
        kind = world.pick(TYPES)
    headers = [f"Content-Type: {kind}"] if kind else []
    target = f"/v2/{name}/manifests/{world.pick(TAGS)}"
    yield world.ask("PUT", target, *headers, body=json.dumps(body).encode(), about=["changed index", change])


BODIES = (
    *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"not json", b'{"schemaVersion":2}', b" " * 100),
    *(b'{"schemaVersion":2,"schemaVersion":2}', b"\xef\xbb\xbf{}", b"[" * 2000, b'{"a":' * 500 + b"1" + b"}" * 500),
    b'{"schemaVersion": NaN}',
    b"x" * (4 * 1024 * 1024 + 1),
)


def push_nonsense(world: World) -> Steps:
    """What is no manifest."""
    name, kind = world.repository(), world.pick((*TYPES, "Content-Type-Less"))
    headers = [f"Content-Type: {kind}"] if kind else []
    target = f"/v2/{name}/manifests/{world.pick((*TAGS, UNKNOWN_DIGEST))}"
    body = world.pick(BODIES)
    large = ["too large"] if len(body) > 4 * 1024 * 1024 else []
    yield world.ask("PUT", target, *headers, body=body, about=["nonsense", *large])


def push_artifact(world: World) -> Steps:
    """An artifact manifest of the release candidates."""
    name = world.repository()
    draft = artifact(world.content())
    for blob in draft.blobs:
        yield from _with_blob(world, name, blob)
    yield world.ask(
        "PUT",
        f"/v2/{name}/manifests/v1",
        f"Content-Type: {draft.media_type}",
        body=draft.content,
        about=["artifact"],
    )
