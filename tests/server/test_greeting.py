from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jettison.server.certificate import Certificate
from jettison.server.greeting import greeting, is_loopback
from jettison.settings import Address, Loaded, load

EPOCH = datetime.fromtimestamp(0, UTC)


def greeted(address: str, config: str | None = None, **variables: str) -> str:
    """The greeting of a server on ``address``."""
    loaded = _loaded(config, variables)
    return greeting(loaded, Address.parse(address))


def _loaded(config: str | None, variables: dict[str, str]) -> Loaded:
    if config is None:
        return load(None, variables)
    return load(Path(config), variables)


def test_a_greeting_is_six_lines_that_can_be_followed() -> None:
    """Address, settings, data, deletion, and two commands that can be copied."""
    lines = greeted("127.0.0.1:5000").splitlines()
    assert len(lines) == 6
    assert lines[0].endswith("listens on http://127.0.0.1:5000")
    assert lines[1] == "  settings  built-in, since no file was named or found: `jettison serve FILE` reads one"
    assert lines[2] == f"  data      {Path('data').resolve()} (database: SQLite)"
    assert lines[3] == "  deletion  on"
    assert lines[4] == "  push      docker tag alpine localhost:5000/repo1 && docker push localhost:5000/repo1"
    assert lines[5] == "  delete    curl -X DELETE http://localhost:5000/v2/repo1"


def test_the_file_that_was_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, however it was named: a server that reads another file than one believes is found out at once."""
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage:\n  filesystem: {rootdirectory: /srv}\n")
    monkeypatch.chdir(tmp_path)
    for loaded in (_loaded("config.yml", {}), load(None, {"REGISTRY_CONFIGURATION_PATH": str(config)})):
        assert f"\n  settings  {config}\n" in greeting(loaded, Address("127.0.0.1", 5000))


@pytest.mark.parametrize(
    ("address", "listens", "push"),
    [
        (
            ":5000",
            "listens on port 5000 of every interface: http://localhost:5000\n",
            "docker push localhost:5000/repo1",
        ),
        (
            "0.0.0.0:80",
            "listens on port 80 of every interface: http://localhost:80\n",
            "docker push localhost:80/repo1",
        ),
        ("[::1]:5000", "listens on http://[::1]:5000\n", "docker push [::1]:5000/repo1"),
        ("192.0.2.7:5000", "listens on http://192.0.2.7:5000\n", "docker push 192.0.2.7:5000/repo1"),
    ],
)
def test_an_address_is_said_as_clients_reach_it(address: str, listens: str, push: str) -> None:
    """Every interface is reached as localhost, any other address as it is."""
    said = greeted(address)
    assert listens in said
    assert push in said


def test_deletion_that_is_off_says_what_turns_it_on(tmp_path: Path) -> None:
    """Both settings are named, and the line that turned it off; no command is shown that would be refused."""
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage:\n  filesystem: {rootdirectory: /srv}\n  delete:\n    enabled: false\n")
    said = greeted("127.0.0.1:5000", str(config))
    assert f"deletion  off ({config}:5): `storage.delete.enabled: true` or REGISTRY_STORAGE_DELETE_ENABLED=true" in said
    assert "curl -X DELETE" not in said


def test_a_password_of_the_database_is_not_shown() -> None:
    """Only the kind of database is said."""
    said = greeted("127.0.0.1:5000", REGISTRY_JETTISON_DATABASE_URL="postgresql://me:secret@db/registry")
    assert "(database: PostgreSQL)" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "address", [":5000", "0.0.0.0:5000", "[::]:5000", "192.0.2.7:5000", "registry.example.com:5000"]
)
def test_an_open_address_gets_a_notice(address: str) -> None:
    """Where others reach the server it says what they may do, and how to stop that."""
    assert f"whoever reaches {address} may push, pull and delete: there is no login" in greeted(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_an_address_of_this_machine_alone_gets_no_notice(host: str) -> None:
    """Loopback is nobody else's business."""
    assert is_loopback(host)
    assert "notice" not in greeted(str(Address(host, 5000)))


def test_with_a_prefix_what_is_shown_works_as_it_stands() -> None:
    """No client of images can name a prefix: a proxy puts it there, and people do by hand."""
    said = greeted("127.0.0.1:5000", REGISTRY_HTTP_PREFIX="/registry/")
    assert "  try       curl http://localhost:5000/registry/v2/_catalog\n" in said
    assert "  delete    curl -X DELETE http://localhost:5000/registry/v2/repo1\n" in said
    assert "docker push" not in said


def test_a_certificate_is_said_with_its_end() -> None:
    """And that clients need one, where they do: then not everybody may push who reaches the address."""
    certificate = Certificate(b"", b"", b"", ("a.example.com", "192.0.2.7"), EPOCH, EPOCH)
    tls = {"REGISTRY_HTTP_TLS_CERTIFICATE": "/a.crt", "REGISTRY_HTTP_TLS_KEY": "/a.key"}
    said = greeting(load(None, tls), Address("", 443), certificate)
    assert "listens on port 443 of every interface: https://localhost:443\n" in said
    assert "  tls       a.example.com, 192.0.2.7, until 1970-01-01\n" in said
    assert "curl -X DELETE https://localhost:443/v2/repo1\n" in said
    assert "there is no login" in said
    asking = replace(certificate, authorities=b"pem")
    said = greeting(load(None, tls), Address("", 443), asking)
    assert "until 1970-01-01; clients need a certificate too\n" in said
    assert "notice" not in said
