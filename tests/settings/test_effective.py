from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jettison.settings import SettingsError, load
from jettison.settings.effective import Effective, effective
from jettison.settings.known import VOCABULARY
from jettison.settings.shapes import Many, Named, Section, Shape
from tests.settings.documents import MINIMAL, loaded, outcome

_SECRETS = """\
log: {fields: {service: registry}}
notifications:
  endpoints:
    - {name: one, url: "https://me:hunter2@hooks.test/x?token=hunter2&a=hunter2", headers: {Authorization: [hunter2]}}
    - {url: "https://hunter2@hooks.test/y?hunter2"}
health: {http: [{uri: "http://me:hunter2@a/", headers: {Cookie: [hunter2, hunter2]}}]}
jettison: {database: {url: "postgresql://me:hunter2@db/registry?password=hunter2"}}
"""


def _found(folder: Path, text: str = "", **environ: str) -> dict[str, Effective]:
    return {each.path: each for each in effective(loaded(folder, text, environ))}


def test_each_setting_knows_where_it_came_from(tmp_path: Path) -> None:
    """A line of the file, a variable, the built-in defaults, or the model's own default."""
    found = _found(tmp_path, "loglevel: debug\n", REGISTRY_CATALOG_MAXENTRIES="5")
    said = {path: (each.value, each.source, str(each.origin)) for path, each in found.items()}
    assert said["http.addr"] == (":5000", "file", f"{tmp_path}/config.yml:2")
    assert said["log.level"] == ("debug", "file", f"{tmp_path}/config.yml:4")
    assert said["catalog.maxentries"] == (5, "environment", "REGISTRY_CATALOG_MAXENTRIES")
    assert said["tags.maxtags"] == (1000, "default", "None")
    built_in = {each.path: each.source for each in effective(load(None, {}))}
    assert (built_in["http.addr"], built_in["http.net"]) == ("built-in", "default")


def test_maps_and_lists_are_shown_entry_by_entry(tmp_path: Path) -> None:
    """Each header and each item of a list of sections has an origin of its own."""
    text = "health: {file: [{file: /a}]}\n"
    found = _found(tmp_path, text, REGISTRY_HTTP_HEADERS_X="[a]", REGISTRY_HEALTH_FILECHECKERS_1_FILE="/b")
    assert found["http.headers.x"].to_json() == {
        "value": ["a"],
        "source": "environment",
        "name": "REGISTRY_HTTP_HEADERS_X",
        "line": None,
    }
    assert [(path, each.value, each.source) for path, each in found.items() if path.endswith(".file")] == [
        ("health.file[0].file", "/a", "file"),
        ("health.file[1].file", "/b", "environment"),
    ]


def test_secrets_are_hidden(tmp_path: Path) -> None:
    """Passwords and arguments in URLs and the values of headers that are sent: nothing of them is shown."""
    found = _found(tmp_path, _SECRETS, REGISTRY_HTTP_SECRET="hunter2")
    assert "hunter2" not in repr(list(found.values()))
    assert found["jettison.database.url"].value == "postgresql://me:(hidden)@db/registry?password=(hidden)"
    assert found["notifications.endpoints[0].url"].value == "https://me:(hidden)@hooks.test/x?token=(hidden)&a=(hidden)"
    assert found["notifications.endpoints[0].headers.Authorization"].value == ["(hidden)"]
    assert found["notifications.endpoints[1].url"].value == "https://(hidden)@hooks.test/y?(hidden)"
    assert found["notifications.endpoints[1].name"].value == "https://hooks.test/y"
    assert found["health.http[0].headers.Cookie"].value == ["(hidden)", "(hidden)"]


def test_secrets_stay_out_of_tracebacks(tmp_path: Path) -> None:
    """Settings that end up in a log do not show them either."""
    assert "hunter2" not in repr(loaded(tmp_path, _SECRETS).settings)


def test_every_path_is_that_of_a_setting(tmp_path: Path) -> None:
    """What has no effect is not among them, and nothing is shown twice."""
    text = "redis: {addrs: [x]}\n"
    paths = [each.path for each in effective(loaded(tmp_path, text, base=MINIMAL))]
    assert len(paths) == len(set(paths))
    assert not any(path.startswith(("redis", "storage.cache")) for path in paths)


_SINGLES = st.sampled_from(
    [
        "",
        "x",
        "true",
        "no",
        "0",
        "7",
        "-1",
        "1h",
        "5s",
        ":1",
        "a:1",
        "/x",
        "http://a/b",
        "tls1.3",
        "unix",
        "all",
        "list",
    ]
) | st.text(max_size=8)


def _documents(shape: Shape) -> st.SearchStrategy[object]:
    """What may stand where a shape is expected, mostly of that shape."""
    if isinstance(shape, Section):
        return st.fixed_dictionaries({}, optional={key: _documents(inner) for key, inner in shape.keys.items()})
    if isinstance(shape, Many):
        return st.lists(_documents(shape.item), max_size=2)
    if isinstance(shape, Named):
        return st.dictionaries(st.sampled_from(["X-A", "b", ""]), _documents(shape.value), max_size=2)
    return _SINGLES | st.none() | st.lists(_SINGLES, max_size=1)


@given(st.data())
@pytest.mark.slow
def test_any_document_ends_in_settings_that_can_be_shown_or_in_findings(data: st.DataObject) -> None:
    """Whatever stands in the sections, it is read and every setting of it shown, or refused with its place."""
    top = data.draw(st.sampled_from(sorted(VOCABULARY.keys)))
    section = data.draw(_documents(VOCABULARY.keys[top]))
    written = {"version": "0.1", "storage": {"filesystem": None}, "http": {"addr": ":1"}, top: section}
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump(written, file, allow_unicode=True)
        file.flush()
        result = outcome({}, Path(file.name))
    if isinstance(result, SettingsError):
        assert all(str(finding.origin) and finding.message for finding in result.findings)
    else:
        found = list(effective(result))
        assert len({each.path for each in found}) == len(found)
        json.dumps([each.to_json() for each in found])
