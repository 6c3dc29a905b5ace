"""Deletions: of tags, manifests, blobs and whole repositories, there or not, wanted or not."""

from __future__ import annotations

from tests.differential.ask import Steps
from tests.differential.world import ACCEPT, UNKNOWN_DIGEST, World, digest_of
from tests.support.content import Draft


def delete_tag(world: World) -> Steps:
    """A tag, and what is left."""
    name = world.repository()
    tag = world.pick([*world.tags[name], *world.tags[name], "none"])
    exchange = yield world.ask("DELETE", f"/v2/{name}/manifests/{tag}", about=["tag"])
    if exchange.ours.status == 202:
        draft = world.tags[name].pop(tag)
        yield world.ask("GET", f"/v2/{name}/manifests/{tag}", ACCEPT)
        yield world.ask("HEAD", f"/v2/{name}/manifests/{draft.digest}", ACCEPT)
        yield world.ask("GET", f"/v2/{name}/tags/list")


def delete_manifest(world: World) -> Steps:
    """A manifest, and what is left."""
    name = world.repository()
    draft = world.holds(name)
    digest = str(draft.digest) if draft and world.chance(0.85) else UNKNOWN_DIGEST
    exchange = yield world.ask("DELETE", f"/v2/{name}/manifests/{digest}", about=["manifest"])
    if draft is not None and exchange.ours.status == 202:
        _forget(world, name, draft)
        yield world.ask("GET", f"/v2/{name}/manifests/{digest}", ACCEPT, about=["deleted itself"])
        yield world.ask("GET", f"/v2/{name}/tags/list")
        for blob in draft.blobs[:1]:
            yield world.ask("HEAD", f"/v2/{name}/blobs/{digest_of(blob)}")


def _forget(world: World, name: str, draft: Draft) -> None:
    """What Jettison may have taken along: all that only it held, and all that named it as their subject."""
    for other in list(world.drafts[name]):
        if other is draft or other in draft.closure() or str(draft.digest).encode() in other.content:
            world.drafts[name].remove(other)
            world.gone.update(str(part.digest) for part in other.closure())
            world.gone.update(digest_of(blob) for part in other.closure() for blob in part.blobs)
            world.tags[name] = {tag: held for tag, held in world.tags[name].items() if held is not other}


def delete_blob(world: World) -> Steps:
    """A blob: free, needed by a manifest, or not there."""
    name = world.repository()
    free = not world.drafts[name] and world.blobs[name]
    if world.chance(0.4) or (not free and not world.blobs[name]):
        digest, about = world.pick((UNKNOWN_DIGEST, "sha256:x")), ["unknown"]
    elif world.chance(0.5):
        digest, about = digest_of(world.pick(world.blobs[name])), ["perhaps needed"]
    else:
        content = world.content()
        key = world.upload()
        yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
        yield world.ask("PUT", f"{{place:{key}}}&digest={digest_of(content)}", body=content)
        digest, about = digest_of(content), ["free"]
    exchange = yield world.ask("DELETE", f"/v2/{name}/blobs/{digest}", about=["blob", *about])
    if exchange.ours.status == 202 and exchange.theirs.status == 202:
        world.blobs[name] = [blob for blob in world.blobs[name] if digest_of(blob) != digest]
        yield world.ask(world.pick(("GET", "HEAD")), f"/v2/{name}/blobs/{digest}")
        yield world.ask("DELETE", f"/v2/{name}/blobs/{digest}", about=["blob", "again"])


def delete_repository(world: World) -> Steps:
    """A whole repository, as people try."""
    name = world.pick([world.repository(), f"{world.name}/none"])
    query = world.pick(("", "?dry_run=true", "?purge=true", "?dry_run=x"))
    target = world.pick(("/v2/{}", "/v2/{}", "/v1/repositories/{}", "/v2/{}/", "/v2/{}/tags/list", "/v2/{}/manifests/"))
    yield world.ask("DELETE", target.format(name) + query, about=["repository"])


def delete_with_parameters(world: World) -> Steps:
    """A tag's deletion that is not meant, or meant for good."""
    name = world.repository()
    tag = world.pick([*world.tags[name], "none"])
    query = world.pick(("?dry_run=true", "?dry_run=false", "?dry_runn=true", "?dry_run=", "?x=y"))
    yield world.ask("DELETE", f"/v2/{name}/manifests/{tag}{query}", about=["parameters"])
