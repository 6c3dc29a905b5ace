"""Configurations as distribution shows and ships them: each starts, or is refused by name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jettison.settings import SettingsError, load
from tests.support.daemon import Daemon
from tests.support.parts import ROOT
from tests.support.ports import free_port
from tests.support.server import answers

_DEVELOPMENT = """\
version: 0.1
log:
  level: debug
  fields: {service: registry, environment: development}
storage:
  delete: {enabled: true}
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
  maintenance: {uploadpurging: {enabled: false}}
  tag: {concurrencylimit: 8}
http:
  addr: :5000
  debug: {addr: ":5001", prometheus: {enabled: true, path: /metrics}}
  headers: {X-Content-Type-Options: [nosniff]}
health:
  storagedriver: {enabled: true, interval: 10s, threshold: 3}
"""
_IMAGE_OF_2 = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""
_LAPTOP = """\
version: 0.1
log: {level: info, fields: {service: registry, environment: laptop}}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: /srv/registry}}
http: {addr: "0.0.0.0:5000", secret: anything, debug: {addr: "localhost:5001"}}
"""
_PASSWORDS = _IMAGE_OF_2 + "auth:\n  htpasswd:\n    realm: a-realm\n    path: /etc/registry\n"
_MIRROR = (
    _DEVELOPMENT.replace("inmemory", "redis")
    + """\
redis: {addrs: ["localhost:6379"], maxidleconns: 16, poolsize: 64, connmaxidletime: 300s, dialtimeout: 10ms}
notifications:
  events: {includereferences: true}
  endpoints:
    - {name: local, url: "http://localhost:5003/callback", headers: {Authorization: [Bearer x]}, disabled: true}
    - {name: other, url: "http://localhost:8083/callback", timeout: 1s, threshold: 10, backoff: 1s, disabled: true}
proxy: {remoteurl: https://registry-1.docker.io, username: somebody, password: something}
"""
)
_CLOUD = """\
version: 0.1
http: {addr: ":5000", secret: something, draintimeout: 5s}
log: {accesslog: {disabled: false}, formatter: text, level: debug}
redis: {addrs: ["redis:6379"], db: 0}
storage:
  redirect: {disable: true}
  cache: {blobdescriptor: redis}
  s3: {region: us-east-1, accesskey: a, secretkey: b, bucket: images, regionendpoint: "http://minio:9000", v4auth: true}
"""
_EXAMPLES: dict[str, tuple[str, set[str]]] = {
    "development": (_DEVELOPMENT, set()),
    "the image of 2": (_IMAGE_OF_2, set()),
    "a laptop": (_LAPTOP, set()),
    "passwords": (_PASSWORDS, set()),
    "a mirror": (_MIRROR, {"proxy"}),
    "a cloud": (_CLOUD, {"storage.s3"}),
}
# Distribution's own, by their path in its source, where that was fetched to build its program.
_SOURCES = sorted(
    Path(os.environ.get("GOMODCACHE", Path.home() / "go/pkg/mod")).glob("github.com/distribution/distribution/v3@*")
)
_OWN = {
    "cmd/registry/config-dev.yml": set[str](),
    "cmd/registry/config-example.yml": set[str](),
    "cmd/registry/config-cache.yml": {"proxy"},
    "docs/content/recipes/osx/config.yml": set[str](),
    "tests/conf-e2e-cloud-storage.yml": {"storage.s3"},
    "tests/conf-local-s3.yml": {"storage.s3"},
}
_FILES = [source / name for source in _SOURCES[-1:] for name in _OWN if (source / name).is_file()]


@pytest.mark.parametrize(("text", "refused"), list(_EXAMPLES.values()), ids=list(_EXAMPLES))
def test_an_example_starts_or_is_refused_by_name(tmp_path: Path, text: str, refused: set[str]) -> None:
    """Without a cloud and a mirror it is served as it is; else what must go is named, and nothing else."""
    path = tmp_path / "config.yml"
    path.write_text(text)
    _start_or_refuse(path, refused, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("path", _FILES, ids=[file.name for file in _FILES])
def test_an_example_of_distributions_own_starts_or_is_refused_by_name(path: Path, tmp_path: Path) -> None:
    """Those in its source, where that is on this machine: the same."""
    _start_or_refuse(path, next(refused for name, refused in _OWN.items() if path.match(name)), tmp_path)


def _start_or_refuse(path: Path, refused: set[str], folder: Path) -> None:
    """Only ports and the folder are replaced, by variables: those of the file may be in use."""
    port = free_port()
    environ = {"REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}"}
    if "debug" in path.read_text():
        environ["REGISTRY_HTTP_DEBUG_ADDR"] = f"127.0.0.1:{free_port()}"
    if "htpasswd" in path.read_text():
        passwords = folder / "htpasswd"
        passwords.touch()
        environ["REGISTRY_AUTH_HTPASSWD_PATH"] = str(passwords)
    if refused:
        with pytest.raises(SettingsError) as caught:
            load(path, environ)
        assert {finding.path for finding in caught.value.findings} == refused
        assert all(finding.origin.line and ": " in finding.message for finding in caught.value.findings)
        return
    environ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"] = str(folder / "data")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    command = [sys.executable, "-m", "jettison", "serve", str(path)]
    everything = {**inherited, **environ, "PYTHONPATH": str(ROOT / "src")}
    with Daemon(command, folder / "log", environ=everything, cwd=folder) as daemon:
        daemon.wait_until(lambda: answers(port), "answering")
