"""Shorthand of the tests of settings: text becomes a file, and a file settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.settings import Finding, Loaded, SettingsError, load

MINIMAL = "version: 0.1\nhttp: {addr: ':5000'}\nstorage: {filesystem: {rootdirectory: /srv}, delete: {enabled: true}}\n"
"""A file that says enough to start, without a notice."""


def written(folder: Path, text: str) -> Path:
    """A configuration file that holds `text`."""
    path = folder / "config.yml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str = "", environ: dict[str, str] | None = None, base: str = MINIMAL) -> Loaded:
    """What a file of `base` and `text`, and these variables, are read as."""
    return load(written(folder, base + text), environ or {})


def refused(folder: Path, text: str = "", environ: dict[str, str] | None = None, base: str = MINIMAL) -> list[Finding]:
    """The findings for which a file of `base` and `text`, and these variables, are refused."""
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, environ, base)
    return list(caught.value.findings)


def outcome(environ: dict[str, str], path: Path | None = None) -> Loaded | SettingsError:
    """What these variables, alone or with a file, are read as: settings, or the error that refuses them."""
    try:
        return load(path, environ)
    except SettingsError as error:
        return error
