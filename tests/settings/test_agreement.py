"""CNCF distribution reads the same file and the same variables, and both behave as our settings say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jettison.settings import load
from jettison.settings.known import VOCABULARY
from jettison.settings.shapes import variables
from tests.settings.certificates import Pair, certificate_in, client_of
from tests.settings.observed import KEYS, Seen, usual_client
from tests.support.daemon import Daemon
from tests.support.listener import Listener
from tests.support.parts import ROOT, program
from tests.support.ports import free_port

VERSION_3, VERSION_2, OURS = "registry", "docker-registry", "jettison"


@dataclass(frozen=True, slots=True)
class Case:
    """What is added to the file and to the environment, which keys that is about, and who knows them."""

    keys: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    http: str = ""
    storage: str = ""
    rest: str = ""
    readers: tuple[str, ...] = (VERSION_3, VERSION_2, OURS)


_FILE = """\
version: 0.1
http:
  addr: ADDRESS
  headers: {X-A: [one]}
HTTP
storage:
  filesystem: {rootdirectory: FOLDER/data}
STORAGE
REST
"""
_ON = {"REGISTRY_STORAGE_DELETE_ENABLED": "true"}
# Version 2.8 takes no item of a list by its number, and no key that 3 brought.
_NEW = (VERSION_3, OURS)
_BASE = ("storage.delete.enabled", "storage.filesystem.rootdirectory", "http.headers", "http.prefix")
_ROOT = {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "FOLDER/other"}
_OTHER = "{filesystem: {rootdirectory: FOLDER/other}, delete: {enabled: true}}"
_HEALTH = """\
health:
  file: [{file: FOLDER/config.yml, interval: 100ms}]
  tcp: [{addr: "127.0.0.1:CLOSED", timeout: 1s, interval: 100ms, threshold: 2}]
