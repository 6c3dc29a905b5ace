"""Where a registry ends up when it is told to delete, by each program on each registry, as docs/coming-from.md says."""

from __future__ import annotations

import http.client
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.client import Home
from tests.support.command import run
from tests.support.content import image, index, referrer, referrers_index
from tests.support.distribution import DistributionServer
from tests.support.parts import ROOT, program
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

PROGRAMS = ("regctl", "crane", "skopeo", "jettison")
SERVERS = {
    "distribution 2.8": pytest.mark.needs("docker-registry"),
    "distribution 3": pytest.mark.needs("distribution"),
    "Jettison": pytest.mark.needs(),
}
ONE_TAG = "one tag of two"
INDEX_TAG = "the only tag of an index"
INDEX = "an index, by its digest"
PLATFORM = "a platform, by its digest, of an index that stays"
SIGNED = "an image, by its digest, that has a signature"
OFF = "one tag, where deletion is off"
STORM = "one tag, where every DELETE gets 429"

REFUSED = "refused; nothing changed"
DUMMY = "**the tag is lost**: it points at a dummy"


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository, and a program that is told to delete something of it."""

    shelf: Shelf
    delete: Callable[[str], int]

    def one_tag(self) -> str:
        """Of two tags of one version, the first is deleted."""
        digest = self.shelf.push_image("a", "b")
        status = self.delete(f"{self.shelf.address}:a")
        there = {tag: self.shelf.digest(tag) == digest for tag in self.shelf.tags()}
        if there == {"a": True, "b": True}:
            assert status != 0, "it said that it was done"
            return REFUSED
        if there == {"a": False, "b": True}:
            return DUMMY
        return {(): "**the other tag goes too**", ("b",): "it goes alone"}[tuple(there)]

    def index_tag(self) -> str:
        """The only tag of an index is deleted."""
        listed, whole = self._index()
        status = self.delete(f"{self.shelf.address}:m")
        if "m" in self.shelf.tags():
            assert status != 0, "it said that it was done"
            return REFUSED
        return self._left(listed, whole)

    def index(self) -> str:
        """An index that has a tag is deleted by its digest."""
        listed, whole = self._index()
        assert self.delete(f"{self.shelf.address}@{whole}") == 0
        return self._left(listed, whole)

    def platform(self) -> str:
        """What an index lists, which stays, is deleted by its digest."""
        listed, _ = self._index()
        status = self.delete(f"{self.shelf.address}@{listed[0]}")
        assert self.shelf.tags() == ["m"]
        if self.shelf.has(listed[0]):
            assert status != 0, "it said that it was done"
            return REFUSED
        return "**the index is broken**"

    def signed(self) -> str:
        """An image is deleted that something refers to, which is listed as clients of such a registry list it."""
        subject = image(os.urandom(10))
        signature = referrer(subject)
        self.shelf.push(subject, "v")
        self.shelf.push(referrers_index((signature, "application/vnd.example.sbom")), f"sha256-{subject.digest.hex}")
        assert self.delete(f"{self.shelf.address}@{subject.digest}") == 0
        assert not self.shelf.has(str(subject.digest))
        return "the signature stays" if self.shelf.has(str(signature.digest)) else "the signature goes with it"

    def _index(self) -> tuple[list[str], str]:
        images = [image(os.urandom(10)) for _ in range(2)]
        return [str(each.digest) for each in images], self.shelf.push(index(*images), "m")

    def _left(self, listed: list[str], whole: str) -> str:
        platforms = {self.shelf.has(each) for each in listed}
        assert len(platforms) == 1
        if self.shelf.has(whole):
            return "it goes alone"
        return "its platforms stay, untagged" if platforms == {True} else "it goes, and its platforms with it"


SITUATIONS: dict[str, Callable[[Scene], str]] = {
    ONE_TAG: Scene.one_tag,
    INDEX_TAG: Scene.index_tag,
    INDEX: Scene.index,
    PLATFORM: Scene.platform,
    SIGNED: Scene.signed,
    OFF: Scene.one_tag,
    STORM: Scene.one_tag,
}


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home for all programs of this module."""
    with Home() as made:
        yield made


