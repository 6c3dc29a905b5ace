from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jettison.cli.main import app
from tests.support.verb import verb

pytestmark = pytest.mark.slow

_FILE = """\
version: 0.1
http: {addr: ":5000", secret: hunter2}
storage: {filesystem: {rootdirectory: DATA}, delete: {enabled: true}}
jettison: {database: {url: "postgresql://me:hunter2@db/registry"}}
"""
_REFUSED = "auth: silly\nlog:\n  level: loud\nhttp: {addr: here}\nstorage: filesystem\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that can be served, with a secret and a password."""
    path = tmp_path / "config.yml"
    path.write_text(_FILE.replace("DATA", str(tmp_path / "data")))
    return path


def test_the_table_says_each_value_and_where_it_came_from(config: Path) -> None:
    """A line for each setting: of the file, of a variable, by default. Warnings go to stderr."""
    done = verb("config", config, environ={"REGISTRY_LOG_LEVEL": "debug"})
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert rows["SETTING"] == ["VALUE", "FROM"]
    assert rows["http.addr"] == [":5000", f"{config}:2"]
    assert rows["log.level"] == ["debug", "REGISTRY_LOG_LEVEL"]
    assert rows["catalog.maxentries"] == ["1000", "default"]
    assert rows["http.prefix"] == ["-", "default"]
    assert "warning: " in done.stderr
    assert "http.secret: has no effect" in done.stderr


def test_without_a_file_the_built_in_defaults_are_shown() -> None:
    """They say so."""
    done = verb("config")
    assert [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("storage.delete.enabled")] == [
        ["true", "built-in"]
    ]


def test_the_file_of_distributions_images_is_found(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb reads it where no other is named, and says so."""
    monkeypatch.setattr("jettison.settings.USUAL_FILES", (config.with_name("none.yml"), config))
    for name in [name for name in os.environ if name.startswith("REGISTRY_")]:
        monkeypatch.delenv(name)
    result = CliRunner().invoke(app, ["config", "--json"])
    assert json.loads(result.stdout)["file"] == str(config)
    assert f"warning: {config}: is read, since no file was named" in result.stderr
    assert "can be served" in CliRunner().invoke(app, ["config", "--check"]).stdout


def test_secrets_are_hidden_in_every_form(config: Path) -> None:
    """Neither the table nor the JSON shows a password or the secret, nor do the warnings."""
    for arguments in (["config", config], ["config", "--json", config], ["config", "--check", "--json", config]):
        done = verb(*arguments)
        assert done.returncode == 0
        assert "hunter2" not in done.stdout + done.stderr
    assert "postgresql://me:(hidden)@db/registry" in verb("config", config).stdout


def test_json_has_the_same(config: Path) -> None:
    """One document: the file, each setting by its path, the warnings."""
    said = json.loads(verb("config", "--json", config, environ={"REGISTRY_LOG_LEVEL": "debug"}).stdout)
    assert said["file"] == str(config)
    assert said["settings"]["http.addr"] == {"value": ":5000", "source": "file", "name": str(config), "line": 2}
    assert said["settings"]["log.level"] == {
        "value": "debug",
        "source": "environment",
        "name": "REGISTRY_LOG_LEVEL",
        "line": None,
    }
    assert said["settings"]["jettison.deletions.undo"] == {"value": "24h", "source": "default"}
    assert [warning["setting"] for warning in said["warnings"]] == ["http.secret"]


def test_settings_that_cannot_be_served_are_not_shown(tmp_path: Path) -> None:
    """The errors are, as at a start, with its status."""
    path = tmp_path / "config.yml"
    path.write_text(_REFUSED)
    done = verb("config", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("error: ") == 4


def test_check_answers_whether_it_can_be_served(config: Path) -> None:
    """Yes: one line, status 0, and nothing was made."""
    done = verb("config", "--check", config)
    assert (done.returncode, done.stdout) == (0, "can be served\n")
    assert not (config.parent / "data").exists()


def test_check_says_everything_that_is_wrong_in_one_go(tmp_path: Path) -> None:
    """File and variables, the file's lines first; status 2, as a start would end."""
    path = tmp_path / "config.yml"
    path.write_text(_REFUSED)
    done = verb("config", "--check", path, environ={"REGISTRY_CATALOG_MAXENTRIES": "many"})
    assert (done.returncode, done.stdout) == (2, "cannot be served: 5 errors\n")
    assert [line.partition("config.yml:")[2][:2] for line in done.stderr.splitlines() if "config.yml" in line] == [
        "1:",
        "3:",
        "4:",
        " v",
    ]
    assert "REGISTRY_CATALOG_MAXENTRIES: catalog.maxentries: 'many'" in done.stderr
    assert "version: is missing" in done.stderr


def test_check_looks_at_what_the_settings_name(tmp_path: Path) -> None:
    """A certificate that is not there would stop a start as well."""
    path = tmp_path / "config.yml"
    path.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}}}\n")
    done = verb("config", "--check", path, environ={"REGISTRY_HTTP_TLS": "{certificate: /none/a, key: /none/b}"})
    assert (done.returncode, done.stdout) == (2, "cannot be served: 2 errors\n")
    assert "REGISTRY_HTTP_TLS: http.tls.key: /none/b cannot be read" in done.stderr


def test_check_in_json(tmp_path: Path) -> None:
    """For programs: the answer, every error and every warning."""
    path = tmp_path / "config.yml"
    path.write_text("version: 0.1\nstorage: filesystem\nauth: silly\nhttp: {addr: ':1', adr: x}\n")
    done = verb("config", "--check", "--json", path, environ={"REGISTRY_STORAGE_DELETE_ENABLED": "true"})
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["servable"]) == (2, "", False)
    (error,) = said["errors"]
    assert (error["where"], error["setting"]) == ({"name": str(path), "line": 3}, "auth.silly")
    assert [warning["setting"] for warning in said["warnings"]] == ["http.adr"]