"""
_TOLD = "{name: one, url: HOOK/one, headers: {X-Told: [yes]}, timeout: 2s, threshold: 3, backoff: 100ms}"
_OFF = "{name: two, url: HOOK/two, disabled: true}"
_DEAF = "{name: three, url: HOOK/three, ignore: {actions: [push, pull]}}"

_CASES = {
    "the file alone": Case((*_BASE, "log.formatter", "log.fields")),
    "deletion": Case(_BASE, _ON),
    "deletion in the file": Case(_BASE, storage="delete: {enabled: yes}"),
    "deletion taken back": Case(_BASE, {"REGISTRY_STORAGE_DELETE_ENABLED": "false"}, storage="delete: {enabled: yes}"),
    "deletion said twice": Case(
        _BASE, http="prefix: /a/\n  prefix: /a/b/", storage="delete: {enabled: no, enabled: yes}"
    ),
    "deletion as a section": Case(_BASE, {"REGISTRY_STORAGE_DELETE": "{enabled: yes}"}),
    "deletion emptied": Case(_BASE, {"REGISTRY_STORAGE_DELETE_ENABLED": ""}),
    "storage as JSON": Case(_BASE, _ON | {"REGISTRY_STORAGE": '{"filesystem": {"rootdirectory": "FOLDER/other"}}'}),
    "storage as YAML": Case(_BASE, {"REGISTRY_STORAGE": _OTHER}, storage="maintenance: {readonly: {enabled: true}}"),
    "storage by name": Case(_BASE, _ROOT | {"REGISTRY_STORAGE": "filesystem"}, storage="delete: {enabled: true}"),
    "all headers": Case(_BASE, {"REGISTRY_HTTP_HEADERS": "{X-B: [two, '3']}", "REGISTRY_PORT": "tcp://1.2.3.4:5"}),
    "single headers": Case(_BASE, {"REGISTRY_HTTP_HEADERS_X-B": "[two]", "REGISTRY_HTTP_HEADERS_X-A": "[three, four]"}),
    "catalog": Case(("catalog.maxentries",), {"REGISTRY_CATALOG_MAXENTRIES": "5"}, readers=_NEW),
    "catalog as a section": Case(("catalog.maxentries",), {"REGISTRY_CATALOG": "{maxentries: 3}"}, readers=_NEW),
    "catalog by default": Case(("catalog.maxentries",), {"REGISTRY_CATALOG_MAXENTRIES": "-1"}, readers=(VERSION_3,)),
    "tags": Case(("tags.maxtags",), {"REGISTRY_TAGS_MAXTAGS": "2"}, readers=_NEW),
    "read-only by a section": Case(
        ("storage.maintenance.readonly",), {"REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: true}"}
    ),
    "read-only in the file": Case(
        ("storage.maintenance.readonly",), storage="maintenance: {readonly: {enabled: true}}"
    ),
    "read-only off": Case(
        ("storage.maintenance.readonly",),
        {"REGISTRY_STORAGE_MAINTENANCE": "{readonly: {enabled: false}}"},
        storage="maintenance: {readonly: {enabled: true}}",
    ),
    "prefix": Case((*_BASE, "http.headers"), http="prefix: /a/b/"),
    "prefix by a variable": Case(_BASE, {"REGISTRY_HTTP_PREFIX": "/a/"}, http="prefix: /a/b/"),
    "host": Case(("http.host",), http="host: https://registry.test:5443", rest="log: {level: error}"),
    "host and relative URLs": Case(("http.host",), http="host: https://registry.test\n  relativeurls: true"),
    "host with a prefix": Case(("http.host", "http.prefix"), http="host: https://registry.test/a/\n  prefix: /a/"),
    "host with half a prefix": Case(("http.host",), http="host: http://registry.test/a/b"),
    "unix socket": Case(_BASE, {"REGISTRY_HTTP_NET": "unix", "REGISTRY_HTTP_ADDR": "FOLDER/socket"}),
    "debug address": Case(
        ("http.debug.prometheus",), http="debug: {addr: 'ASIDE', prometheus: {enabled: true, path: /other}}"
    ),
    "debug address by variables": Case(
        ("http.debug.prometheus",),
        {"REGISTRY_HTTP_DEBUG_ADDR": "ASIDE", "REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED": "true"},
    ),
    "debug address without metrics": Case(("http.debug.prometheus",), http="debug: {addr: 'ASIDE'}"),
    "checks": Case(("health",), http="debug: {addr: 'ASIDE'}", rest=_HEALTH),
    "checks by variables": Case(
        ("health",),
        {
            "REGISTRY_HEALTH_FILECHECKERS": "",
            "REGISTRY_HEALTH_TCPCHECKERS_1_ADDR": "localhost:CLOSED",
            "REGISTRY_HEALTH_TCPCHECKERS_1_INTERVAL": "100ms",
            "REGISTRY_HEALTH_HTTPCHECKERS_0_URI": "http://127.0.0.1:CLOSED/well",
            "REGISTRY_HEALTH_HTTPCHECKERS_0_INTERVAL": "100ms",
        },
        http="debug: {addr: 'ASIDE'}",
        rest=_HEALTH,
        readers=_NEW,
    ),
    "endpoints": Case(("notifications",), rest=f"notifications: {{endpoints: [{_TOLD}, {_OFF}]}}"),
    # Version 2.8 reads what an endpoint ignores, and tells it all the same.
    "an endpoint that ignores": Case(
        ("notifications",), rest=f"notifications: {{endpoints: [{_TOLD}, {_DEAF}]}}", readers=_NEW
    ),
    "endpoints by a variable": Case(("notifications",), {"REGISTRY_NOTIFICATIONS_ENDPOINTS": f"[{_OFF}, {_TOLD}]"}),
    "endpoints item by item": Case(
        ("notifications",),
        {
            "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_HEADERS": "{X-Told: [no]}",
            "REGISTRY_NOTIFICATIONS_ENDPOINTS_1_NAME": "next",
            "REGISTRY_NOTIFICATIONS_ENDPOINTS_1_URL": "HOOK/next",
        },
        rest=f"notifications: {{endpoints: [{_TOLD}]}}",
        readers=_NEW,
    ),
    "certificate": Case(("http.tls",), http="tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem}"),
    "client certificates": Case(
        ("http.tls",),
        {"REGISTRY_HTTP_TLS_CLIENTCAS": "[FOLDER/cert.pem]", "REGISTRY_HTTP_HTTP2_DISABLED": "true"},
        http="tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem}",
    ),
    "client certificates in words": Case(
        ("http.tls",),
        {"REGISTRY_HTTP_TLS_CLIENTAUTH": "require-and-verify-client-cert", "REGISTRY_HTTP_TLS_MINIMUMTLS": "tls1.3"},
        http="tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem, clientcas: [FOLDER/cert.pem]}",
        readers=_NEW,
    ),
    "no level": Case(("log.level",)),
    "older word for the level": Case(("log.level",), rest="loglevel: error"),
    "older and newer word": Case(("log.level",), {"REGISTRY_LOGLEVEL": "debug"}, rest="log: {level: error}"),
    "level by a variable": Case(("log.level",), {"REGISTRY_LOG_LEVEL": "INFO"}, rest="loglevel: error"),
    # What there is to say at this level is each one's own.
    "all levels": Case(
        ("log.level", "log.level: debug"), {"REGISTRY_LOGLEVEL": "debug"}, readers=(VERSION_3, VERSION_2)
    ),
    "fields": Case(("log.fields", "log.formatter"), rest="log: {formatter: json, fields: {service: registry}}"),
    "fields by variables": Case(
        ("log.fields", "log.formatter"),
        {"REGISTRY_LOG_FIELDS_ENVIRONMENT": "staging", "REGISTRY_LOG_FORMATTER": "json"},
        rest="log: {fields: {service: registry}}",
    ),
    "classes": Case(("policy",), rest="policy: {repository: {classes: [image]}}"),
    "classes by a variable": Case(("policy",), {"REGISTRY_POLICY_REPOSITORY_CLASSES": "[plugin]"}),
    "places of layers": Case(
        ("validation.manifests.urls",),
        {"REGISTRY_VALIDATION_MANIFESTS_URLS_DENY": "['^https://www[.]']"},
        rest="validation: {manifests: {urls: {allow: ['^https://([^/]+[.])*example[.]com/']}}}",
    ),
    "whole indexes": Case(("validation.manifests.indexes",)),
    "indexes before their manifests": Case(
        ("validation.manifests.indexes",),
        {"REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS": "None"},
        readers=_NEW,
    ),
    "nothing checked": Case(("validation.manifests.indexes",), {"REGISTRY_VALIDATION_DISABLED": "true"}, readers=_NEW),
    "checked after all": Case(
        ("validation.manifests.indexes",), {"REGISTRY_VALIDATION": "{disabled: true, enabled: true}"}, readers=_NEW
    ),
    "indexes for some": Case(
        ("validation.manifests.indexes",),
        {"REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMLIST_0_ARCHITECTURE": "arm64"},
        rest="validation: {manifests: {indexes: {platforms: List, platformlist: [{architecture: amd64, os: linux}]}}}",
        readers=_NEW,
    ),
}
_RUNS = [
    pytest.param(reader, case, id=f"{reader}: {name}", marks=[] if reader == OURS else pytest.mark.needs(part))
    for name, case in _CASES.items()
    for reader, part in ((VERSION_3, "distribution"), (VERSION_2, "docker-registry"), (OURS, ""))
    if reader in case.readers
]
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


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A certificate for localhost, and its key; beside them those of a client."""
    pair = certificate_in(tmp_path_factory.mktemp("certificate"))
    client_of(pair)
    return pair


