"""A tree that has everything wrong with it that real ones have, beside what is right."""

from __future__ import annotations

import json

from jettison.oci.digest import Digest
from jettison.oci.media_types import DOCKER_CONFIG, DOCKER_IMAGE, DOCKER_INDEX, DOCKER_LAYER_GZIP
from tests.migrate.plant import Plant
from tests.support.content import Draft, artifact, descriptor, image, index, referrer

APP = image(b"base", b"app")
MULTI = index(image(b"base", b"amd64"), image(b"base", b"arm64"))
SIGNATURE = referrer(APP)
SPARSE = index(image(b"here"), image(b"not here"))
SCHEMA1 = {
    "schemaVersion": 1,
    "name": "old",
    "tag": "1",
    "fsLayers": [{"blobSum": str(Digest.of(b"an old layer"))}],
    "history": [{"v1Compatibility": "{}"}],
}


def schema2(*layers: bytes, config: bytes = b'{"docker": 2}') -> Draft:
    """An image in Docker's schema 2."""
    body = {
        "schemaVersion": 2,
        "mediaType": DOCKER_IMAGE,
        "config": descriptor(config, DOCKER_CONFIG),
        "layers": [descriptor(layer, DOCKER_LAYER_GZIP) for layer in layers],
    }
    return Draft(json.dumps(body, indent=3).encode(), DOCKER_IMAGE, (config, *layers))


def manifest_list(*children: Draft) -> Draft:
    """A manifest list of Docker."""
    platforms = [{"architecture": name, "os": "linux"} for name in ("amd64", "arm64", "s390x")]
    entries = [
        descriptor(child.content, child.media_type, platform=platform)
        for child, platform in zip(children, platforms, strict=False)
    ]
    body = {"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": entries}
    return Draft(json.dumps(body).encode(), DOCKER_INDEX, (), children)


LIST = manifest_list(schema2(b"base", b"list amd64"), schema2(b"base", b"list arm64"))


def untyped(draft: Draft) -> Draft:
    """The same without a mediaType in its body, as early tools wrote it."""
    body = json.loads(draft.content)
    del body["mediaType"]
    return Draft(json.dumps(body).encode(), draft.media_type, draft.blobs, draft.children)


def strange() -> dict[str, bytes]:
    """Manifests that are not as the specifications want them, by what is strange of each."""
    config, layer = descriptor(b"{}", "application/json"), descriptor(b"base", "application/octet-stream")
    oci = {"schemaVersion": 2, "mediaType": APP.media_type}
    return {
        "twice": b'{"schemaVersion": 2, "schemaVersion": 2, ' + APP.content.lstrip(b"{"),
        "spelled otherwise": json.dumps({**oci, "config": config, "Layers": [layer]}).encode(),
        "without layer types": json.dumps(
            {**oci, "config": config, "layers": [{"digest": layer["digest"], "size": 4}]}
        ).encode(),
        "without a config": json.dumps({**oci, "layers": [layer]}).encode(),
        "with manifests": json.dumps({**oci, "config": config, "layers": [layer], "manifests": []}).encode(),
        "untyped, with both": json.dumps(
            {"schemaVersion": 2, "config": config, "layers": [layer], "manifests": []}
        ).encode(),
        "untyped, with neither": b'{"schemaVersion": 2}',
        "no JSON": b"not a manifest",
        "a list": b"[]",
        "nothing": b"",
        "of no schema": b'{"mediaType": "application/vnd.oci.image.manifest.v1+json"}',
        "of another type": json.dumps({**oci, "mediaType": "application/vnd.example+json"}).encode(),
        "with a layer that is text": json.dumps({**oci, "config": config, "layers": ["base"]}).encode(),
        "with layers that are none": json.dumps({**oci, "config": config, "layers": {}}).encode(),
        "large": json.dumps({**oci, "config": config, "layers": [], "annotations": {"x": "x" * 4_200_000}}).encode(),
        "schema 1": json.dumps(SCHEMA1).encode(),
        "an artifact": artifact(b"payload").content,
    }


