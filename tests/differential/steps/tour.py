"""Every odd value once, so that no run leaves one to chance."""

from __future__ import annotations

import json

from tests.differential.ask import Steps
from tests.differential.steps import hostile, pushing, reading, uploading
from tests.differential.world import (
    ACCEPT,
    ODD_NAMES,
    ODD_REFERENCES,
    STANDS_ALONE,
    UNKNOWN_DIGEST,
    Step,
    World,
    as_docker,
    digest_of,
    push,
    push_blob,
    put,
)
from tests.support.content import image, index


def read_everything(world: World) -> Steps:
    """Ranges, conditions, Accepts, pages, names, references and paths."""
    name = f"{world.name}/app"
    child = as_docker(image(world.content(), config=world.content()))
    listed = as_docker(index(child))
    yield from push(world, name, child, "v1")
    yield from put(world, name, listed, "list")
    yield from push(world, name, image(world.content(), config=world.content()), "oci")
    blob = digest_of(child.blobs[0])
    for method in ("GET", "HEAD"):
        for span in reading.RANGES:
            yield world.ask(method, f"/v2/{name}/blobs/{blob}", f"Range: {span}")
        for condition in reading.CONDITIONS:
            yield world.ask(method, f"/v2/{name}/blobs/{blob}", condition.format(blob))
            yield world.ask(method, f"/v2/{name}/blobs/{blob}", condition.format(blob), "Range: bytes=0-9")
            yield world.ask(method, f"/v2/{name}/manifests/v1", condition.format(child.digest), ACCEPT)
        for accept in reading.ACCEPTS:
            for reference in ("v1", "oci", "list", str(listed.digest)):
                yield world.ask(method, f"/v2/{name}/manifests/{reference}", accept)
    condition = f'If-None-Match: "{UNKNOWN_DIGEST}"'
    yield world.ask("GET", f"/v2/{name}/manifests/{UNKNOWN_DIGEST}", condition, ACCEPT)
    yield from push(world, f"{name}/deep", image(world.content(), config=world.content()))
    yield world.ask("GET", f"/v2/{name}/deep/tags/list")
    for number in reading.NUMBERS:
        yield world.ask("GET", f"/v2/{name}/tags/list?n={number}")
        yield world.ask("GET", f"/v2/{world.name}/none/tags/list?n={number}")
    for last in reading.LASTS:
        yield world.ask("GET", f"/v2/{name}/tags/list?n=1&last={last}")
    for odd in ODD_NAMES:
        yield world.ask("GET", f"/v2/{odd}/tags/list")
    for odd in ODD_REFERENCES:
        yield world.ask("GET", f"/v2/{name}/manifests/{odd}", ACCEPT)
        yield world.ask("GET", f"/v2/{name}/blobs/{odd}")
        yield world.ask("DELETE", f"/v2/{name}/blobs/{odd}")


def ask_everywhere(world: World) -> Steps:
    """Headers that mean nothing, and paths that are none of the API's."""
    name = f"{world.name}/app"
    yield from push(world, name, pushing.some_image(world), "v1")
    for header in hostile.HEADERS:
        yield world.ask("GET", f"/v2/{name}/manifests/v1", ACCEPT, header, about=["header"])
    for path in hostile.ELSEWHERE:
        for method in hostile.METHODS_ELSEWHERE:
            yield world.ask(method, path, about=["elsewhere", STANDS_ALONE])


def delete_what_is_needed(world: World) -> Steps:
    """A blob of a manifest."""
    name, draft = f"{world.name}/app", pushing.some_image(world)
    yield from push(world, name, draft, "v1")
    yield world.ask("DELETE", f"/v2/{name}/blobs/{digest_of(draft.blobs[0])}", about=["blob", "needed"])


def begin_with_an_unknown_algorithm(world: World) -> Steps:
    """A session for a digest that nobody computes."""
    yield world.ask("POST", f"/v2/{world.name}/app/blobs/uploads/?digest-algorithm=md5", keeps=world.upload())


def push_what_is_too_large(world: World) -> Steps:
    """A manifest of more than 4 MiB."""
    content = b" " * (4 * 1024 * 1024 + 1)
    yield world.ask("PUT", f"/v2/{world.name}/app/manifests/v1", body=content, about=["too large"])


def send_every_content_range(world: World) -> Steps:
    """Each in a session of its own, which has 10 bytes."""
    for span in uploading.CONTENT_RANGES:
        key = world.upload()
        yield world.ask("POST", f"/v2/{world.name}/app/blobs/uploads/", keeps=key)
        yield world.ask("PATCH", f"{{place:{key}}}", uploading.BYTES, body=b"0123456789", keeps=key)
        yield world.ask(
            "PATCH", f"{{place:{key}}}", f"Content-Range: {span}", body=b"0123456789", about=["range", STANDS_ALONE]
        )


