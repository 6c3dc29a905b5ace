"""The push that every registry gets: the requests that docker sends, from one client or several."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from benchmarks.connection import Connection, Refused, Response, request
from benchmarks.content import MANIFEST_TYPE, Blob, LargeFile, Repository, Version

_OCTETS = {"Content-Type": "application/octet-stream"}
_MANIFEST = {"Content-Type": MANIFEST_TYPE}


def push(port: int, repositories: Sequence[Repository], clients: int) -> None:
    """Push all of `repositories`, each whole by one of `clients` connections."""
    if clients == 1:
        _push_share(port, repositories)
        return
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda number: _push_share(port, repositories[number::clients]), range(clients)))


def push_versions(port: int, repository: Repository, clients: int) -> None:
    """Push one large repository: its blobs, then its versions over several connections."""
    with Connection(port) as connection:
        push_blobs(connection, repository)

    def share(number: int) -> None:
        with Connection(port) as connection:
            for version in repository.versions[number::clients]:
                push_version(connection, repository.name, version)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(share, range(clients)))


def push_blobs(connection: Connection, repository: Repository) -> None:
    """HEAD, and where the blob is missing POST, PATCH and PUT."""
    for blob in repository.blobs:
        path = f"/v2/{repository.name}/blobs/{blob.digest}"
        if connection.send(request("HEAD", path), 200, 404).status == 404:
            _push_blob(connection, repository.name, blob)


def push_version(connection: Connection, name: str, version: Version) -> None:
    """PUT a manifest by its tag."""
    connection.send(request("PUT", f"/v2/{name}/manifests/{version.tag}", version.content, _MANIFEST), 201)


def push_file(port: int, name: str, file: LargeFile) -> None:
    """POST, a PATCH with all of `file`, and PUT; returns when the registry has said 201."""
    with Connection(port) as connection:
        opened = start_upload(connection, name)
        received = connection.send_file("PATCH", opened, file.path, 202)
        _commit(connection, received, file.digest)


def start_upload(connection: Connection, name: str) -> str:
    """POST for an upload session. Returns its path."""
    return location(connection.send(request("POST", f"/v2/{name}/blobs/uploads/"), 202))


def location(response: Response) -> str:
    """The path and query of a Location, which may be absolute."""
    header = response.header("location")
    if header is None:
        raise Refused(f"an answer {response.status} without a Location")
    parts = urlsplit(header)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _push_share(port: int, repositories: Sequence[Repository]) -> None:
    with Connection(port) as connection:
        for repository in repositories:
            push_blobs(connection, repository)
            for version in repository.versions:
                push_version(connection, repository.name, version)


def _push_blob(connection: Connection, name: str, blob: Blob) -> None:
    opened = start_upload(connection, name)
    received = connection.send(request("PATCH", opened, blob.content, _OCTETS), 202)
    _commit(connection, received, blob.digest)


def _commit(connection: Connection, received: Response, digest: str) -> None:
    path = location(received)
    joint = "&" if "?" in path else "?"
    connection.send(request("PUT", f"{path}{joint}digest={digest}"), 201)