@pytest.mark.slow
@pytest.mark.needs("openssl")
@pytest.mark.parametrize(("reader", "case"), _RUNS)
def test_who_reads_the_file_behaves_as_the_settings_say(tmp_path: Path, pair: Pair, reader: str, case: Case) -> None:
    """What is seen of each key is what our settings say of it, whether distribution 3, 2.8 or Jettison runs."""
    shutil.copytree(pair.key.parent, tmp_path, dirs_exist_ok=True)
    with Listener() as hook:
        filled = _filling(tmp_path, hook)
        file = _FILE.replace("HTTP", f"  {case.http}" if case.http else "")
        file = file.replace("STORAGE", f"  {case.storage}" if case.storage else "").replace("REST", case.rest)
        path = tmp_path / "config.yml"
        path.write_text(filled(file))
        environ = {name: filled(text) for name, text in case.environ.items()}
        settings = load(path, environ).settings
        with _running(reader, path, environ) as daemon:
            seen = Seen(settings, tmp_path, daemon, hook, usual_client(settings, tmp_path))
            daemon.wait_until(lambda: _answers(seen), "answering")
            for key in case.keys:
                look, told = KEYS[key]
                assert look(seen) == told(settings), key


def _filling(folder: Path, hook: Listener) -> Callable[[str], str]:
    """What stands in the place of the words in capitals."""
    meant = {
        "ADDRESS": f"127.0.0.1:{free_port()}",
        "FOLDER": str(folder),
        "ASIDE": f"127.0.0.1:{free_port()}",
        "CLOSED": str(free_port()),
        "HOOK": f"http://127.0.0.1:{hook.port}",
    }

    def filled(text: str) -> str:
        for word, value in meant.items():
            text = text.replace(word, value)
        return text

    return filled


@pytest.mark.needs("distribution")
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
def _running(reader: str, path: Path, environ: Mapping[str, str]) -> Iterator[Daemon]:
    command = [sys.executable, "-m", "jettison"] if reader == OURS else [program(reader)]
    with Daemon([*command, "serve", str(path)], path.with_suffix(".log"), environ=_environ(environ)) as daemon:
        yield daemon


def _answers(seen: Seen) -> bool:
    try:
        return seen.ask("GET", "/v2/").status in {200, 503}
    except OSError:
        return False


def _environ(ours: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    return {**inherited, "PYTHONPATH": str(ROOT / "src"), "OTEL_TRACES_EXPORTER": "none", **ours}
