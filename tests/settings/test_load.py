from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from jettison.settings import Address, Settings, SettingsError, load
from jettison.settings.load import BUILT_IN
from jettison.settings.models.jettison import Sweep
from tests.settings.documents import MINIMAL, loaded, refused

_FULL = """\
version: 0.1
http:
  addr: "[::1]:5001"
  host: https://registry.example.com:5443/
  headers:
    X-Content-Type-Options: [nosniff]
    Access-Control-Allow-Origin: ['*', "https://example.com"]
storage:
  filesystem: {rootdirectory: /srv/registry}
  delete: {enabled: true}
log:
  level: WARN
  formatter: json
  accesslog: {disabled: true}
catalog: {maxentries: 50}
validation: {manifests: {indexes: {platforms: None}}}
jettison:
  database: {url: "postgresql://me:secret@db/registry?sslmode=require"}
  validation: {blobs: none}
  limits: {manifest: 1000000, tags: 5}
  deletions: {undo: 0}
  leases: {upload: 36h, touch: 90m}
  sweep: {interval: 0, grace: 10m, uploads: 48h}
"""


def test_every_setting_is_read_from_a_file(tmp_path: Path) -> None:
    """Each key that is served arrives as its value, not as text."""
    result = loaded(tmp_path, base=_FULL)
    settings = result.settings
    assert result.notices == ()
    assert settings.http.addr == Address("::1", 5001)
    assert settings.http.host == "https://registry.example.com:5443"
    assert settings.http.headers == {
        "X-Content-Type-Options": ("nosniff",),
        "Access-Control-Allow-Origin": ("*", "https://example.com"),
    }
    assert settings.storage.folder == Path("/srv/registry")
    assert settings.storage.delete.enabled is True
    assert (settings.log.level, settings.log.formatter, settings.log.accesslog.disabled) == ("warn", "json", True)
    assert settings.catalog.maxentries == 50
    assert settings.validation.manifests.indexes.platforms == "none"
    assert settings.jettison.database.url == "postgresql://me:secret@db/registry?sslmode=require"
    assert settings.jettison.validation.blobs == "none"
    assert (settings.jettison.limits.manifest, settings.jettison.limits.tags) == (1_000_000, 5)
    assert settings.jettison.deletions.undo == timedelta()
    assert settings.jettison.leases.upload == timedelta(hours=36)
    assert settings.jettison.leases.touch == timedelta(minutes=90)
    assert settings.jettison.sweep == Sweep(
        interval=timedelta(), grace=timedelta(minutes=10), uploads=timedelta(hours=48)
    )


def test_without_a_file_there_are_built_in_defaults() -> None:
    """The registry listens on loopback, keeps its data beside it and allows deletion; nothing needs to be said."""
    result = load(None, {})
    settings = result.settings
    assert (result.path, result.notices) == (None, ())
    assert settings.http.addr == Address("127.0.0.1", 5000)
    assert settings.storage.folder == Path("data")
    assert settings.storage.delete.enabled is True
    assert (settings.http.host, settings.http.headers) == (None, {})
    assert (settings.log.level, settings.log.formatter, settings.log.accesslog.disabled) == ("info", "text", False)
    assert settings.catalog.maxentries == 1000
    assert settings.validation.manifests.indexes.platforms == "all"
    assert settings.jettison.database.url is None
    assert settings.jettison.validation.blobs == "all"
    assert (settings.jettison.limits.manifest, settings.jettison.limits.tags) == (4 * 1024 * 1024, 100)
    assert settings.jettison.deletions.undo == timedelta(hours=24)
    assert (settings.jettison.leases.upload, settings.jettison.leases.touch) == (
        timedelta(hours=24),
        timedelta(hours=1),
    )
    sweep = settings.jettison.sweep
    assert (sweep.interval, sweep.grace, sweep.uploads) == (timedelta(seconds=30), timedelta(minutes=5), None)
    purging = settings.storage.maintenance.uploadpurging
    assert (purging.enabled, purging.age) == (True, timedelta(hours=168))
    assert str(result.origins["http.addr"]) == "built-in"


def test_the_built_in_defaults_are_a_configuration_file(tmp_path: Path) -> None:
    """Given as a file, the built-in defaults mean the same."""
    assert loaded(tmp_path, base=BUILT_IN).settings == load(None, {}).settings


