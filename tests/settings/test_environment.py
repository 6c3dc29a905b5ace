from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.settings import SettingsError, load
from jettison.settings.environment import locate
from jettison.settings.known import VOCABULARY
from jettison.settings.shapes import variables
from tests.settings.documents import loaded, outcome, refused


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("REGISTRY_HTTP_ADDR", ["http", "addr"]),
        ("REGISTRY_HTTP", ["http"]),
        ("REGISTRY_HTTP_HEADERS_X-Frame-Options", ["http", "headers", "X-Frame-Options"]),
        ("REGISTRY_HTTP_HEADERS_X_0", ["http", "headers", "X", 0]),
        ("REGISTRY_STORAGE_AZURE_MAX_RETRIES", ["storage", "azure", "max_retries"]),
        ("REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", ["storage", "maintenance", "readonly", "enabled"]),
        ("REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS_0", ["http", "tls", "letsencrypt", "hosts", 0]),
        ("REGISTRY_NOTIFICATIONS_ENDPOINTS_2_URL", ["notifications", "endpoints", 2, "url"]),
        ("REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES", ["notifications", "events", "includereferences"]),
        ("REGISTRY_HEALTH_FILECHECKERS_0_FILE", ["health", "file", 0, "file"]),
        ("REGISTRY_MIDDLEWARE_STORAGE_0_OPTIONS_BASEURL", ["middleware", "STORAGE", 0, "options"]),
        ("REGISTRY_LOG_FIELDS_service", ["log", "fields", "service"]),
        ("REGISTRY_JETTISON_DATABASE_URL", ["jettison", "database", "url"]),
        ("REGISTRY_", None),
        ("REGISTRY__HTTP", None),
        ("REGISTRY_HTTP_", None),
        ("REGISTRY_http_addr", None),
        ("REGISTRY_HTTP_ADDR_X", None),
        ("REGISTRY_HTTP_HEADERS_X_Y", None),
        ("REGISTRY_HTTP_HEADERS_X_99999999999999", None),
        ("REGISTRY_HTTP_HEADERS_X_²", None),
        ("REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES", None),
        ("REGISTRY_PORT_5000_TCP", None),
        ("REGISTRY_PROXY_SERVICE_HOST", None),
        ("REGISTRY_AUTH_FILE", None),
    ],
)
def test_a_name_spells_a_path(name: str, path: list[str | int] | None) -> None:
    """Underscores go down the vocabulary, which knows keys with underscores and distribution's own spellings."""
    assert locate(name) == path


def test_every_key_has_its_variable() -> None:
    """No two keys share the name of a variable, and each name leads somewhere."""
    names = list(variables(VOCABULARY))
    assert len(names) == len(set(names))
    assert all(locate(name) for name in names)


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "yes", "on", "y", '"true"', "'true'", " true "])
@pytest.mark.parametrize("base", ["version: 0.1\nstorage: {filesystem: {rootdirectory: /srv}}\n", None])
def test_deletion_is_enabled_by_its_variable(tmp_path: Path, text: str, base: str | None) -> None:
    """REGISTRY_STORAGE_DELETE_ENABLED=true works with a file and without one, however true is spelled."""
    environ = {"REGISTRY_STORAGE_DELETE_ENABLED": text}
    result = load(None, environ) if base is None else loaded(tmp_path, environ=environ, base=base)
    assert result.settings.storage.delete.enabled is True
    assert str(result.origins["storage.delete.enabled"]) == "REGISTRY_STORAGE_DELETE_ENABLED"
    assert not any(notice.path == "storage.delete.enabled" for notice in result.notices)


