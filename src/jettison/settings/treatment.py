"""How known keys are treated that `schema` does not serve.

A key is served where `schema.Settings` has it. Of the others, `NO_EFFECT` are accepted with a reason, `SAME` are
accepted with the one value that says what is done anyway, and the rest are refused by name, with `ADVICE` where
there is something better to do than to remove the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jettison.settings.known import DRIVERS
from jettison.settings.values import read_flag, read_text

NO_EFFECT: Mapping[str, str] = {
    "http.secret": "uploads are kept in the database, so there is nothing to sign with it",
    "storage.cache": "there is no cache that could go stale",
    "redis": "there is no cache that could go stale",
    "storage.filesystem.maxthreads": "threads are not limited by storage",
    "storage.maintenance.uploadpurging.interval": "`jettison.sweep.interval` says how often uploads are looked at",
    "storage.tag": "tags are found in the database, not by reading files",
    "storage.redirect": "files are sent by the registry itself, so nothing is redirected",
    "validation.enabled": "content is checked unless `validation.disabled` says otherwise",
}


@dataclass(frozen=True, slots=True)
class Same:
    """The value of a key that says what is done anyway, and how to read it."""

    value: object
    read: Callable[[object], object]


SAME: Mapping[str, Same] = {
    "http.net": Same("tcp", read_text),
    "http.h2c.enabled": Same(False, read_flag),
    "log.reportcaller": Same(False, read_flag),
    "storage.maintenance.readonly.enabled": Same(False, read_flag),
    "storage.maintenance.uploadpurging.dryrun": Same(False, read_flag),
    "validation.disabled": Same(False, read_flag),
}

_REMOVE = "remove it"
ADVICE: Mapping[str, str] = {
    "auth": "remove it only if everyone who reaches the registry may push and pull, or let a reverse proxy ask first",
    "http.tls": "remove it, and let a reverse proxy speak TLS",
    "http.prefix": "remove it, and let a reverse proxy take the prefix off",
    "log.fields": "remove it, or add the fields where logs are collected",
    "loglevel": "write `log.level` instead",
    "proxy": "remove it, or keep a mirror on distribution",
    "storage.maintenance.readonly.enabled": "remove it, and let a reverse proxy refuse all but GET and HEAD",
    "storage.maintenance.uploadpurging.dryrun": "remove it, and look with `jettison garbage-collect --dry-run`",
    "validation.disabled": "write `validation.manifests.indexes.platforms: none` instead",
} | dict.fromkeys(DRIVERS - {"storage.filesystem"}, "write `storage.filesystem` instead")


def refusal(path: str) -> str:
    """What is said of a key of distribution's that is not served."""
    return f"is known to distribution and not served yet: {ADVICE.get(path, _REMOVE)}"


def has_exceptions(path: str) -> bool:
    """Whether something inside a section that is not served may be given nevertheless."""
    return any(treated.startswith(f"{path}.") for treated in (*NO_EFFECT, *SAME))