def plant_dirty(plant: Plant) -> None:
    """Plant it."""
    plant.push("library/app", APP, "1", "latest")
    plant.push("library/app", SIGNATURE)
    plant.push("library/app/nested", MULTI, "multi")
    plant.push("library/app-x", LIST, "list")
    plant.push("library/early", untyped(APP), "image")
    plant.push("library/early", untyped(MULTI), "index")
    plant.push("library/sparse", SPARSE, "sparse")
    _break_links(plant)
    _break_files(plant)
    for number, content in enumerate(strange().values()):
        plant.layer("strange", b"base")
        plant.tag("strange", f"t{number}", plant.revision("strange", content))
    plant.layer("strange", b"an old layer")
    _strew(plant)


def _break_links(plant: Plant) -> None:
    where = "broken/links"
    plant.push(where, image(b"fine"), "fine")
    plant.layer(where, b"an empty link", link="")
    plant.layer(where, b"a broken link", link="sha256:123")
    plant.layer(where, b"a link to another", link=str(Digest.of(b"fine")))
    plant.revision(where, image(b"of an empty link").content, link="")
    plant.revision(where, image(b"of a broken link").content, link="what?\n")
    plant.tag(where, "empty", image(b"fine").digest, link="")
    plant.tag(where, "broken", image(b"fine").digest, link="nonsense")
    plant.tag(where, "dangling", Digest.of(b"no revision"))
    plant.tag(where, "of-a-broken-revision", image(b"of an empty link").digest)
    (plant.folder / "repositories" / where / "_manifests" / "tags" / "without-current").mkdir()
    plant.tag(where, ".hidden", image(b"fine").digest)


def _break_files(plant: Plant) -> None:
    where = "broken/files"
    plant.push(where, image(b"whose file is gone", b"whose file is empty"), "1")
    plant.data(Digest.of(b"whose file is gone")).unlink()
    plant.data(Digest.of(b"whose file is empty")).write_bytes(b"")
    lost = image(b"of a manifest that is gone")
    plant.push(where, lost, "lost")
    plant.data(lost.digest).unlink()
    wrong = image(b"of a manifest that is another")
    plant.push(where, wrong, "wrong")
    plant.data(wrong.digest).write_bytes(APP.content)
    unlinked = image(b"layer", config=b'{"never": "linked"}')
    plant.revision(where, unlinked.content)
    plant.layer(where, b"layer")
    plant.blob(b'{"never": "linked"}')
    plant.tag(where, "unlinked", unlinked.digest)
    missing = SPARSE.children[1].digest
    (plant.folder / "repositories/library/sparse/_manifests/revisions/sha256" / missing.hex / "link").unlink()


def _strew(plant: Plant) -> None:
    """What lies about in trees: temporary files, unfinished uploads, a cache's state, content that nothing has."""
    plant.blob(b"nobody has this")
    (plant.data(APP.digest).parent / "data.1b4e28ba.tmp").write_bytes(b"half")
    upload = plant.folder / "repositories/library/app/_uploads/8d5a1e0e"
    upload.mkdir(parents=True)
    (upload / "data").write_bytes(b"half of a layer")
    (upload / "startedat").write_text("2026-01-01T00:00:00Z")
    (plant.root / "scheduler-state.json").write_text("{}")
    (plant.folder / "repositories" / "stray").write_text("a file")
    plant.push("UPPER/Case", APP, "1")
    plant.layer_link("only/layers", Digest.of(b"base"))
    alias = Digest.of(b"base", "sha512")
    plant.layer_link("library/app", alias, str(Digest.of(b"base")))
    (plant.folder / "repositories/library/app/_layers/tarsum.v1+sha256" / ("a" * 64)).mkdir(parents=True)