@pytest.mark.parametrize(
    ("environ", "deletion", "folder"),
    [
        ({"REGISTRY_STORAGE_DELETE_ENABLED": "false"}, False, "data"),
        ({"REGISTRY_STORAGE_DELETE_ENABLED": ""}, False, "data"),
        ({"REGISTRY_STORAGE_DELETE": "{enabled: false}"}, False, "data"),
        ({"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/x"}, True, "/x"),
        ({"REGISTRY_STORAGE": "filesystem"}, False, "/var/lib/registry"),
        ({"REGISTRY_STORAGE": '{"filesystem": {"rootdirectory": "/x"}}'}, False, "/x"),
        ({"REGISTRY_STORAGE": "filesystem", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/x"}, False, "/x"),
        ({"REGISTRY_STORAGE": "filesystem", "REGISTRY_STORAGE_DELETE_ENABLED": "true"}, True, "/var/lib/registry"),
        ({"REGISTRY_STORAGE": "{filesystem: , delete: {enabled: on}}"}, True, "/var/lib/registry"),
    ],
)
def test_variables_alone_change_the_built_in_defaults(environ: dict[str, str], deletion: bool, folder: str) -> None:
    """A variable replaces what stands at its path: one value, or the whole section with distribution's defaults."""
    storage = load(None, environ).settings.storage
    assert (storage.delete.enabled, storage.folder) == (deletion, Path(folder))


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"REGISTRY_HTTP_HEADERS": '{"X-A": ["1"]}'}, {"X-A": ("1",)}),
        ({"REGISTRY_HTTP_HEADERS": "{X-A: [y, 1.50]}"}, {"X-A": ("y", "1.50")}),
        ({"REGISTRY_HTTP_HEADERS": ""}, {}),
        ({"REGISTRY_HTTP_HEADERS_X-B": "[c]"}, {"X-Frame-Options": ("DENY",), "x-b": ("c",)}),
        ({"REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS": "[c]"}, {"X-Frame-Options": ("DENY",), "x-frame-options": ("c",)}),
        ({"REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS_0": "c"}, {"X-Frame-Options": ("c",)}),
        ({"REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS_1": "c"}, {"X-Frame-Options": ("DENY", "c")}),
        (
            {"REGISTRY_HTTP_HEADERS_Y_0": "a", "REGISTRY_HTTP_HEADERS_Y_1": ""},
            {"X-Frame-Options": ("DENY",), "y": ("a", "")},
        ),
    ],
)
def test_maps_and_lists_are_written_by_variables(
    tmp_path: Path, environ: dict[str, str], headers: dict[str, tuple[str, ...]]
) -> None:
    """A map comes as YAML or JSON, an entry by its name in lower case, an item of an entry by its number."""
    base = "version: 0.1\nhttp: {headers: {X-Frame-Options: [DENY]}}\nstorage: filesystem\n"
    assert loaded(tmp_path, environ=environ, base=base).settings.http.headers == headers


@pytest.mark.parametrize(
    ("environ", "read_only"),
    [
        ({"REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: true}"}, True),
        ({"REGISTRY_STORAGE_MAINTENANCE_READONLY": '{"enabled": true}'}, True),
        ({"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED": "true"}, True),
        ({"REGISTRY_STORAGE_MAINTENANCE": "{readonly: {enabled: yes}}"}, True),
        ({"REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: false}"}, False),
        ({"REGISTRY_STORAGE_MAINTENANCE_READONLY": ""}, False),
        (
            {
                "REGISTRY_STORAGE_MAINTENANCE_READONLY": "{enabled: false}",
                "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED": "true",
            },
            True,
        ),
    ],
)
def test_read_only_is_set_in_either_spelling(environ: dict[str, str], read_only: bool) -> None:
    """As a section, which is the only one that distribution takes, and by the key itself."""
    assert load(None, environ).settings.storage.maintenance.readonly.enabled is read_only


