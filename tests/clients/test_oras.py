from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.client import Client, Home
from tests.support.layout import two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("oras"), pytest.mark.timeout(60)]

PLAIN = "--plain-http"
BOTH_PLAIN = ("--from-plain-http", "--to-plain-http")


@pytest.fixture(scope="module")
def oras(home: Home) -> Client:
    """Oras."""
    return home.client("oras")


def push(oras: Client, work: Path, name: str, content: str) -> str:
    """Push a file as an artifact ``name``; return its digest."""
    (work / "file.txt").write_text(content)
    # Its default type says that nobody knows it.
    kind = ("--artifact-type", "application/vnd.example.note")
    return oras("push", PLAIN, *kind, "--format", "go-template={{.digest}}", name, "file.txt:text/plain", cwd=work)


def attach(oras: Client, work: Path, name: str, kind: str) -> str:
    """Attach a file of that artifact type to ``name``; return the digest of what refers to it."""
    (work / "note").write_text(kind)
    options = (PLAIN, "--artifact-type", kind, "--format", "go-template={{.digest}}")
    return oras("attach", *options, name, "note:text/plain", cwd=work)


def discovered(oras: Client, name: str, *options: str) -> list[str]:
    """The digests of what refers to ``name``."""
    found = json.loads(oras("discover", PLAIN, "--format", "json", *options, name))
    return [referrer["digest"] for referrer in found["referrers"] or []]


def test_what_is_pushed_comes_back_the_same(oras: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """A file goes there as an artifact and comes back with its content and its digest."""
    name = f"{server.address}/oras/same:1"
    digest = push(oras, work, name, "hello\n")

    pulled = json.loads(oras("pull", PLAIN, "--format", "json", "--output", str(work / "back"), name))

    assert pulled["reference"].endswith(f"@{digest}")
    assert (work / "back" / "file.txt").read_text() == "hello\n"
    assert oras("resolve", PLAIN, name) == digest == api.digest("oras/same", "1")


def test_it_lists(oras: Client, server: JettisonServer, work: Path) -> None:
    """Repositories and tags are listed."""
    name = f"{server.address}/oras/listed"
    push(oras, work, f"{name}:1,2", "listed")

    assert "oras/listed" in oras("repo", "ls", PLAIN, server.address).splitlines()
    assert oras("repo", "tags", PLAIN, name).splitlines() == ["1", "2"]


def test_deleting_takes_the_version_with_its_tags_and_no_other(
    oras: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """`oras manifest delete` turns a tag into its digest: the version goes with all its tags, its siblings stay."""
    name = f"{server.address}/oras/deleted"
    push(oras, work, f"{name}:1,same", "one")
    other = push(oras, work, f"{name}:other", "two")

    oras("manifest", "delete", PLAIN, "--force", f"{name}:1")

    assert api.tags("oras/deleted") == ["other"]
    assert "not found" in oras.refused("resolve", PLAIN, f"{name}:same")

    oras("manifest", "delete", PLAIN, "--force", f"{name}@{other}")

    assert "oras/deleted" not in api.catalog()


def test_a_blob_goes_only_when_nothing_needs_it(oras: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """`oras blob delete` is told which version needs the blob; a blob that no version needs goes."""
    name = f"{server.address}/oras/blob"
    version = push(oras, work, f"{name}:1", "needed")
    stored = api.manifest("oras/blob", "1")
    assert stored is not None
    needed = json.loads(stored.content)["layers"][0]["digest"]
    (work / "loose").write_text("loose")
    pushed = json.loads(oras("blob", "push", PLAIN, "--descriptor", name, str(work / "loose")))

    said = oras.refused("blob", "delete", PLAIN, "--force", f"{name}@{needed}")
    oras("blob", "delete", PLAIN, "--force", f"{name}@{pushed['digest']}")

    assert f"is needed by manifest {version}" in said
    assert api.has_blob("oras/blob", needed)
    assert not api.has_blob("oras/blob", pushed["digest"])


def test_what_refers_to_a_version_goes_with_it(oras: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """Attached artifacts are discovered, by type too; deleting their subject takes them, and what refers to them."""
    name = f"{server.address}/oras/subject"
    subject = push(oras, work, f"{name}:1", "subject")
    push(oras, work, f"{name}:other", "other")
    sbom = attach(oras, work, f"{name}:1", "application/vnd.example.sbom")
    signature = attach(oras, work, f"{name}:1", "application/vnd.example.signature")
    signed_sbom = attach(oras, work, f"{name}@{sbom}", "application/vnd.example.signature")

    assert sorted(discovered(oras, f"{name}:1", "--depth", "1")) == sorted([sbom, signature])
    by_type = ("--artifact-type", "application/vnd.example.sbom")
    assert discovered(oras, f"{name}:1", "--depth", "1", *by_type) == [sbom]
    assert discovered(oras, f"{name}@{sbom}") == [signed_sbom]

    oras("manifest", "delete", PLAIN, "--force", f"{name}@{subject}")

    assert not any(api.has("oras/subject", digest) for digest in (sbom, signature, signed_sbom))
    assert api.referrers("oras/subject", subject) == []
    assert api.tags("oras/subject") == ["other"]


def test_copying_between_repositories_sends_no_blob(oras: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An artifact and what refers to it are mounted into another repository, and outlive the first."""
    here, there = (f"{server.address}/oras/{name}:1" for name in ("here", "there"))
    subject = push(oras, work, here, "copied")
    referrer = attach(oras, work, here, "application/vnd.example.sbom")

    with api.uploads() as uploads:
        oras("cp", *BOTH_PLAIN, "--recursive", here, there)
    api.delete("/v2/oras/here")

    assert (uploads.begun, uploads.stored) == (0, 0)
    assert uploads.mounted >= 3
    assert discovered(oras, there) == [referrer]
    assert oras("resolve", PLAIN, there) == subject
    oras("pull", PLAIN, "--output", str(work / "back"), there)
    assert (work / "back" / "file.txt").read_text() == "copied"


def test_an_index_keeps_all_its_platforms(oras: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An index comes back whole; one made of its children holds them when the first goes."""
    layout, index, images = two_platforms(work / "layout")
    name = f"{server.address}/oras/index"

    oras("cp", "--from-oci-layout", "--to-plain-http", f"{layout.folder}:1", f"{name}:1")
    oras("manifest", "index", "create", PLAIN, f"{name}:own", *(image["digest"] for image in images))
    oras("cp", "--from-plain-http", "--to-oci-layout", f"{name}:1", f"{work}/back:1")

    assert api.digest("oras/index", "1") == index["digest"]
    assert oras("resolve", "--oci-layout", f"{work}/back:1") == index["digest"]
    assert oras("resolve", PLAIN, "--platform", "linux/arm64", f"{name}:own") == images[1]["digest"]

    oras("manifest", "delete", PLAIN, "--force", f"{name}@{index['digest']}")
    assert all(api.has("oras/index", image["digest"]) for image in images), "the other index still holds them"
    oras("manifest", "delete", PLAIN, "--force", f"{name}:own")

    assert not any(api.has("oras/index", image["digest"]) for image in images)
    assert "oras/index" not in api.catalog()
