"""What a registry that runs shows of its settings, asked from outside."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jettison.settings import Address, Settings
from tests.support.daemon import Daemon
from tests.support.listener import Listener

_INDEX = "application/vnd.oci.image.index.v1+json"
_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIGS = {"image": "application/vnd.docker.container.image.v1+json", "plugin": "application/vnd.docker.plugin.v1+json"}
PLATFORMS = (("amd64", "linux"), ("arm64", "linux"))
URLS = ("https://example.com/a", "https://www.example.com/a", "https://other.test/a")
PREFIXES = ("", "/a", "/a/b")
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with names of headers in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(slots=True)
class Seen:
    """A registry that runs with these settings; its files are in ``folder``, where its log is too."""

    settings: Settings
    folder: Path
    daemon: Daemon
    hook: Listener
    client: ssl.SSLContext | None = None
    pushed: int = 0
    repository: str = "a"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask it below its prefix."""
        return self.ask_whole(method, self.settings.http.prefix + path, body, headers)

    def ask_whole(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask it for a path as it is."""
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}))
            return _read(connection)
        finally:
            connection.close()

    def ask_debug(self, path: str) -> Answer:
        """Ask its debug address."""
        address = self.settings.http.debug.addr
        assert address is not None
        connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
        try:
            connection.request("GET", path)
            return _read(connection)
        finally:
            connection.close()

    def connect(self, context: ssl.SSLContext | None = None) -> socket.socket:
        """A connection to it, by TLS where it has that; ``context`` is a client's other than the usual."""
        address = self.settings.http.addr
        if isinstance(address, Address):
            plain = socket.create_connection((address.host, address.port), timeout=10)
        else:
            plain = socket.socket(socket.AF_UNIX)
            plain.settimeout(10)
            plain.connect(str(address))
        if self.settings.http.tls is None:
            return plain
        context = context or self.client
        assert context is not None
        return context.wrap_socket(plain, server_hostname="localhost")

    def push_blob(self, content: bytes) -> str:
        """Upload a blob and return its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        location = urlsplit(self.ask("POST", f"/v2/{self.repository}/blobs/uploads/").header("location"))
        path = f"{location.path}?{location.query}&digest={digest}".replace("?&", "?")
        answer = self.ask_whole("PUT", path, content, {"Content-Type": "application/octet-stream"})
        assert answer.status == 201, answer
        return digest

    def push(self, media_type: str, manifest: Mapping[str, Any]) -> bool:
        """Whether it takes a manifest, under a tag of its own."""
        self.pushed += 1
        body = json.dumps({"schemaVersion": 2, "mediaType": media_type, **manifest}).encode()
        answer = self.ask("PUT", f"/v2/{self.repository}/manifests/t{self.pushed}", body, {"Content-Type": media_type})
        assert answer.status == 201 or answer.status >= 400, answer  # distribution has 500 for a place it refuses
        return answer.status == 201

    def push_image(self, config: str = CONFIGS["image"], layers: tuple[Mapping[str, Any], ...] = ()) -> bool:
        """Whether it takes an image with a config of a media type, and with these layers beside one of its own."""
        content = f"{self.pushed}".encode()
        size, digest = len(content), self.push_blob(content)
        own = {"mediaType": _LAYER, "size": size, "digest": digest}
        return self.push(
            _IMAGE, {"config": {"mediaType": config, "size": size, "digest": digest}, "layers": [own, *layers]}
        )

    def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until something shows. Raises AssertionError when time is up."""
        deadline = time.monotonic() + _SECONDS
        while not ready():
            assert time.monotonic() < deadline, self.daemon.log[-2000:]
            time.sleep(0.05)


def _read(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    body = response.read()
    return Answer(response.status, [(name.lower(), value) for name, value in response.getheaders()], body)


# --------------------------------------------------------------------------- each key: what is seen, and what was told


def _deletes(seen: Seen) -> bool:
    status = seen.ask("DELETE", f"/v2/a/blobs/sha256:{'0' * 64}").status
    assert status in {404, 405}
    return status == 404


def _root(seen: Seen) -> Path:
    """Where a blob lands whose content nothing else has."""
    content = f"{time.time_ns()}".encode()
    seen.push_blob(content)
    (found,) = [file for file in seen.folder.rglob("*") if file.is_file() and _holds(file, content)]
    return next(folder for folder in found.parents if folder.parent == seen.folder)


def _holds(file: Path, content: bytes) -> bool:
    return file.stat().st_size == len(content) and file.read_bytes() == content


def _headers(seen: Seen) -> set[tuple[str, str]]:
    return {pair for pair in seen.ask("GET", "/v2/").headers if pair[0] in {"x-a", "x-b"}}


def _most_entries(seen: Seen) -> int:
    """How many repositories `_catalog` gives at most: distribution refuses to give more, we give that many."""
    told = seen.settings.catalog.maxentries
    for number in range(told + 1 if told < 10 else 1):
        seen.repository = f"r{number}"
        assert seen.push_image()
    assert seen.ask("GET", f"/v2/_catalog?n={told}").status == 200
    more = seen.ask("GET", f"/v2/_catalog?n={told + 1}")
    return told if more.status == 400 else len(json.loads(more.body)["repositories"])


def _most_tags(seen: Seen) -> int:
    for _ in range(seen.settings.tags.maxtags + 1):
        assert seen.push_image()
    answer = seen.ask("GET", f"/v2/a/tags/list?n={seen.settings.tags.maxtags + 1}")
    return len(json.loads(answer.body)["tags"])


def _prefixes(seen: Seen) -> list[str]:
    return [prefix for prefix in PREFIXES if seen.ask_whole("GET", f"{prefix}/v2/").status == 200]


def _base(seen: Seen) -> str:
    return seen.ask("POST", "/v2/a/blobs/uploads/").header("location").partition("/v2/")[0]


def _read_only(seen: Seen) -> bool:
    assert seen.ask("GET", "/v2/_catalog").status == 200
    status = seen.ask("POST", "/v2/a/blobs/uploads/").status
    assert status in {202, 405}
    return status == 405


def _platforms(seen: Seen) -> list[tuple[str, str]]:
    """The platforms whose manifests an index needs."""
    return [each for number, each in enumerate(PLATFORMS) if not seen.push(_INDEX, {"manifests": [_child(number)]})]


def _child(number: int) -> dict[str, Any]:
    architecture, system = PLATFORMS[number]
    platform = {"architecture": architecture, "os": system}
    digest = f"sha256:{number:064x}"
    return {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": 5,
        "digest": digest,
        "platform": platform,
    }


def _told_platforms(settings: Settings) -> list[tuple[str, str]]:
    indexes = settings.validation.checked.indexes
    listed = [(platform.architecture, platform.os) for platform in indexes.platformlist]
    of = {"all": list(PLATFORMS), "none": [], "list": listed or list(PLATFORMS)}
    return of[indexes.platforms]


def _classes(seen: Seen) -> set[str]:
    return {name for name, media_type in CONFIGS.items() if seen.push_image(media_type)}


def _urls(seen: Seen) -> list[str]:
    layer = {"mediaType": _FOREIGN, "size": 5, "digest": f"sha256:{'1' * 64}"}
    return [url for url in URLS if seen.push_image(layers=({**layer, "urls": [url]},))]


def _told_urls(settings: Settings) -> list[str]:
    urls = settings.validation.checked.urls
    allowed = [url for url in URLS if any(re.search(pattern, url) for pattern in urls.allow) or not urls.allow]
    return [url for url in allowed if not any(re.search(pattern, url) for pattern in urls.deny)]


def _form(seen: Seen) -> str:
    seen.ask("GET", "/v2/_catalog")
    lines = [line for line in seen.daemon.log.splitlines() if "level" in line or "info" in line]
    return "json" if any(_is_json(line) for line in lines) else "text"


def _is_json(line: str) -> bool:
    with contextlib.suppress(ValueError):
        return isinstance(json.loads(line), dict)
    return False


def _fields(seen: Seen) -> dict[str, str]:
    """The fields of the last line that has one of those that were told."""
    names = set(seen.settings.log.fields) | {"service", "environment"}
    seen.ask("GET", "/v2/_catalog")
    seen.wait(lambda: not seen.settings.log.fields or any(name in seen.daemon.log for name in names))
    objects = [json.loads(line) for line in seen.daemon.log.splitlines() if _is_json(line)]
    return {name: line[name] for line in objects for name in names if name in line}


def _is_informed(seen: Seen) -> bool:
    seen.ask("GET", "/v2/_catalog")
    time.sleep(0.3)  # a line may come after its answer
    return re.search(r"\binfo\b", seen.daemon.log) is not None


def _is_verbose(seen: Seen) -> bool:
    seen.ask("GET", "/v2/_catalog")
    return "debug" in seen.daemon.log


def _metrics(seen: Seen) -> list[str]:
    return [path for path in ("/metrics", "/other") if seen.ask_debug(path).status == 200]


def _told_metrics(settings: Settings) -> list[str]:
    prometheus = settings.http.debug.prometheus
    return [prometheus.path] if prometheus.enabled else []


def _failing(seen: Seen) -> set[str]:
    """The checks that fail, by the names under which they are listed; each told one is made to."""
    told = _told_failing(seen.settings)
    seen.wait(lambda: set(json.loads(seen.ask_debug("/debug/health").body)) >= told)
    return set(json.loads(seen.ask_debug("/debug/health").body))


def _told_failing(settings: Settings) -> set[str]:
    health = settings.health
    files, uris = {str(each.file) for each in health.file}, {each.uri for each in health.http}
    return files | uris | {str(each.addr) for each in health.tcp}


def _posted(seen: Seen) -> set[tuple[str, str]]:
    """The path and the header of each post about one push."""
    assert seen.push_image()
    told = _told_posts(seen.settings)
    seen.wait(lambda: {request.path for request in seen.hook.requests} >= {path for path, _ in told})
    return {(request.path, dict(request.headers).get("x-told", "")) for request in seen.hook.requests}


def _told_posts(settings: Settings) -> set[tuple[str, str]]:
    return {
        (urlsplit(endpoint.url or "").path, dict(endpoint.headers).get("X-Told", ("",))[0])
        for endpoint in settings.notifications.endpoints
        if not endpoint.disabled and "push" not in endpoint.ignore.actions
    }


def _tls(seen: Seen) -> tuple[bytes, str, bool, bool]:
    """Its certificate, its lowest version, whether it asks clients for theirs, and whether it speaks HTTP/2."""
    assert seen.client is not None
    with seen.connect() as connection:
        assert isinstance(connection, ssl.SSLSocket)
        certificate = connection.getpeercert(binary_form=True) or b""
    older = _context(seen, with_certificate=True)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    newer = _context(seen, with_certificate=True)
    newer.set_alpn_protocols(["h2", "http/1.1"])
    with seen.connect(newer) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        spoken = connection.selected_alpn_protocol()
    lowest = "tls1.2" if _talks(seen, older) else "tls1.3"
    return certificate, lowest, not _talks(seen, _context(seen, with_certificate=False)), spoken == "h2"


def _told_tls(settings: Settings) -> tuple[bytes, str, bool, bool]:
    tls = settings.http.tls
    assert tls is not None
    certificate = ssl.PEM_cert_to_DER_cert(tls.certificate.read_text())
    return certificate, tls.minimumtls, bool(tls.clientcas), not settings.http.http2.disabled


def _context(seen: Seen, *, with_certificate: bool) -> ssl.SSLContext:
    tls = seen.settings.http.tls
    assert tls is not None
    context = ssl.create_default_context(cafile=tls.certificate)
    if with_certificate:
        context.load_cert_chain(seen.folder / "client.pem", seen.folder / "client-key.pem")
    return context


def _talks(seen: Seen, context: ssl.SSLContext) -> bool:
    """Whether a client with this context is answered."""
    try:
        with seen.connect(context) as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(12).startswith(b"HTTP/1.1")
    except OSError:
        return False


def usual_client(settings: Settings, folder: Path) -> ssl.SSLContext | None:
    """What a client needs who trusts the registry's certificate and has one that it gave."""
    if settings.http.tls is None:
        return None
    context = ssl.create_default_context(cafile=settings.http.tls.certificate)
    context.load_cert_chain(folder / "client.pem", folder / "client-key.pem")
    return context


KEYS: dict[str, tuple[Callable[[Seen], object], Callable[[Settings], object]]] = {
    "storage.delete.enabled": (_deletes, lambda told: told.storage.delete.enabled),
    "storage.filesystem.rootdirectory": (_root, lambda told: told.storage.folder),
    "storage.maintenance.readonly": (_read_only, lambda told: told.storage.maintenance.readonly.enabled),
    "http.headers": (
        _headers,
        lambda told: {(name.lower(), value) for name, values in told.http.headers.items() for value in values},
    ),
    "http.prefix": (_prefixes, lambda told: [told.http.prefix]),
    "http.host": (_base, lambda told: told.http.host),
    "http.tls": (_tls, _told_tls),
    "http.debug.prometheus": (_metrics, _told_metrics),
    "catalog.maxentries": (_most_entries, lambda told: told.catalog.maxentries),
    "tags.maxtags": (_most_tags, lambda told: told.tags.maxtags),
    "validation.manifests.indexes": (_platforms, _told_platforms),
    "validation.manifests.urls": (_urls, _told_urls),
    "policy": (_classes, lambda told: set(told.policy.repository.classes or CONFIGS)),
    "log.level": (_is_informed, lambda told: told.log.level in {"debug", "info"}),
    "log.level: debug": (_is_verbose, lambda told: told.log.level == "debug"),
    "log.formatter": (_form, lambda told: told.log.formatter),
    "log.fields": (_fields, lambda told: dict(told.log.fields)),
    "health": (_failing, _told_failing),
    "notifications": (_posted, _told_posts),
}
"""For each key how it is seen from outside, and what the settings say."""
