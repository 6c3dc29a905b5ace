"""What a client does to a registry, request by request, and how many events each request makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from jettison.oci.digest import Digest
from jettison.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_INDEX,
    DOCKER_LAYER_GZIP,
    OCI_CONFIG,
    OCI_IMAGE,
    OCI_INDEX,
    OCI_LAYER_GZIP,
)
from tests.support.content import descriptor

AGENT = "a-client/1.0 (<&>)"
LAYER, CONFIG, EMPTY = b"a layer" * 10, b'{"architecture":"amd64","os":"linux"}', b""
IMAGE = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(CONFIG, OCI_CONFIG),
        # Twice the same: references name it twice.
        "layers": [
            descriptor(LAYER, OCI_LAYER_GZIP, annotations={"title": "<layer>"}),
            descriptor(LAYER, OCI_LAYER_GZIP),
            descriptor(EMPTY, OCI_LAYER_GZIP),
        ],
        "annotations": {"of": "the image"},
    }
).encode()
DOCKER = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": DOCKER_IMAGE,
        "config": descriptor(CONFIG, DOCKER_CONFIG),
        "layers": [descriptor(LAYER, DOCKER_LAYER_GZIP)],
    }
).encode()
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            descriptor(IMAGE, OCI_IMAGE, platform={"architecture": "arm", "os": "linux", "variant": "v7"}),
        ],
    }
).encode()
LIST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": DOCKER_INDEX,
        "manifests": [
            descriptor(DOCKER, DOCKER_IMAGE, platform={"architecture": "amd64", "os": "windows", "os.version": "10"}),
        ],
    }
).encode()


@dataclass(frozen=True, slots=True)
class Action:
    """A request, by its method and path, its body and headers; ``events`` is how many it makes."""

    name: str
    events: int
    do: Callable[[httpx2.Client], httpx2.Response]


def _request(method: str, path: str, content: bytes | None = None, **headers: str) -> Callable[[httpx2.Client], Any]:
    return lambda client: client.request(
        method, path, content=content, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def _upload(name: str, content: bytes) -> Callable[[httpx2.Client], httpx2.Response]:
    def do(client: httpx2.Client) -> httpx2.Response:
        location = client.post(f"/v2/{name}/blobs/uploads/").headers["location"]
        # Whatever host it names: that may be another one's name for the registry.
        url = client.base_url.copy_with(raw_path=httpx2.URL(location).raw_path)
        return client.put(url.copy_merge_params({"digest": str(Digest.of(content))}), content=content)

    return do


def _manifest(method: str, reference: object, media_type: str, content: bytes | None = None, **headers: str) -> Any:
    types = {"Content_Type": media_type} if method == "PUT" else {"Accept": media_type}
    return _request(method, f"/v2/team/app/manifests/{reference}", content, **types, **headers)


_image, _layer = Digest.of(IMAGE), Digest.of(LAYER)
_blob = f"/v2/team/app/blobs/{_layer}"
_uploads = "/v2/other/app/blobs/uploads/"

ACTIONS = (
    Action("upload a layer", 1, _upload("team/app", LAYER)),
    Action("upload a config", 1, _upload("team/app", CONFIG)),
    Action("upload an empty blob", 1, _upload("team/app", EMPTY)),
    Action("upload what is there", 1, _upload("team/app", LAYER)),
    Action("push by tag", 1, _manifest("PUT", "v1", OCI_IMAGE, IMAGE)),
    Action("push by another tag", 1, _manifest("PUT", "v2", OCI_IMAGE, IMAGE)),
    Action("push by digest", 1, _manifest("PUT", _image, OCI_IMAGE, IMAGE)),
    Action("push a Docker image", 1, _manifest("PUT", "docker", DOCKER_IMAGE, DOCKER)),
    Action("push an index", 1, _manifest("PUT", "index", OCI_INDEX, INDEX)),
    Action("push a manifest list", 1, _manifest("PUT", "list", DOCKER_INDEX, LIST)),
    Action("push what cannot be", 0, _manifest("PUT", "v3", OCI_IMAGE, b"{}")),
    Action("pull by tag", 1, _manifest("GET", "v1", OCI_IMAGE)),
    Action("pull by digest", 1, _manifest("GET", _image, OCI_IMAGE)),
    Action("ask for a head", 1, _manifest("HEAD", "v1", OCI_IMAGE)),
    Action("pull what one has", 0, _manifest("GET", "v1", OCI_IMAGE, If_None_Match=f'"{_image}"')),
    Action("pull what is not there", 0, _manifest("GET", "v9", OCI_IMAGE)),
    Action("pull an index", 1, _manifest("GET", "index", OCI_INDEX)),
    Action("pull a manifest list", 1, _manifest("GET", "list", DOCKER_INDEX)),
    Action("pull a blob", 1, _request("GET", _blob)),
    Action("pull an empty blob", 1, _request("GET", f"/v2/team/app/blobs/{Digest.of(EMPTY)}")),
    Action("ask for a blob", 1, _request("HEAD", _blob)),
    Action("pull a part of a blob", 1, _request("GET", _blob, Range="bytes=1-3")),
    Action(
        "pull through a proxy",
        1,
        _request(
            "GET",
            _blob,
            X_Forwarded_For="192.0.2.7, 10.0.0.1",
            X_Forwarded_Proto="https",
            X_Forwarded_Host="registry.example:8443",
        ),
    ),
    Action(
        "pull through another",
        1,
        _request("GET", _blob, X_Real_Ip="192.0.2.8", Forwarded='for=192.0.2.9;proto=https;host="registry.example"'),
    ),
    Action("pull by a name", 1, _request("GET", _blob, Host="registry.example:1234")),
    Action("mount", 1, _request("POST", f"{_uploads}?mount={_layer}&from=team/app")),
    Action("mount what is not there", 0, _request("POST", f"{_uploads}?mount={Digest.of(b'no')}&from=team/app")),
    Action("list", 0, _request("GET", "/v2/team/app/tags/list")),
    Action("delete a tag", 1, _request("DELETE", "/v2/team/app/manifests/list")),
    Action("delete by digest", 1, _request("DELETE", f"/v2/team/app/manifests/{Digest.of(LIST)}")),
    Action("delete what has a tag", 2, _request("DELETE", f"/v2/team/app/manifests/{Digest.of(INDEX)}")),
    Action("delete what has two tags", 3, _request("DELETE", f"/v2/team/app/manifests/{_image}")),
    Action("delete what is not there", 0, _request("DELETE", f"/v2/team/app/manifests/{Digest.of(INDEX)}")),
    Action("delete a blob", 1, _request("DELETE", f"/v2/other/app/blobs/{_layer}")),
)