def send_a_chunk_of_each_type(world: World) -> Steps:
    """Only one of them is that of bytes."""
    for kind in (uploading.BYTES, "Content-Type: text/plain", "X-None: 1"):
        key = world.upload()
        yield world.ask("POST", f"/v2/{world.name}/app/blobs/uploads/", keeps=key)
        yield world.ask("PATCH", f"{{place:{key}}}", kind, body=b"0123456789", about=[STANDS_ALONE])


def push_everything(world: World) -> Steps:
    """An image with each change, every body that is none, and one by sha512."""
    name, draft = f"{world.name}/app", pushing.some_image(world)
    yield from push(world, name, draft, "v1")
    target, alone = f"/v2/{name}/manifests/v2", ["changed", STANDS_ALONE]
    for dialect in (draft, as_docker(draft)):
        kind = f"Content-Type: {dialect.media_type}"
        for change, applied in pushing.CHANGES.items():
            body = json.loads(dialect.content)
            applied(body)
            yield world.ask("PUT", target, kind, body=json.dumps(body).encode(), about=[*alone, change])
        for body in pushing.BODIES[:-1]:
            yield world.ask("PUT", target, kind, body=body, about=["nonsense", STANDS_ALONE])
        for other in dict.fromkeys(pushing.TYPES):
            yield world.ask("PUT", target, f"Content-Type: {other}", body=dialect.content, about=alone)
    by_another = f"/v2/{name}/manifests/{UNKNOWN_DIGEST}"
    yield world.ask("PUT", by_another, f"Content-Type: {draft.media_type}", body=b'{"schemaVersion":2}', about=alone)
    by_sha512 = f"/v2/{name}/manifests/{digest_of(draft.content, 'sha512')}"
    yield world.ask("PUT", by_sha512, f"Content-Type: {draft.media_type}", body=draft.content, about=alone)


def mount_from_anywhere(world: World) -> Steps:
    """Without saying where from."""
    content = world.content()
    yield from push_blob(world, f"{world.name}/app", content)
    yield world.ask("POST", f"/v2/{world.name}/app/deep/blobs/uploads/?mount={digest_of(content)}", about=["mount"])


def end_wrongly(world: World) -> Steps:
    """Uploads that end with a digest that is not theirs, or is none, and what they are then."""
    content = world.content(20)
    for digest in (UNKNOWN_DIGEST, "sha384:" + "0" * 96, "sha512:" + "0" * 128, *ODD_REFERENCES):
        key = world.upload()
        yield world.ask("POST", f"/v2/{world.name}/app/blobs/uploads/", keeps=key)
        yield world.ask("PATCH", f"{{place:{key}}}", uploading.BYTES, body=content[:10], keeps=key)
        end = f"{{place:{key}}}&digest={digest}"
        yield world.ask("PUT", end, uploading.BYTES, body=content[10:], about=["wrong digest", STANDS_ALONE])
        yield world.ask("GET", f"{{place:{key}}}", about=["after a refusal"])


def push_a_blob_by_sha512(world: World) -> Steps:
    """And ask for it by either digest."""
    name, content, key = f"{world.name}/app", world.content(), world.upload()
    by_sha512 = digest_of(content, "sha512")
    yield world.ask("POST", f"/v2/{name}/blobs/uploads/", keeps=key)
    yield world.ask("PUT", f"{{place:{key}}}&digest={by_sha512}", uploading.BYTES, body=content)
    for digest in (by_sha512, digest_of(content)):
        yield world.ask("GET", f"/v2/{name}/blobs/{digest}", about=["by sha512"])
        yield world.ask("GET", f"/v2/{name}/blobs/{digest}", f'If-None-Match: "{by_sha512}"', about=["by sha512"])


def read_a_manifest_as_a_blob(world: World) -> Steps:
    """Each kind by the route of the other."""
    name, draft = f"{world.name}/app", pushing.some_image(world)
    yield from push(world, name, draft, "v1")
    yield world.ask("GET", f"/v2/{name}/blobs/{draft.digest}", about=["other kind"])
    yield world.ask("GET", f"/v2/{name}/manifests/{digest_of(draft.blobs[0])}", ACCEPT, about=["other kind"])


def ask_before_deleting(world: World) -> Steps:
    """A deletion of a tag that is not meant: the two part there."""
    name = f"{world.name}/app"
    yield from push(world, name, pushing.some_image(world), "v1")
    yield world.ask("DELETE", f"/v2/{name}/manifests/v1?dry_run=true", about=["parameters"])


TOUR: tuple[Step, ...] = (
    read_everything,
    ask_everywhere,
    delete_what_is_needed,
    begin_with_an_unknown_algorithm,
    push_what_is_too_large,
    send_every_content_range,
    send_a_chunk_of_each_type,
    push_everything,
    mount_from_anywhere,
    end_wrongly,
    push_a_blob_by_sha512,
    read_a_manifest_as_a_blob,
    ask_before_deleting,
)
