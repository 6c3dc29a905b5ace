from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jettison.settings import Address
from jettison.settings.models.http import Tls
from tests.settings.documents import loaded, refused

_BASE = "version: 0.1\nstorage: {filesystem: , delete: {enabled: true}}\n"


def test_every_section_of_http_is_read(tmp_path: Path) -> None:
    """Socket, prefix, draining, TLS, HTTP/2 and the debug address arrive as values."""
    text = """\
http:
  net: unix
  addr: /run/jettison.sock
  prefix: /my/registry/
  draintimeout: 1m30s
  http2: {disabled: true}
  debug: {addr: "[::1]:5001", prometheus: {enabled: true, path: /m}}
  tls:
    certificate: /c.pem
    key: /k.pem
    clientcas: [/a.pem, /b.pem]
    clientauth: require-and-verify-client-cert
    minimumtls: TLS1.3
"""
    http = loaded(tmp_path, text, base=_BASE).settings.http
    assert (http.net, http.addr, http.prefix) == ("unix", Path("/run/jettison.sock"), "/my/registry")
    assert (http.draintimeout, http.http2.disabled) == (timedelta(seconds=90), True)
    assert (http.debug.addr, http.debug.prometheus.enabled) == (Address("::1", 5001), True)
    assert http.debug.prometheus.path == "/m"
    assert http.tls == Tls(
        certificate=Path("/c.pem"),
        key=Path("/k.pem"),
        clientcas=(Path("/a.pem"), Path("/b.pem")),
        clientauth="require-and-verify-client-cert",
        minimumtls="tls1.3",
    )


@pytest.mark.parametrize(
    "tls", ["", "{}", "{certificate: ''}", "{minimumtls: tls1.2}", "{letsencrypt: {cachefile: ''}}"]
)
def test_tls_without_a_certificate_is_none(tmp_path: Path, tls: str) -> None:
    """A section that names no file leaves plain HTTP, as with distribution."""
    assert loaded(tmp_path, f"http: {{addr: ':1', tls: {tls}}}", base=_BASE).settings.http.tls is None


def test_a_registry_says_its_host_with_a_path(tmp_path: Path) -> None:
    """Of the path what follows the last slash falls away, as in distribution's Location."""
    for host, base in (
        ("https://a/b/", "https://a/b"),
        ("https://a/b", "https://a"),
        ("http://A:5/", "http://A:5"),
        ("https://a", "https://a"),
    ):
        assert loaded(tmp_path, f"http: {{addr: ':1', host: '{host}'}}", base=_BASE).settings.http.host == base


