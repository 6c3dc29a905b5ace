from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.http.repository import Repository, descriptor, digest_of, image, index, written
from tests.support.server import JettisonServer
from tests.support.verb import Done, verb

pytestmark = pytest.mark.slow

LAYER = digest_of(b"the layer")
SIGNATURE = digest_of(b"a signature")
NOWHERE = digest_of(b"nowhere")


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry, which is not written to once it is filled."""
    with JettisonServer() as running:
        yield running


@pytest.fixture(scope="module")
def digests(server: JettisonServer) -> dict[str, str]:
    """A layer in an image in a tagged index, a signature of that image, a deleted repository, and a leased blob."""
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        app, old = Repository(client, "team/app"), Repository(client, "old")
        child = app.push_image("the layer")
        manifest = written(image(b"{}", b"the layer"))
        parent = app.push(index(descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")), "latest")
        subject = descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")
        signature = app.push_image("a signature", subject=subject)
        gone = old.push_image("the layer", "v1")
        assert client.delete(old.path).status_code == 202
        return {
            "child": child,
            "parent": parent,
            "signature": signature,
            "gone": gone,
            "leased": app.push_blob(b"leased"),
        }


def why(server: JettisonServer, *arguments: str) -> Done:
    """`jettison why` beside the server."""
    return verb("why", *arguments, "--config", server.config_file)


def lines(server: JettisonServer, digest: str) -> list[str]:
    """What it says of a digest that is there, without the times."""
    done = why(server, digest)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split(" since ")[0].split(" until ")[0] for line in done.stdout.splitlines()]


def test_a_layer_is_traced_to_its_tags(server: JettisonServer, digests: dict[str, str]) -> None:
    """Live repositories first, then deletions; below each what holds it, step by step up to the tags."""
    assert lines(server, LAYER) == [
        f"{LAYER} is a blob of 9 bytes",
        "team/app",
        f"  {digests['child']}",
        f"    in the index {digests['parent']}",
        "      tag latest",
        "old, deleted (deletion 1), can be undone",
        f"  {digests['gone']}",
        "    tag v1",
    ]


def test_a_signature_is_traced_through_what_it_signs(server: JettisonServer, digests: dict[str, str]) -> None:
    """It stays since what it refers to stays."""
    assert lines(server, SIGNATURE)[1:] == [
        "team/app",
        f"  {digests['signature']}",
        f"    refers to {digests['child']}",
        f"      in the index {digests['parent']}",
        "        tag latest",
    ]


def test_a_lease_says_when_it_goes(server: JettisonServer, digests: dict[str, str]) -> None:
    """Nothing but a lease holds what was uploaded and not used."""
    assert lines(server, digests["leased"]) == [
        f"{digests['leased']} is a blob of 6 bytes",
        "team/app",
        "  uploaded or asked for: kept for a manifest",
        "a lease holds it",
    ]


def test_all_of_it_is_there_as_json(server: JettisonServer, digests: dict[str, str]) -> None:
    """The same as a document."""
    document = json.loads(why(server, digests["child"], "--json").stdout)
    assert (document["known"], document["blob"], document["manifest"]) == (True, False, True)
    [live, taken] = document["places"]
    assert [holder["digest"] for holder in live["holders"]] == [digests["child"], digests["parent"]]
    assert [tag["name"] for tag in live["holders"][1]["tags"]] == ["latest"]
    assert (taken["repository"], taken["deletion"]["state"]) == ("old", "deleted")


def test_what_nobody_knows_ends_with_1(server: JettisonServer, digests: dict[str, str]) -> None:
    """A script can ask; what is no digest is a wrong argument."""
    done = why(server, NOWHERE)
    assert (done.returncode, done.stdout) == (1, f"{NOWHERE} is not in this registry, and nothing in it names it\n")
    assert json.loads(why(server, NOWHERE, "--json").stdout)["known"] is False
    assert why(server, "latest").returncode == 2