def test_a_file_that_lacks_the_setting_keeps_deletion_off_and_says_so(tmp_path: Path) -> None:
    """A swapped-in binary must not open deletion to everyone: distribution's default holds, and a notice says it."""
    text = "version: 0.1\nhttp: {addr: ':5000'}\nstorage:\n  filesystem:\n"
    result = loaded(tmp_path, base=text)
    assert result.settings.storage.delete.enabled is False
    assert result.settings.storage.folder == Path("/var/lib/registry")
    assert "storage.delete.enabled" not in result.origins
    (notice,) = result.notices
    assert str(notice) == (
        f"{tmp_path}/config.yml:3: storage.delete.enabled: is not set, so nothing can be deleted, as with distribution:"
        " set it, or REGISTRY_STORAGE_DELETE_ENABLED=true"
    )


def test_deletion_that_a_file_forbids_needs_no_notice(tmp_path: Path) -> None:
    """Whoever wrote false knows it."""
    result = loaded(tmp_path, base=MINIMAL.replace("true", "false"))
    assert result.settings.storage.delete.enabled is False
    assert (result.notices, result.origins["storage.delete.enabled"].line) == ((), 3)


def test_a_file_without_an_address_stays_on_loopback_and_says_so(tmp_path: Path) -> None:
    """Distribution would take a random port of every interface: nobody means that."""
    result = loaded(tmp_path, base="version: 0.1\nstorage: {filesystem: , delete: {enabled: false}}\n")
    assert result.settings.http.addr == Address("127.0.0.1", 5000)
    assert [(notice.path, notice.origin.line) for notice in result.notices] == [("http.addr", None)]


def test_the_file_is_the_argument_else_the_variables(tmp_path: Path) -> None:
    """REGISTRY_CONFIGURATION_PATH names the file unless an argument does; an empty one names none."""
    one, other = tmp_path / "one.yml", tmp_path / "other.yml"
    one.write_text(MINIMAL)
    other.write_text(MINIMAL.replace("5000", "5001"))
    environ = {"REGISTRY_CONFIGURATION_PATH": str(other)}
    assert load(one, environ).path == one
    assert (load(None, environ).settings.http.addr, load(None, environ).notices) == (Address("", 5001), ())
    assert load(None, {"REGISTRY_CONFIGURATION_PATH": ""}).path is None


def test_the_files_of_the_images_are_read_where_none_is_named(tmp_path: Path) -> None:
    """The first that is there, which is said; an empty REGISTRY_CONFIGURATION_PATH names none of them either."""
    first, second = tmp_path / "first.yml", tmp_path / "second.yml"
    said = "is read, since no file was named: REGISTRY_CONFIGURATION_PATH names one, or none at all where it is empty"
    second.write_text(MINIMAL)
    found = load(None, {}, [first, second])
    assert (found.path, [str(notice) for notice in found.notices]) == (
        second,
        [f"{second}: {said}"],
    )
    first.write_text(MINIMAL)
    assert load(None, {}, [first, second]).path == first
    assert load(second, {}, [first]).path == second
    assert load(None, {"REGISTRY_CONFIGURATION_PATH": str(second)}, [first]).path == second
    assert load(None, {"REGISTRY_CONFIGURATION_PATH": ""}, [first]).path is None
    assert load(None, {}, [tmp_path, tmp_path / "none.yml"]).path is None


def test_the_older_word_for_the_level_stands_in_for_it(tmp_path: Path) -> None:
    """`loglevel` is what `log.level` would say, unless that says something itself."""
    for text, level, notices in (
        ("loglevel: debug", "debug", []),
        ("loglevel: debug\nlog:", "debug", []),
        ("loglevel: debug\nlog: {level: }", "debug", []),
        ("loglevel: debug\nlog: {level: error}", "error", ["loglevel"]),
        ("loglevel:\nlog: {level: error}", "error", []),
    ):
        result = loaded(tmp_path, text)
        assert (result.settings.log.level, [notice.path for notice in result.notices]) == (level, notices)
    assert str(loaded(tmp_path, environ={"REGISTRY_LOGLEVEL": "warn"}).origins["log.level"]) == "REGISTRY_LOGLEVEL"


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    """Each value knows who wrote it last."""
    result = loaded(tmp_path, environ={"REGISTRY_HTTP_ADDR": ":6000"})
    assert result.settings.http.addr == Address("", 6000)
    assert str(result.origins["http.addr"]) == "REGISTRY_HTTP_ADDR"
    assert str(result.origins["storage.delete.enabled"]) == f"{tmp_path}/config.yml:3"