def test_items_of_lists_are_set_by_their_numbers(tmp_path: Path) -> None:
    """Sections and single values, those of the file and new ones after them."""
    text = "notifications: {endpoints: [{name: a, url: http://a}]}\n"
    environ = {
        "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_HEADERS_X-A": "[b]",
        "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL": "http://b",
        "REGISTRY_NOTIFICATIONS_ENDPOINTS_1_URL": "http://c",
        "REGISTRY_NOTIFICATIONS_ENDPOINTS_1_IGNORE_ACTIONS_0": "pull",
    }
    first, second = loaded(tmp_path, text, environ).settings.notifications.endpoints
    assert (first.name, first.url, first.headers) == ("a", "http://b", {"x-a": ("b",)})
    assert (second.url, second.ignore.actions) == ("http://c", ("pull",))


_BAD = [
    ("HTTP_ADDR", "5000", "http.addr", "'5000' has no port"),
    ("HTTP_ADDR", "[1", "http.addr", "not YAML: "),
    (
        "HTTP_ADDR",
        "a: b: c",
        "http.addr",
        "not YAML: mapping values are not allowed in this context (line 1, column 5)",
    ),
    ("HTTP_ADDR", "a\udcff", "http.addr", "not YAML: it holds characters that are not text"),
    ("HTTP_ADDR", "[a]", "http.addr", "takes one value"),
    ("HTTP", "here", "http", "is a section"),
    ("HTTP_HEADERS", "X", "http.headers", "takes a section of names"),
    ("HTTP_HEADERS", "{X: y}", "http.headers.X", "takes a list"),
    ("HTTP_HEADERS", "{X: [a], X: [b]}", "http.headers.X", "is given twice"),
    ("HTTP_HEADERS_X_1", "a", "http.headers.X[1]", "sets item 1 of a list that has 0"),
    ("HTTP_HEADERS_S_0", "a", "http.headers.S[0]", "sets an item of a list, but"),
    ("STORAGE_DELETE_ENABLED", "maybe", "storage.delete.enabled", "'maybe' is neither true nor false"),
    ("STORAGE_GCS_BUCKET", "x", "storage.gcs", "is known to distribution and not served yet"),
    ("STORAGE_MAINTENANCE_READONLY", "true", "storage.maintenance.readonly", "is a section: write its keys below it"),
    ("STORAGE_MAINTENANCE_READONLY_ENABLED", "1", "storage.maintenance.readonly.enabled", "'1' is neither true nor f"),
    ("AUTH", "silly", "auth.silly", "is known to distribution and not served yet: it lets in whoever"),
    ("AUTH_HTPASSWD_REALM", "x", "auth.htpasswd.path", "is missing: add it"),
    ("LOGLEVEL", "loud", "log.level", "'loud' is not debug or info or warn or error"),
    ("JETTISON_DATABSE_URL", "x", "", "no such setting: unset it; the nearest is REGISTRY_JETTISON_DATABASE_URL"),
    (
        "JETTISON",
        "{limits: {tag: 1}}",
        "jettison.limits.tag",
        "no such setting: remove it; the nearest is jettison.limits.tags",
    ),
]


@pytest.mark.parametrize(("end", "text", "path", "reason"), _BAD)
def test_a_variable_that_cannot_be_served_is_named(tmp_path: Path, end: str, text: str, path: str, reason: str) -> None:
    """What a variable gets wrong is found under its name, with the path it is about."""
    base = "version: 0.1\nhttp: {headers: {S: one}}\nstorage: filesystem\n"
    found = [
        finding for finding in refused(tmp_path, "", {f"REGISTRY_{end}": text}, base) if finding.origin.line is None
    ]
    assert [(str(finding.origin), finding.path) for finding in found] == [(f"REGISTRY_{end}", path)]
    assert found[0].message.startswith(reason)


def test_a_variable_does_not_go_inside_a_single_value() -> None:
    """What is more specific than a variable that gave one value for the whole section is refused beside it."""
    error = outcome({"REGISTRY_HTTP": "a", "REGISTRY_HTTP_ADDR": ":1"})
    assert "REGISTRY_HTTP_ADDR: http.addr: sets something inside a section, but REGISTRY_HTTP gives no section" in str(
        error
    )


