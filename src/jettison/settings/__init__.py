"""Settings: CNCF distribution's `config.yml` and `REGISTRY_*` variables, and a section of our own, `jettison`."""

from __future__ import annotations

from jettison.settings.address import Address
from jettison.settings.findings import Finding, Notice, Origin, SettingsError
from jettison.settings.load import USUAL_FILES, Loaded, load
from jettison.settings.schema import Settings

__all__ = ["USUAL_FILES", "Address", "Finding", "Loaded", "Notice", "Origin", "Settings", "SettingsError", "load"]
