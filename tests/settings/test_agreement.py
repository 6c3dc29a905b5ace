"""CNCF distribution reads the same file and the same variables, and behaves as our settings say."""

from __future__ import annotations

import http.client
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from jettison.settings import Settings, load
from jettison.settings.known import VOCABULARY
from jettison.settings.shapes import variables
from tests.support.daemon import Daemon
from tests.support.parts import program
from tests.support.ports import free_port
from tests.support.server import answers

pytestmark = pytest.mark.needs("distribution")

_FILE = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
http:
  addr: 127.0.0.1:{port}
  headers: {{X-A: [one]}}
storage:
  filesystem: {{rootdirectory: {data}}}
"""
_ON = {"REGISTRY_STORAGE_DELETE_ENABLED": "true"}
_ENVIRONMENTS: dict[str, dict[str, str]] = {
    "the file alone": {},
    "deletion": _ON,
    "deletion as a section": {"REGISTRY_STORAGE_DELETE": "{enabled: yes}"},
    "deletion emptied": {"REGISTRY_STORAGE_DELETE_ENABLED": ""},
    "storage as JSON": _ON | {"REGISTRY_STORAGE": '{"filesystem": {"rootdirectory": "FOLDER/other"}}'},
    "storage as YAML": {"REGISTRY_STORAGE": "{filesystem: {rootdirectory: FOLDER/other}, delete: {enabled: true}}"},
    "storage by name": {
        "REGISTRY_STORAGE": "filesystem",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "FOLDER/other",
    },
    "all headers": {
        "REGISTRY_HTTP_HEADERS": "{X-B: [two, '3']}",
        "REGISTRY_CATALOG_MAXENTRIES": "5",
        "REGISTRY_PORT": "tcp://1.2.3.4:5",
    },
    "single headers": {
        "REGISTRY_HTTP_HEADERS_X-B": "[two]",
        "REGISTRY_HTTP_HEADERS_X-A": "[three, four]",
        "REGISTRY_CATALOG": "{maxentries: -1}",
    },
}
_OF_VERSION_2 = {
    "REGISTRY_REPORTING",
    "REGISTRY_REPORTING_BUGSNAG",
    "REGISTRY_REPORTING_BUGSNAG_APIKEY",
    "REGISTRY_REPORTING_BUGSNAG_RELEASESTAGE",
    "REGISTRY_REPORTING_BUGSNAG_ENDPOINT",
    "REGISTRY_REPORTING_NEWRELIC",
    "REGISTRY_REPORTING_NEWRELIC_LICENSEKEY",
    "REGISTRY_REPORTING_NEWRELIC_NAME",
    "REGISTRY_REPORTING_NEWRELIC_VERBOSE",
    "REGISTRY_COMPATIBILITY",
    "REGISTRY_COMPATIBILITY_SCHEMA1",
    "REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY",
    "REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED",
    "REGISTRY_REDIS_ADDR",
    "REGISTRY_REDIS_POOL",
    "REGISTRY_REDIS_POOL_MAXIDLE",
    "REGISTRY_REDIS_POOL_MAXACTIVE",
    "REGISTRY_REDIS_POOL_IDLETIMEOUT",
    "REGISTRY_REDIS_TLS_ENABLED",
}
_INVENTED = {
    "REGISTRY_HTTP_ADR",
    "REGISTRY_HTTP_TLS_LETSENCRYPT_HOST",
    "REGISTRY_NOTIFICATIONS_EVENTS",
    "REGISTRY_HEALTH_FILE",
}


@pytest.mark.parametrize("environ", list(_ENVIRONMENTS.values()), ids=list(_ENVIRONMENTS))
def test_distribution_behaves_as_the_settings_say(tmp_path: Path, environ: dict[str, str]) -> None:
    """Address, folder, deletion, headers and the catalog's limit are the same for both, whoever wrote them."""
    path = tmp_path / "config.yml"
    path.write_text(_FILE.format(port=free_port(), data=tmp_path / "data"))
    environ = {name: text.replace("FOLDER", str(tmp_path)) for name, text in environ.items()}
    settings = load(path, environ).settings
    with _distribution(path, environ, settings.http.addr.port):
        assert _deletes(settings) == settings.storage.delete.enabled
        assert _root_after_an_upload(tmp_path) == settings.storage.filesystem.rootdirectory
        assert _headers(settings) == _told(settings)
        assert _most_entries(settings) == settings.catalog.maxentries


def test_distribution_knows_the_same_variables(tmp_path: Path) -> None:
    """Of all variables of the vocabulary, version 3 fails to recognise those that only version 2 had, and no others."""
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\n")  # it reads its variables, then refuses to start without storage
    maps = ("REGISTRY_STORAGE", "REGISTRY_AUTH", "REGISTRY_JETTISON")  # whose keys it does not check
    names = {name for name in variables(VOCABULARY) if not name.startswith(maps)} - {"REGISTRY_VERSION"} | _INVENTED
    result = subprocess.run(
        [program("registry"), "serve", str(path)],
        env=_environ(dict.fromkeys(names, "")),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "no storage configuration provided" in result.stderr
    ignored = {name for name in names if f'Ignoring unrecognized environment variable {name}"' in result.stderr}
    assert ignored == _OF_VERSION_2 | _INVENTED


@contextmanager
def _distribution(path: Path, environ: Mapping[str, str], port: int) -> Iterator[None]:
    log = path.with_suffix(".log")
    with Daemon([program("registry"), "serve", str(path)], log, environ=_environ(environ)) as daemon:
        daemon.wait_until(lambda: answers(port), "answering")
        yield


def _environ(ours: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    return {**inherited, "OTEL_TRACES_EXPORTER": "none", **ours}


def _ask(settings: Settings, method: str, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(settings.http.addr.host, settings.http.addr.port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def _deletes(settings: Settings) -> bool:
    status = _ask(settings, "DELETE", f"/v2/a/blobs/sha256:{'0' * 64}").status
    assert status in {404, 405}
    return status == 404


def _root_after_an_upload(folder: Path) -> Path:
    settings = load(folder / "config.yml", {}).settings
    assert _ask(settings, "POST", "/v2/a/blobs/uploads/").status == 202
    (root,) = [found.parents[4] for found in folder.glob("*/docker/registry/v2/repositories/a")]
    return root


def _headers(settings: Settings) -> set[tuple[str, str]]:
    sent = _ask(settings, "GET", "/v2/").getheaders()
    return {(name.lower(), value) for name, value in sent if name.lower() in {"x-a", "x-b"}}


def _told(settings: Settings) -> set[tuple[str, str]]:
    return {(name.lower(), value) for name, values in settings.http.headers.items() for value in values}


def _most_entries(settings: Settings) -> int:
    most = settings.catalog.maxentries
    assert _ask(settings, "GET", f"/v2/_catalog?n={most + 1}").status == 400
    return most if _ask(settings, "GET", f"/v2/_catalog?n={most}").status == 200 else -1