_PAIR = "certificate: /a, key: /b"
_REFUSED = [
    ("http: {tls: {key: /b}}", "http.tls", "has no certificate, so distribution would serve it without TLS"),
    ("http: {tls: {clientcas: [/a]}}", "http.tls", "has no certificate"),
    ("http: {tls: {certificate: /a}}", "http.tls.key", "is missing: add it"),
    (f"http: {{tls: {{{_PAIR}, clientauth: require-and-verify-client-cert}}}}", "http.tls", "asks clients for cert"),
    (f"http: {{tls: {{{_PAIR}, clientauth: request-client-cert}}}}", "http.tls.clientauth", "request-client-cert is k"),
    (f"http: {{tls: {{{_PAIR}, clientauth: some}}}}", "http.tls.clientauth", "'some' is not require-and-verify-client"),
    (f"http: {{tls: {{{_PAIR}, minimumtls: tls1.1}}}}", "http.tls.minimumtls", "tls1.1 is known to distribution"),
    (f"http: {{tls: {{{_PAIR}, minimumtls: '1.2'}}}}", "http.tls.minimumtls", "'1.2' is not tls1.2 or tls1.3"),
    (f"http: {{tls: {{{_PAIR}, ciphersuites: [x]}}}}", "http.tls.ciphersuites", "is known to distribution and not"),
    ("http: {tls: {letsencrypt: {cachefile: /x}}}", "http.tls.letsencrypt", "is known to distribution and not served"),
    ("http: {h2c: {enabled: true}}", "http.h2c.enabled", "is known to distribution and not served yet: remove it, and"),
    ("http: {net: udp}", "http.net", "'udp' is not tcp or unix"),
    ("http: {net: unix}", "http.addr", "is missing: with `http.net: unix` it is the path of a socket"),
    ("http: {prefix: registry/}", "http.prefix", "'registry/' is no path before /v2/: write it like /registry/"),
    ("http: {prefix: '/{x}/'}", "http.prefix", "'/{x}/' is no path before /v2/"),
    ("http: {prefix: //}", "http.prefix", "'//' is no path before /v2/"),
    ("http: {draintimeout: 60}", "http.draintimeout", "'60' is not a length of time: write it with units"),
    ("http: {debug: {prometheus: {path: metrics}}}", "http.debug.prometheus.path", "'metrics' is no path to ask for"),
    ("notifications: {endpoints: [{name: a}]}", "notifications.endpoints[0]", "has no `url` to post events to"),
    (
        "notifications: {endpoints: [{url: a}]}",
        "notifications.endpoints[0].url",
        "is not an absolute http or https URL",
    ),
    (
        "notifications: {endpoints: [{name: a, url: http://a}, {name: a, url: http://b}]}",
        "notifications.endpoints",
        "has two endpoints named 'a'",
    ),
    ("notifications: {endpoints: {url: a}}", "notifications.endpoints", "takes a list"),
    ("notifications: {endpoints: [a]}", "notifications.endpoints[0]", "is a section"),
    ("health: {file: [{interval: 1s}]}", "health.file[0].file", "is missing: add it"),
    ("health: {http: [{uri: 'http://a', statuscode: 7}]}", "health.http[0].statuscode", "7 is no status"),
    ("health: {tcp: [{addr: a}]}", "health.tcp[0].addr", "'a' has no port"),
    ("tags: {maxtags: -1}", "tags.maxtags", "-1 is too small: it is at least 0"),
    ("validation: {manifests: {urls: {deny: ['(']}}}", "validation.manifests.urls.deny[0]", "'(' is no regular expr"),
]


@pytest.mark.parametrize(("text", "path", "reason"), _REFUSED)
def test_what_a_section_cannot_take_is_refused_by_name(tmp_path: Path, text: str, path: str, reason: str) -> None:
    """Path, line and fix."""
    (finding,) = refused(tmp_path, text, base=_BASE)
    assert (finding.path, finding.origin.line) == (path, 3)
    assert finding.message.startswith(reason)


def test_what_is_refused_of_a_url_is_not_repeated(tmp_path: Path) -> None:
    """It may hold a password."""
    (finding,) = refused(tmp_path, "notifications: {endpoints: [{url: 'ftp://me:hunter2@a'}]}", base=_BASE)
    assert "hunter2" not in str(finding)


def test_endpoints_have_distributions_defaults(tmp_path: Path) -> None:
    """Also where a zero stands for them; a disabled one needs no URL, and one without a name has its URL's."""
    text = (
        "notifications: {endpoints: [{url: 'http://a/b?c', timeout: 0, threshold: 0, backoff: 0s}, {disabled: true}]}"
    )
    first, second = loaded(tmp_path, f"http: {{addr: ':1'}}\n{text}", base=_BASE).settings.notifications.endpoints
    assert (first.name, first.url, first.disabled) == ("http://a/b", "http://a/b?c", False)
    assert (first.timeout, first.threshold, first.backoff) == (timedelta(seconds=1), 10, timedelta(seconds=1))
    assert (second.name, second.url, second.disabled) == ("", None, True)


def test_checks_have_defaults(tmp_path: Path) -> None:
    """Every ten seconds, at the first failure; a zero stands for the default."""
    text = "health: {http: [{uri: 'http://a', statuscode: 0, threshold: 0}], tcp: [{addr: 'a:1', interval: 0}]}"
    health = loaded(tmp_path, f"http: {{addr: ':1'}}\n{text}", base=_BASE).settings.health
    assert (health.http[0].statuscode, health.http[0].threshold, health.http[0].interval) == (
        200,
        1,
        health.tcp[0].interval,
    )
    assert health.tcp[0].interval == timedelta(seconds=10)
    assert health.storagedriver.enabled is False


def test_a_null_item_is_an_empty_section(tmp_path: Path) -> None:
    """It lacks what an item needs, and that is said."""
    (finding,) = refused(tmp_path, "health: {tcp: [null]}", base=_BASE)
    assert (finding.path, finding.message) == ("health.tcp[0].addr", "is missing: add it")