@pytest.mark.parametrize(
    ("text", "line", "path", "hint"),
    [
        ("htpp: {addr: ':1'}", 4, "htpp", "http"),
        ("HTTP: {addr: ':1'}", 4, "HTTP", "http"),
        ("log:\n  levle: debug", 5, "log.levle", "log.level"),
        ("log:\n  accesslog:\n    disable: true", 6, "log.accesslog.disable", "log.accesslog.disabled"),
        ("addr: ':1'", 4, "addr", "http.addr"),
        ("rootdirectory: /x", 4, "rootdirectory", "storage.filesystem.rootdirectory"),
        ("maxentries: 5", 4, "maxentries", "catalog.maxentries"),
        ("x-common: {a: b}", 4, "x-common", None),
        ("catalog: {zzzzzz: 1}", 4, "catalog.zzzzzz", None),
    ],
)
def test_a_key_that_nobody_knows_gets_its_line_and_the_nearest_one(
    tmp_path: Path, text: str, line: int, path: str, hint: str | None
) -> None:
    """It is a notice with path and line; a misspelled, misplaced or wrongly capitalised key gets the one meant."""
    (notice,) = loaded(tmp_path, text).notices
    said = f"{tmp_path}/config.yml:{line}: {path}: is no known setting and has no effect"
    assert str(notice) == (f"{said}; the nearest is {hint}" if hint else said)


_REFUSED = [
    (
        "jettison: {databse: {url: x}}",
        4,
        "jettison.databse",
        "no such setting: remove it; the nearest is jettison.database",
    ),
    (
        "jettison:\n  leases:\n    touched: 1h",
        6,
        "jettison.leases.touched",
        "no such setting: remove it; the nearest is jettison.leases.touch",
    ),
    ("jettison: {http: {addr: x}}", 4, "jettison.http", "no such setting: remove it; the nearest is http"),
    ("jettison: 5", 4, "jettison", "is a section"),
    ("loglevel: loud", 4, "log.level", "'loud' is not debug or info or warn or error"),
    ("auth:\n  htpasswd: {realm: a}", 5, "auth.htpasswd.path", "is missing: add it"),
    ("auth: silly", 4, "auth.silly", "is known to distribution and not served yet: it lets in whoever"),
    ("auth: {htpaswd: {realm: a, path: /x}}", 4, "auth.htpaswd", "no such setting: remove it; the nearest is auth.ht"),
    ("proxy:\n  remoteurl: x", 4, "proxy", "is known to distribution and not served yet"),
    (
        "proxy: {remoteurl: }\nlog:\n  hooks: [{type: mail}]",
        6,
        "log.hooks",
        "is known to distribution and not served yet",
    ),
    ("log:\n  fields: {a: [b]}", 5, "log.fields.a", "takes one value"),
    (
        "log: {formatter: logstash}",
        4,
        "log.formatter",
        "logstash is known to distribution and not served yet: write json",
    ),
    ("log: {level: verbose}", 4, "log.level", "'verbose' is not debug or info or warn or error"),
    (
        "validation: {manifests: {indexes: {platforms: some}}}",
        4,
        "validation.manifests.indexes.platforms",
        "'some' is not all or none or list",
    ),
    ("validation: {disabled: [x]}", 4, "validation.disabled", "takes one value"),
    ("catalog: {maxentries: many}", 4, "catalog.maxentries", "'many' is not a whole number"),
    ("catalog: {maxentries: 1.5}", 4, "catalog.maxentries", "'1.5' is not a whole number"),
    ("jettison: {limits: {manifest: 4MiB}}", 4, "jettison.limits.manifest", "'4MiB' is not a whole number"),
    ("jettison: {limits: {tags: 0}}", 4, "jettison.limits.tags", "0 is too small: it is at least 1"),
    ("jettison: {sweep: {uploads: 0}}", 4, "jettison.sweep.uploads", "is too short: it is more than 0"),
    ("jettison: {sweep: {grace: 5}}", 4, "jettison.sweep.grace", "'5' is not a length of time: write it with units"),
    ("jettison: {leases: {upload: 0}}", 4, "jettison.leases.upload", "is too short: it is more than 0"),
    (
        "jettison: {deletions: {undo: 7d}}",
        4,
        "jettison.deletions.undo",
        "'7d' is not a length of time: write it with units",
    ),
    ("jettison: {validation: {blobs: some}}", 4, "jettison.validation.blobs", "'some' is not all or none"),
    ("log: {accesslog: {disabled: 1}}", 4, "log.accesslog.disabled", "'1' is neither true nor false"),
    ("log: [a]", 4, "log", "is a section: write its keys below it"),
    ("log: {level: [info]}", 4, "log.level", "takes one value, not a list or a section"),
]


