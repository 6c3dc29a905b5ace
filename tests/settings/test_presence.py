from __future__ import annotations

import os
from pathlib import Path

import pytest

from jettison.settings.presence import missing
from tests.settings.certificates import certificate_in
from tests.settings.documents import loaded

_BASE = "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: :1\n"


def _said(folder: Path, http: str = "", root: Path | None = None) -> list[str]:
    base = _BASE.format(root or folder / "data")
    return [str(finding).partition("config.yml:")[2] for finding in missing(loaded(folder, http, base=base))]


def test_a_place_where_all_is_there_has_nothing_missing(tmp_path: Path) -> None:
    """A data folder that can be made is as good as one that is there."""
    assert _said(tmp_path) == []
    assert _said(tmp_path, root=tmp_path / "a" / "b" / "c") == []
    assert not (tmp_path / "a").exists()


def test_a_data_folder_that_is_a_file_is_found(tmp_path: Path) -> None:
    """So is one below a file."""
    (tmp_path / "data").touch()
    expected = f"2: storage.filesystem.rootdirectory: {tmp_path}/data is a file, not a folder: name another folder"
    assert _said(tmp_path) == _said(tmp_path, root=tmp_path / "data" / "inside") == [expected]


def test_a_data_folder_of_somebody_else_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there and cannot be written, and one that cannot be made; root, who may both, is not asked."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder)
    assert "is not this user's to write" in _said(tmp_path, root=folder)[0]
    assert "cannot be made" in _said(tmp_path, root=folder / "inside")[0]


def test_a_socket_needs_its_folder(tmp_path: Path) -> None:
    """The socket itself is made at the start, the folder is not."""
    text = "  net: unix\n"
    base = _BASE.format(tmp_path / "data").replace(":1", str(tmp_path / "run" / "socket"))
    (finding,) = missing(loaded(tmp_path, text, base=base))
    assert (finding.path, finding.origin.line) == ("http.addr", 4)
    assert "run, where the socket goes, is no folder" in finding.message
    (tmp_path / "run").mkdir()
    assert list(missing(loaded(tmp_path, text, base=base))) == []


def test_files_of_tls_that_are_not_there_are_found_in_one_go(tmp_path: Path) -> None:
    """Each with its key."""
    said = _said(tmp_path, "  tls: {certificate: /none/a, key: /none/b, clientcas: [/none/c]}\n")
    assert said == [
        "5: http.tls.certificate: /none/a cannot be read: no such file or directory",
        "5: http.tls.key: /none/b cannot be read: no such file or directory",
        "5: http.tls.clientcas[0]: /none/c cannot be read: no such file or directory",
    ]


@pytest.mark.needs("openssl")
def test_files_of_tls_are_a_certificate_and_its_key(tmp_path: Path) -> None:
    """Another's key, a key under a password and a file without a certificate are found; a pair that fits is not."""
    (tmp_path / "other").mkdir()
    (tmp_path / "locked").mkdir()
    pair, other = certificate_in(tmp_path), certificate_in(tmp_path / "other")
    locked = certificate_in(tmp_path / "locked", password="hunter2")
    right = f"certificate: {pair.certificate}, key: {pair.key}"
    assert _said(tmp_path, f"  tls: {{{right}, clientcas: [{other.certificate}]}}\n") == []
    (wrong,) = _said(tmp_path, f"  tls: {{certificate: {pair.certificate}, key: {other.key}}}\n")
    assert "are no certificate and its key: key values mismatch" in wrong
    (asks,) = _said(tmp_path, f"  tls: {{certificate: {locked.certificate}, key: {locked.key}}}\n")
    assert "the key is under a password: store it without one" in asks
    (empty,) = _said(tmp_path, f"  tls: {{{right}, clientcas: [{pair.key}]}}\n")
    assert "http.tls.clientcas[0]" in empty
    assert "holds no certificate" in empty