def test_a_variable_inside_a_section_of_the_file_is_named_beside_it(tmp_path: Path) -> None:
    """Both who wrote a section that is not served are named, so that removing one does not uncover the other."""
    findings = refused(tmp_path, "proxy: {remoteurl: a}\n", {"REGISTRY_PROXY_USERNAME": "x"})
    assert [(finding.path, str(finding.origin).rpartition("/")[2]) for finding in findings] == [
        ("proxy", "config.yml:4"),
        ("proxy", "REGISTRY_PROXY_USERNAME"),
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("REGISTRY_HTTP_ADDRESS", "REGISTRY_HTTP_ADDR"),
        ("REGISTRY_HTTP_ADR", "REGISTRY_HTTP_ADDR"),
        ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIR", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"),
        ("REGISTRY_STORAGE_DELETE_ENABLE", "REGISTRY_STORAGE_DELETE_ENABLED"),
        ("REGISTRY_STORAGE_DELETED_ENABLED", "REGISTRY_STORAGE_DELETE_ENABLED"),
        ("REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES", "REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES"),
    ],
)
def test_a_misspelled_variable_gets_the_nearest_one(name: str, meant: str) -> None:
    """A variable that nobody knows is a notice that names the nearest known one."""
    (notice,) = load(None, {name: "x"}).notices
    assert str(notice) == f"{name}: names no setting and has no effect; the nearest is {meant}"


def test_what_an_orchestrator_injects_never_stops_a_start() -> None:
    """Kubernetes and podman put variables beside ours: each is a notice, without a hint that leads astray."""
    names = ["PORT", "PORT_5000_TCP", "PORT_5000_TCP_ADDR", "PORT_5000_TCP_PORT", "PORT_5000_TCP_PROTO"]
    names += ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "HTTP_SERVICE_HOST", "PROXY_PORT"]
    names += ["AUTH_FILE", "STORAGE_PORT_80_TCP", "URL", "USER", "PASSWORD"]
    environ = {f"REGISTRY_{name}": "tcp://10.0.0.1:5000" for name in names}
    result = load(None, environ)
    assert result.settings == load(None, {}).settings
    assert {str(notice) for notice in result.notices} == {
        f"{name}: names no setting and has no effect" for name in environ
    }


def test_the_version_is_the_files() -> None:
    """REGISTRY_VERSION, which some images set for themselves, is a notice."""
    (notice,) = load(None, {"REGISTRY_VERSION": "2.8.3"}).notices
    assert str(notice) == "REGISTRY_VERSION: version: has no effect: the version is that of the file"


def test_variables_of_others_are_not_read() -> None:
    """Without the prefix, or in another case, a variable is none of ours."""
    result = load(None, {"HTTP_ADDR": ":1", "registry_http_addr": ":1", "REGISTRYHTTP_ADDR": ":1", "PATH": "x"})
    assert (result.settings, result.notices) == (load(None, {}).settings, ())


_NAMES = st.sampled_from(list(variables(VOCABULARY))) | st.text(string.ascii_uppercase + "_0-", max_size=20).map(
    lambda end: f"REGISTRY_{end}"
)
_VALUES = st.sampled_from(
    ["", "true", "filesystem", ":1", "{a: [b]}", "[{}]", "24h", "{filesystem: {}}", "5"]
) | st.text(max_size=20)


@given(st.dictionaries(_NAMES, _VALUES, max_size=6))
@pytest.mark.slow
def test_any_environment_ends_in_settings_or_in_findings(environ: dict[str, str]) -> None:
    """Whatever variables there are, the start has settings, or is refused with findings that are said in full."""
    environ.pop("REGISTRY_CONFIGURATION_PATH", None)
    result = outcome(environ)
    said = result.findings if isinstance(result, SettingsError) else result.notices
    assert said or not isinstance(result, SettingsError)
    assert all(finding.message and str(finding.origin) for finding in said)