@pytest.mark.parametrize(("text", "line", "path", "reason"), _REFUSED)
def test_what_cannot_be_served_is_refused_by_name(tmp_path: Path, text: str, line: int, path: str, reason: str) -> None:
    """Unknown keys of our own, keys of distribution's that are not served, and bad values: path, line and fix."""
    (finding,) = refused(tmp_path, text)
    assert (finding.origin.line, finding.path) == (line, path)
    assert finding.message.startswith(reason)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("http.addr", "5000", "has no port"),
        ("http.addr", "''", "has no port"),
        ("http.host", "registry.example.com", "is not an absolute http or https URL: write it like https://"),
        ("http.host", "registry.example.com:5000", "is not an absolute http or https URL"),
        ("http.host", "ftp://example.com", "is not an absolute http or https URL"),
        ("http.host", "https://", "is not an absolute http or https URL"),
        ("http.host", "'https://a b'", "is not an absolute http or https URL"),
        ("http.host", '"https://a\\tb"', "is not an absolute http or https URL"),
        ("http.host", "https://me:pw@example.com", "has no plain host name"),
        ("http.host", 'https://a"b', "has no plain host name"),
        ("http.host", "https://a:99999", "is not a URL"),
        ("http.host", "'https://[::1'", "is not a URL"),
        ("http.host", "https://a/pre fix/", "is not an absolute http or https URL"),
        ("http.host", "'https://a/{x}/'", "has a path of more than letters"),
        ("http.host", "https://a?x", "has more than"),
        ("http.host", "''", "is not an absolute http or https URL"),
        ("http.headers", "{X: nosniff}", "takes a list: write it as"),
        ("http.headers", "{'X Y': [a]}", "'X Y' is not the name of a header"),
        ("http.headers", "{'': [a]}", "'' is not the name of a header"),
        ("http.headers", '{X: ["a\\r\\nSet-Cookie: b"]}', "is not the value of a header"),
        ("http.headers", "{X: [é]}", "is not the value of a header"),
        ("http.headers", "{content-length: [1]}", "content-length is set by the server itself"),
        ("http.headers", "{X: [[a]]}", "takes one value"),
        ("storage.filesystem.rootdirectory", "''", "is empty: name a folder"),
        ("storage.filesystem.rootdirectory", '"a\\0b"', "is empty: name a folder"),
        ("storage.delete.enabled", "maybe", "'maybe' is neither true nor false"),
        ("storage.delete.enabled", "{}", "takes one value"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason(tmp_path: Path, key: str, value: str, reason: str) -> None:
    """Where the registry listens, what it says and where it stores is checked before anything starts."""
    top, *inner = key.split(".")
    text = value
    for step in reversed(inner):
        text = f"{{{step}: {text}}}"
    base = "version: 0.1\n" + (f"http: {text}\nstorage: filesystem\n" if top == "http" else f"storage: {text}\n")
    findings = [found for found in refused(tmp_path, base=base) if found.path.startswith(key)]
    assert len(findings) == 1
    assert reason in findings[0].message
    assert findings[0].origin.line == 2


@pytest.mark.parametrize(
    "url",
    ["mysql://u:hunter2@h/d", "sqlite:///hunter2", "postgres://u:hunter2@h/d", "hunter2", "postgresql:hunter2", "''"],
)
def test_a_database_that_is_not_postgresql_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    """Any other scheme is refused with the way to write it; what was written is not repeated in a log."""
    (finding,) = refused(tmp_path, f"jettison: {{database: {{url: {url!r}}}}}\n".replace("\"''\"", "''"))
    assert finding.path == "jettison.database.url"
    assert "postgresql://user@host/name" in finding.message
    assert "hunter2" not in str(finding)


def test_settings_do_not_show_the_database_password(tmp_path: Path) -> None:
    """Settings that end up in a log or a traceback keep the database's URL to themselves."""
    assert "secret" not in repr(loaded(tmp_path, base=_FULL))


@pytest.mark.parametrize(
    ("base", "messages"),
    [
        ("storage: filesystem\n", {"version: is missing: make `version: 0.1` the file's first line"}),
        ("version:\nstorage: filesystem\n", {"version: is missing: make `version: 0.1` the file's first line"}),
        ("version: 0.2\nstorage: filesystem\n", {"version: '0.2' is not 0.1"}),
        ("version: 0.10\nstorage: filesystem\n", {"version: '0.10' is not 0.1"}),
        ("version: [0.1]\nstorage: filesystem\n", {"version: takes one value, not a list or a section"}),
        ("version: 0.1\n", {"storage: says nowhere where content lies"}),
        ("version: 0.1\nstorage:\n", {"storage: says nowhere where content lies"}),
        ("version: 0.1\nstorage: {delete: {enabled: true}}\n", {"storage: says nowhere where content lies"}),
        ("version: 0.1\nstorage: [a]\n", {"storage: is a section: write its keys below it"}),
        (
            "version: 0.1\nstorage: gcs\n",
            {"storage.gcs: is known to distribution and not served yet: write `storage.f"},
        ),
        ("version: 0.1\nstorage: {gcs: {}, filesystem: {}}\n", {"storage.gcs: is known to distribution"}),
        (
            "version: 0.1\nstorage: s3aws\n",
            {"storage.s3aws: is known to distribution and not served yet: write `storage.s3`"},
        ),
        ("version: 0.1\nstorage: s3\n", {"storage.s3.bucket: is missing: add it"}),
        ("version: 0.1\nstorage: {filesystem: 5}\n", {"storage.filesystem: is a section"}),
        ("{}\n", {"version: is missing", "storage: says nowhere where content lies"}),
    ],
)
def test_a_file_says_its_version_and_where_content_lies(tmp_path: Path, base: str, messages: set[str]) -> None:
    """Version and storage are asked for once each, with the fix; what is refused already is not missing as well."""
    found = {f"{finding.path}: {finding.message}" for finding in refused(tmp_path, base=base)}
    assert len(found) == len(messages)
    assert all(any(each.startswith(message) for each in found) for message in messages)


def test_everything_is_found_in_one_go(tmp_path: Path) -> None:
    """File and variables, syntax and values: one refusal holds all of it, the file's lines first and in order."""
    text = "auth: silly\nlog:\n  level: loud\n  levle: x\n  formatter: odd\nhttp: {adr: x}\n"
    environ = {"REGISTRY_HTTP_HOST": "x", "REGISTRY_JETTISON_X": "1", "REGISTRY_PORT": "1"}
    base = "version: 0.1\nstorage: {filesystem: , cache: {blobdescriptor: inmemory}}\n"
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text, environ, base)
    error = caught.value
    assert [str(finding).partition(": ")[0].rpartition("/")[2] for finding in error.findings] == [
        "config.yml:3",
        "config.yml:5",
        "config.yml:7",
        "REGISTRY_JETTISON_X",
        "REGISTRY_HTTP_HOST",
    ]
    assert [notice.path for notice in error.notices] == ["storage.cache", "log.levle", "http.adr", ""]
    assert str(error).count("\n") == 4


def test_variables_are_checked_even_if_the_file_cannot_be_read(tmp_path: Path) -> None:
    """A missing file does not hide what else is wrong."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yml", {"REGISTRY_JETTISON_X": "1"})
    assert len(caught.value.findings) == 2


def test_settings_cannot_be_changed() -> None:
    """What was checked at start stays so."""
    settings = load(None, {}).settings
    with pytest.raises(ValidationError):
        settings.storage.delete.enabled = False


def test_settings_take_nothing_they_do_not_know() -> None:
    """A key without a field is refused by the model itself, whoever builds it."""
    with pytest.raises(ValidationError):
        Settings.model_validate({"version": "0.1", "storage": {"filesystem": {}}, "htpp": {}})


def test_settings_are_built_from_values_as_well_as_from_text() -> None:
    """What the model gave is taken back, as values and as JSON: text is only one way to write it."""
    settings = load(None, {"REGISTRY_HTTP_HEADERS": "{X: [y]}", "REGISTRY_JETTISON_LEASES_TOUCH": "90m"}).settings
    assert Settings.model_validate(settings.model_dump()) == settings
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
    assert settings.model_dump()["jettison"]["leases"]["touch"] == "1h30m"
