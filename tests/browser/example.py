"""A registry as somebody has it after a while: for pictures, and for the tests that walk through its pages."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Final

import httpx2

from jettison.oci.digest import Digest
from jettison.oci.media_types import OCI_CONFIG, OCI_IMAGE, OCI_INDEX, OCI_LAYER_GZIP
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import beside
from tests.support.content import Draft, descriptor, referrer
from tests.support.server import JettisonServer

MEGABYTE: Final = 1_000_000
DAY: Final = 24 * 3600 * 1_000_000
NEWEST: Final = DAY // 5
OLDEST: Final = 70 * DAY
SIGNATURE: Final = "application/vnd.dev.cosign.artifact.sig.v1+json"
SBOM: Final = "application/spdx+json"


def layer(name: str, megabytes: float) -> bytes:
    """A layer of that size, always the same for the same name."""
    seed = Digest.of(name.encode()).hex.encode()
    return (seed * (int(megabytes * MEGABYTE) // len(seed) + 1))[: int(megabytes * MEGABYTE)]


def built(
    *layers: bytes,
    architecture: str = "amd64",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    of: str = "",
) -> Draft:
    """An image as a builder makes it, with its history."""
    steps = [
        {"created": "2026-11-20T09:14:02Z", "created_by": f"COPY part{number} / # {of}"}
        for number in range(len(layers))
    ]
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-11-20T09:14:02Z",
            "config": {
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PORT=8080"],
                "Entrypoint": ["/usr/bin/app"],
                "Cmd": ["serve"],
                "WorkingDir": "/srv",
                "User": "1000",
                "ExposedPorts": {"8080/tcp": {}},
                "Labels": dict(labels or {}),
            },
            "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(each)) for each in layers]},
            "history": [
                *steps,
                {"created": "2026-11-20T09:14:03Z", "created_by": 'CMD ["serve"]', "empty_layer": True},
            ],
        }
    ).encode()
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(config, OCI_CONFIG),
        "layers": [descriptor(each, OCI_LAYER_GZIP) for each in layers],
        **({"annotations": dict(annotations)} if annotations else {}),
    }
    return Draft(json.dumps(body).encode(), OCI_IMAGE, (config, *layers))


def platforms(*images: tuple[str, Draft]) -> Draft:
    """An index of images by their architecture."""
    entries = [
        descriptor(each.content, each.media_type, platform={"os": "linux", "architecture": name})
        for name, each in images
    ]
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return Draft(json.dumps(body).encode(), OCI_INDEX, (), tuple(each for _, each in images))


def push(client: httpx2.Client, name: str, draft: Draft, *tags: str) -> Draft:
    """Push it with all that it needs, under these tags, or by its digest."""
    for manifest in draft.closure():
        for blob in manifest.blobs:
            digest = str(Digest.of(blob))
            if client.head(f"/v2/{name}/blobs/{digest}").status_code != 200:
                answer = client.post(f"/v2/{name}/blobs/uploads/", params={"digest": digest}, content=blob)
                assert answer.status_code == 201, answer.text
        for reference in tags if manifest is draft and tags else [str(manifest.digest)]:
            answer = client.put(
                f"/v2/{name}/manifests/{reference}",
                content=manifest.content,
                headers={"Content-Type": manifest.media_type},
            )
            assert answer.status_code == 201, answer.text
    return draft


def fill(client: httpx2.Client) -> None:
    """Some repositories of a small team, of which one is signed, and several stand on the same base."""
    base, arm = layer("debian", 12), layer("debian-arm", 11)
    push(client, "base/debian", platforms(("amd64", built(base)), ("arm64", built(arm, architecture="arm64"))), "12")
    for number in range(1, 9):
        release = f"v1.{number}"
        labels = {"org.opencontainers.image.source": "https://git.example/shop", "team": "shop"}
        images = (
            ("amd64", built(base, layer("python", 6), layer(f"shop{number}", 1.5), labels=labels, of=release)),
            ("arm64", built(arm, layer(f"shop-arm{number}", 1.4), architecture="arm64", labels=labels, of=release)),
        )
        draft = push(client, "shop/web", platforms(*images), release, *(["latest"] if number == 8 else []))
        if number > 6:
            push(client, "shop/web", referrer(draft, SIGNATURE, f"signature {release}".encode()))
            push(client, "shop/web", referrer(draft, SBOM, f"bill {release}".encode()))
    for number in range(6):
        push(client, "shop/web", built(base, layer(f"pr{number}", 0.4), of=f"pr-{number}"), f"pr-{number + 110}")
    push(client, "shop/web", built(base, layer("left behind", 0.9)))
    for name, size in (("shop/worker", 3.2), ("shop/mailer", 1.1), ("data/etl", 9.0), ("data/notebooks", 17.0)):
        for number in range(3):
            image = built(base, layer("python", 6), layer(f"{name}{number}", size), of=f"{name} {number}")
            push(client, name, image, f"2026.{number + 9}")
    for name in ("tools/lint", "tools/docs", "experiments/old-prototype", "mirror/redis", "mirror/postgres"):
        push(client, name, built(layer(name, 2.5), of=name), "latest")
    for name in ("shop/web", "data/etl", "mirror/redis"):
        client.get(f"/v2/{name}/manifests/{'v1.8' if name == 'shop/web' else 'latest'}")


def age(server: JettisonServer) -> None:
    """Have its content pushed over the last months instead of now, and the disk looked at on each of the last days.

    Only where nothing is going on: the server is started anew.
    """
    server.stop()
    now = time.time_ns() // 1000
    with closing(sqlite3.connect(server.data / "jettison.db")) as database, database:
        at = f"{now} - {NEWEST} - {OLDEST} * ((select max(id) from manifest) - %s) / (select max(id) from manifest)"
        database.execute(f"update manifest set pushed_at = {at % 'id'}")
        database.execute(f"update tag set created_at = {at % 'manifest'}, updated_at = {at % 'manifest'}")
        for noun in ("manifest", "tag"):
            database.execute(f"update {noun}_pulled set at = {now} - {NEWEST} / 3")
        database.execute("update overview set due_at = 0")
        database.execute("delete from disk_day")
        for day in range(1, 30):
            share = 0.55 + 0.4 * (30 - day) / 30 + 0.06 * math.sin(day / 2)
            bytes = [round(megabytes * MEGABYTE * share) for megabytes in (127, 29)]
            database.execute(
                "insert into disk_day (day, counted_at, exclusive, shared, undo, garbage, uploads)"
                " values (?, ?, ?, ?, 0, 0, 0)",
                (now // DAY - day, now - day * DAY, *bytes),
            )
    server.start()


def fill_accounts(server: JettisonServer) -> None:
    """Some people, programs and a team in a registry with accounts."""
    for command in (
        ["user", "add", "ana", "--password-stdin"],
        ["user", "add", "bo", "--password-stdin"],
        ["user", "disable", "bo"],
        ["group", "add", "shop", "ana", "bo"],
        ["grant", "add", "group:shop", "shop/**:pull,push"],
        ["grant", "add", "ana", "experiments/**:pull,push,delete"],
        ["grant", "add", "anonymous", "base/**:pull"],
        ["token", "create", "ci", "--scope", "shop/**:pull,push"],
    ):
        done = beside(server, *command, sent=PASSWORD if "--password-stdin" in command else "")
        assert done.returncode == 0, done.stderr
