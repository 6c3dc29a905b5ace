"""What a version is for: found in its index or in the config of its image, and remembered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from jettison.metadata import platforms
from jettison.oci.errors import ManifestInvalid
from jettison.oci.lenient import read_stored
from jettison.oci.manifest import Manifest
from jettison.registry.config import ConfigMissing, ConfigUnreadable, platform_of, read_config
from jettison.registry.registry import Registry

A_STEP = 100
MOST = 100
"""Platforms of an index that are told."""


def platforms_of(registry: Registry, name: str, content: bytes, media_type: str) -> tuple[str, ...]:
    """The platforms of a manifest of the live repository ``name``, each once, in its order; none where it says none.

    Raises ConfigMissing where only its config would say it, and that is not here.
    """
    try:
        manifest = read_stored(content, media_type)
    except ManifestInvalid:
        return ()
    return tuple(dict.fromkeys(filter(None, _each(registry, name, manifest))))[:MOST]


def matches(platform: str, wanted: str) -> bool:
    """Whether a platform is the one that is wanted, or one of its kind: `linux/arm64/v8` is `linux/arm64`."""
    return f"{platform}/".startswith(f"{wanted}/")


def learn(registry: Registry, repository: int, name: str, last: int) -> int | None:
    """Find out of some versions, those after the id ``last``, what they are for, and remember it.

    The id of the last of them; None where there was none. They are few, so that nobody waits.
    """
    found = registry.database.read(lambda tx: platforms.unknown(tx, repository, last, A_STEP))
    if not found:
        return None
    known: dict[int, tuple[str, ...]] = {}
    for each in found:
        with contextlib.suppress(ConfigMissing):
            known[each.id] = platforms_of(registry, name, each.content, each.media_type)
    registry.database.write(lambda tx: platforms.record(tx, known), durable=False)
    return found[-1].id


def _each(registry: Registry, name: str, manifest: Manifest) -> Iterable[str]:
    if manifest.is_index:
        return [platform_of(child.platform or {}) for child in manifest.children]
    if manifest.config is None:
        return ()
    try:
        config = read_config(registry, name, manifest.config)
    except ConfigMissing:
        raise
    except ConfigUnreadable:
        return ()
    return () if config is None else (config.platform,)
