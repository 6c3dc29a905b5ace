from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jettison.settings import Loaded, SettingsError
from jettison.settings.environment import locate
from jettison.settings.known import VOCABULARY
from jettison.settings.models.storage import UploadPurging
from jettison.settings.shapes import Many, Section, Shape, Single, paths, variables
from jettison.settings.treatment import ADVICE, NO_EFFECT, SAME
from tests.settings.documents import loaded, outcome, refused

_PURGING = """\
version: 0.1
http: {{addr: ':1'}}
storage:
  filesystem:
  delete: {{enabled: true}}
  maintenance:
    uploadpurging: {}
"""


def _is_single(variable: str) -> bool:
    shape: Shape = VOCABULARY
    for step in locate(variable) or []:
        if isinstance(shape, Many):
            shape = shape.item
        else:
            assert isinstance(shape, Section)
            shape = shape.keys[str(step)]
    return isinstance(shape, Single)


def test_only_known_keys_are_treated() -> None:
    """Each treated path is one of the vocabulary, and has one treatment only."""
    known = set(paths(VOCABULARY))
    assert {*NO_EFFECT, *SAME, *ADVICE} <= known
    assert not NO_EFFECT.keys() & (SAME.keys() | ADVICE.keys())


@pytest.mark.parametrize(
    ("text", "notices"),
    [
        ("redis: {addrs: [localhost:6379], password: x}", {"redis": "there is no cache that could go stale"}),
        ("http: {addr: ':1', secret: hunter2}", {"http.secret": "uploads are kept in the database"}),
        ("http: {addr: ':1', net: tcp, h2c: {enabled: false}}", {}),
        ("http: {addr: ':1', net: }", {}),
        ("log: {reportcaller: true}", {"log.reportcaller": "each line names the part that wrote it"}),
        ("reporting: {newrelic: {name: x}}", {"reporting": "errors are in the log"}),
        ("compatibility: {schema1: {enabled: true}}", {"compatibility": "manifests of schema 1 are not taken"}),
        ("log: {hooks: [{type: mail, disabled: true, levels: [panic]}]}", {}),
        ("middleware: {storage: [{name: redirect, disabled: yes, options: {baseurl: x}}]}", {}),
        ("health: {file: [{file: /x, threshold: 3}]}", {"health.file[0].threshold": "a file is there or not"}),
        (
            "auth:\nproxy: {remoteurl: '', username: }\nmiddleware: {storage: []}\npolicy: {repository: {classes: []}}",
            {},
        ),
    ],
)
def test_what_changes_nothing_is_accepted(tmp_path: Path, text: str, notices: dict[str, str]) -> None:
    """A key without effect gets one notice with the reason; a value that says what is done anyway needs none."""
    base = "version: 0.1\nstorage: {filesystem: , delete: {enabled: true}}\n"
    base += "" if text.startswith("http") else "http: {addr: ':1'}\n"
    said = loaded(tmp_path, text, base=base).notices
    assert [notice.path for notice in said] == list(notices)
    assert all(notice.message.startswith(f"has no effect: {notices[notice.path]}") for notice in said)


def test_a_section_without_what_makes_it_work_is_said_and_passed_over(tmp_path: Path) -> None:
    """Distribution is no mirror without a URL, and gets no certificate without a file for it: neither are we."""
    text = "proxy: {username: somebody}\nhttp: {addr: ':1', tls: {letsencrypt: {hosts: [a.test]}}}\n"
    result = loaded(tmp_path, text, base="version: 0.1\nstorage: {filesystem: , delete: {enabled: true}}\n")
    assert [(notice.path, notice.message) for notice in result.notices] == [
        ("proxy", "has no effect without `remoteurl`, as with distribution"),
        ("http.tls.letsencrypt", "has no effect without `cachefile`, as with distribution"),
    ]
    assert result.settings.http.tls is None


@pytest.mark.parametrize(
    "section",
    ["", "{enabled: true, age: 168h, dryrun: false}", "{age: 7h161h}", "{dryrun: no}"],
)
def test_upload_purging_as_distribution_does_by_default_is_accepted(tmp_path: Path, section: str) -> None:
    """Its default values, however written, are taken without a word."""
    result = loaded(tmp_path, base=_PURGING.format(section))
    assert result.notices == ()
    assert result.settings.storage.maintenance.uploadpurging == UploadPurging()


def test_the_age_of_abandoned_uploads_is_served(tmp_path: Path) -> None:
    """What distribution's section says about age and about purging at all is what is done."""
    purging = loaded(tmp_path, base=_PURGING.format("{enabled: false, age: 36h}")).settings.storage.maintenance
    assert purging.uploadpurging == UploadPurging(enabled=False, age=timedelta(hours=36))


def test_the_interval_of_upload_purging_has_no_effect(tmp_path: Path) -> None:
    """The sweep has an interval of its own, which a notice names."""
    (notice,) = loaded(tmp_path, base=_PURGING.format("{interval: 1h}")).notices
    assert notice.path == "storage.maintenance.uploadpurging.interval"
    assert "`jettison.sweep.interval`" in notice.message


def test_upload_purging_that_would_only_look_is_refused(tmp_path: Path) -> None:
    """There is no server that only looks: the command that does is named."""
    (finding,) = refused(tmp_path, base=_PURGING.format("{dryrun: true}"))
    assert finding.path == "storage.maintenance.uploadpurging.dryrun"
    assert "jettison garbage-collect --dry-run" in finding.message


def test_upload_purging_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A length of time without a unit is refused with the way to write it."""
    (finding,) = refused(tmp_path, base=_PURGING.format("{age: 168}"))
    assert "write it with units" in finding.message


_DEBIAN = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/docker-registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
auth:
  htpasswd:
    realm: basic-realm
    path: /etc/docker/registry
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""


def test_a_configuration_as_debian_ships_it_starts(tmp_path: Path) -> None:
    """With its password file, as it is."""
    result = loaded(tmp_path, base=_DEBIAN)
    assert [notice.path for notice in result.notices] == ["storage.cache"]
    assert result.settings.http.headers == {"X-Content-Type-Options": ("nosniff",)}
    assert result.settings.log.fields == {"service": "registry"}
    assert result.settings.health.storagedriver.threshold == 3
    assert result.settings.auth.mode == "htpasswd"


def test_no_known_key_is_ignored_in_silence() -> None:
    """Whatever single key is set by its variable: its value arrives, or that variable is named at start."""
    names = [name for name in variables(VOCABULARY) if _is_single(name)]
    assert len(names) > 100
    assert [name for name in names if name not in _named(outcome({name: "qqq"}))] == []


def _named(result: Loaded | SettingsError) -> set[str]:
    if isinstance(result, SettingsError):
        return {str(finding.origin) for finding in result.findings}
    return {str(origin) for origin in (*result.origins.values(), *(notice.origin for notice in result.notices))}