def deleter(name: str, home: Home, address: str) -> Callable[[str], int]:
    """How this program deletes a reference at this registry; its exit status."""
    regctl = [program("regctl"), "--host", f"reg={address},tls=disabled"] if name == "regctl" else []

    def delete(reference: str) -> int:
        commands = {
            "regctl": [*regctl, *(["manifest", "delete", "--referrers"] if "@" in reference else ["tag", "delete"])],
            "crane": ["crane", "delete", "--insecure"],
            "skopeo": ["skopeo", "delete", "--tls-verify=false"],
            "jettison": [sys.executable, "-m", "jettison", "rm", "--yes"],
        }
        full = f"docker://{reference}" if name == "skopeo" else reference
        environ = {**home.environ, "PYTHONPATH": str(ROOT / "src")}
        return run([*commands[name], full], environ=environ, check=False, seconds=100).returncode

    return delete


@contextmanager
def started(server: str, situation: str) -> Iterator[str]:
    """The address of a registry of this kind, set up for the situation."""
    config = {"storage": {"delete": {"enabled": situation != OFF}}}
    if server == "Jettison":
        with JettisonServer(config=config) as running:
            yield running.address
    else:
        part = "registry" if server == "distribution 3" else "docker-registry"
        with DistributionServer(part, config=config) as running_:
            yield running_.address


@pytest.mark.needs("regctl", "crane", "skopeo")
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("server", [pytest.param(name, marks=mark) for name, mark in SERVERS.items()])
def test_each_program_leaves_a_registry_as_the_page_says(server: str, situation: str, home: Home) -> None:
    """The row of the page is what the programs did just now."""
    found = {}
    with started(server, situation) as address, httpx2.Client(base_url=f"http://{address}", timeout=20) as client:
        for name in PROGRAMS:
            with storm(address) if situation == STORM else plain(address) as place:
                asked = httpx2.Client(base_url=f"http://{place}", timeout=20, trust_env=False)
                with asked:
                    scene = Scene(Shelf(asked, f"of-{name}"), deleter(name, home, place))
                    found[name] = SITUATIONS[situation](scene)
        assert client.get("/v2/").status_code == 200
    assert found == rows(server)[situation]


def rows(server: str) -> dict[str, dict[str, str]]:
    """What the page says of a registry: by the situation, and by the program."""
    text = (ROOT / "docs" / "coming-from.md").read_text("utf-8")
    section = text.split(f"### On {server}\n", 1)[1].split("\n#", 1)[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    assert re.fullmatch(r"deleting \| regctl \| crane \| skopeo \| jettison", " | ".join(lines[0]))
    return {cells[0]: dict(zip(PROGRAMS, cells[1:], strict=True)) for cells in lines[2:]}


@contextmanager
def plain(address: str) -> Iterator[str]:
    """The registry itself."""
    yield address


@contextmanager
def storm(address: str) -> Iterator[str]:
    """A way to the registry on which every DELETE is answered with 429; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
            elif self.command == "DELETE":
                self._answer(429, [("Retry-After", "0")], b'{"errors":[{"code":"TOOMANYREQUESTS","message":"wait"}]}')
            else:
                self._forward()

        def _forward(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            onward = http.client.HTTPConnection(address, timeout=20)
            try:
                # The Host stays, so that places to upload to lead here again.
                headers = {name: ", ".join(self.headers.get_all(name) or ()) for name in self.headers}
                onward.request(self.command, self.path, content, headers)
                answer = onward.getresponse()
                self._answer(answer.status, answer.getheaders(), answer.read())
            finally:
                onward.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            head = self.command == "HEAD"
            length = {name.lower(): value for name, value in headers}.get("content-length", "0")
            self.send_header("Content-Length", length if head else str(len(content)))
            self.end_headers()
            if not head:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
