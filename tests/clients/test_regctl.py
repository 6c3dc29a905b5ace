from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_LIST, Layout, two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("regctl"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def regctl(home: Home, server: JettisonServer) -> Client:
    """Regctl, told that the registry speaks plain HTTP."""
    return home.client("regctl", "--host", f"reg={server.address},tls=disabled")


@pytest.fixture
def layout(work: Path) -> Layout:
    """A layout with one image, tagged 1."""
    made = Layout(work / "layout")
    made.image("1")
    return made


def push(regctl: Client, layout: Layout, name: str, tag: str = "1") -> str:
    """Push what the layout has tagged ``tag`` as ``name``; return its digest."""
    regctl("image", "copy", f"ocidir://{layout.folder}:{tag}", name)
    return regctl("image", "digest", name)


def test_what_is_pushed_comes_back_the_same(
    regctl: Client, server: JettisonServer, api: Api, layout: Layout, work: Path
) -> None:
    """An image goes from a layout to the registry and into another layout: one digest in all three."""
    name = f"{server.address}/regctl/same:1"

    digest = push(regctl, layout, name)
    regctl("image", "copy", name, f"ocidir://{work}/back:1")

    assert digest == api.digest("regctl/same", "1")
    assert regctl("image", "digest", f"ocidir://{layout.folder}:1") == digest
    assert regctl("image", "digest", f"ocidir://{work}/back:1") == digest


def test_it_lists(regctl: Client, server: JettisonServer, layout: Layout) -> None:
    """Repositories and tags are listed."""
    name = f"{server.address}/regctl/listed"
    for tag in ("1", "2"):
        push(regctl, layout, f"{name}:{tag}")

    assert "regctl/listed" in regctl("repo", "ls", server.address).splitlines()
    assert regctl("tag", "ls", name).splitlines() == ["1", "2"]


def test_deleting_a_tag_leaves_its_siblings(regctl: Client, server: JettisonServer, api: Api, layout: Layout) -> None:
    """`tag delete` takes a tag only; `manifest delete` the version with all its tags; no sibling goes with either."""
    name = f"{server.address}/regctl/deleted"
    layout.image("other")
    for tag in ("1", "same", "again"):
        digest = push(regctl, layout, f"{name}:{tag}")
    other = push(regctl, layout, f"{name}:other", "other")

    regctl("tag", "delete", f"{name}:same")

    assert api.tags("regctl/deleted") == ["1", "again", "other"]
    assert api.digest("regctl/deleted", "1") == digest

    regctl("manifest", "delete", "--force-tag-dereference", f"{name}:1")

    assert api.tags("regctl/deleted") == ["other"]
    assert not api.has("regctl/deleted", digest)
    regctl.refused("manifest", "get", f"{name}:again")

    regctl("manifest", "delete", f"{name}@{other}")

    assert "regctl/deleted" not in api.catalog()


def test_a_blob_that_a_version_needs_is_not_deleted(
    regctl: Client, server: JettisonServer, api: Api, layout: Layout
) -> None:
    """`blob delete` is refused; the blob is there as before."""
    push(regctl, layout, f"{server.address}/regctl/blob:1")
    stored = api.manifest("regctl/blob", "1")
    assert stored is not None
    layer = json.loads(stored.content)["layers"][0]["digest"]

    regctl.refused("blob", "delete", f"{server.address}/regctl/blob", layer)

    assert api.has_blob("regctl/blob", layer)


def test_an_index_keeps_all_its_platforms(regctl: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An index comes back with its children; a Docker manifest list made of them keeps its type and holds them too."""
    layout, index, images = two_platforms(work / "layout")
    name = f"{server.address}/regctl/index"

    assert push(regctl, layout, f"{name}:1") == index["digest"]
    platforms = ("--platform", "linux/amd64", "--platform", "linux/arm64")
    regctl("index", "create", "--media-type", DOCKER_LIST, "--ref", f"{name}:1", *platforms, f"{name}:list")
    regctl("image", "copy", f"{name}:1", f"ocidir://{work}/back:1")

    made = api.manifest("regctl/index", "list")
    assert made is not None
    assert made.media_type == DOCKER_LIST
    assert [entry["digest"] for entry in json.loads(made.content)["manifests"]] == [i["digest"] for i in images]
    assert regctl("image", "digest", f"ocidir://{work}/back:1") == index["digest"]

    regctl("manifest", "delete", f"{name}@{index['digest']}")
    assert all(api.has("regctl/index", image["digest"]) for image in images), "the list still holds them"
    regctl("manifest", "delete", f"{name}@{made.digest}")

    assert not any(api.has("regctl/index", image["digest"]) for image in images)
    assert "regctl/index" not in api.catalog()


def test_an_artifact_goes_with_its_subject(
    regctl: Client, server: JettisonServer, api: Api, layout: Layout, work: Path
) -> None:
    """An artifact that refers to an image is listed, copied with it, and deleted with it."""
    name = f"{server.address}/regctl/subject"
    subject = push(regctl, layout, f"{name}:1")
    (work / "sbom").write_text("{}")
    kind = ("--artifact-type", "application/spdx+json", "--file-media-type", "application/spdx+json")

    regctl("artifact", "put", *kind, "--file", str(work / "sbom"), "--subject", f"{name}:1")

    [referrer] = api.referrers("regctl/subject", subject)
    assert referrer in regctl("artifact", "list", f"{name}:1")
    assert referrer in regctl("artifact", "list", "--filter-artifact-type", "application/spdx+json", f"{name}:1")
    assert referrer not in regctl("artifact", "list", "--filter-artifact-type", "application/other", f"{name}:1")

    copy = f"{server.address}/regctl/copied"
    regctl("image", "copy", "--referrers", f"{name}:1", f"{copy}:1")
    assert api.referrers("regctl/copied", subject) == [referrer]

    regctl("manifest", "delete", f"{name}@{subject}")

    assert not api.has("regctl/subject", referrer)
    assert api.referrers("regctl/subject", subject) == []
    assert "regctl/subject" not in api.catalog()
    assert regctl("artifact", "get", "--subject", f"{copy}:1") == "{}"


def test_copying_between_repositories_sends_no_blob(
    regctl: Client, server: JettisonServer, api: Api, layout: Layout, work: Path
) -> None:
    """What the registry has in one repository is mounted into another, and outlives the first."""
    here, there = (f"{server.address}/regctl/{name}:1" for name in ("here", "there"))
    digest = push(regctl, layout, here)

    with api.uploads() as uploads:
        regctl("image", "copy", here, there)
    api.delete("/v2/regctl/here")

    assert uploads == Uploads(mounted=2)
    assert regctl("image", "digest", there) == digest
    regctl("image", "copy", there, f"ocidir://{work}/back:1")
