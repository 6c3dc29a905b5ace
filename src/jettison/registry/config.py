"""The config of an image: how it was made and how it runs, as far as its text can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jettison.blobs.store import BlobsError, Key
from jettison.metadata import blobs
from jettison.oci.descriptor import Descriptor
from jettison.oci.document import read_object
from jettison.oci.errors import Json, ManifestInvalid
from jettison.oci.media_types import DOCKER_CONFIG, OCI_CONFIG
from jettison.registry.registry import Registry

CONFIG_TYPES = (OCI_CONFIG, DOCKER_CONFIG)
LARGEST_CONFIG = 1024 * 1024
"""Bytes of a config that are read: usual ones have some thousands."""

LONGEST_TEXT = 8192
MOST_ENTRIES = 500
"""Labels, steps and the like that are told."""


class ConfigUnreadable(Exception):
    """The config cannot be told; the message says why."""


class ConfigMissing(ConfigUnreadable):
    """Its bytes are not here, which may change."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an image's history; ``empty`` made no layer. All text is as it was pushed, cut where it is long."""

    created: str
    created_by: str
    comment: str
    empty: bool

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {"created": self.created, "created_by": self.created_by, "comment": self.comment, "empty": self.empty}


@dataclass(frozen=True, slots=True)
class Config:
    """What an image's config says (OCI image 1.1, "Image Configuration"). All text is as it was pushed.

    ``platform`` is as `linux/arm64/v8`; texts are empty where it says nothing.
    """

    platform: str
    created: str
    author: str
    user: str
    working_dir: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: tuple[str, ...]
    ports: tuple[str, ...]
    labels: dict[str, str]
    history: tuple[Step, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "platform": self.platform,
            "created": self.created,
            "author": self.author,
            "user": self.user,
            "working_dir": self.working_dir,
            "entrypoint": list(self.entrypoint),
            "cmd": list(self.cmd),
            "env": list(self.env),
            "ports": list(self.ports),
            "labels": dict(self.labels),
            "history": [step.to_json() for step in self.history],
        }


def read_config(registry: Registry, name: str, descriptor: Descriptor) -> Config | None:
    """The config that the repository ``name`` has; None for one that is no image's. Raises ConfigUnreadable."""
    if descriptor.media_type not in CONFIG_TYPES:
        return None
    content = _content(registry, name, descriptor)
    try:
        return parse_config(content)
    except ManifestInvalid as error:
        raise ConfigUnreadable(f"the config cannot be read: {error.message}") from None


def parse_config(content: bytes) -> Config:
    """The config that the text is. What is of another type than it must be counts as absent. Raises ManifestInvalid."""
    values = read_object(content).values
    runs = _object(values.get("config"))
    return Config(
        platform=platform_of(values),
        created=_text(values.get("created")),
        author=_text(values.get("author")),
        user=_text(runs.get("User")),
        working_dir=_text(runs.get("WorkingDir")),
        entrypoint=_texts(runs.get("Entrypoint")),
        cmd=_texts(runs.get("Cmd")),
        env=_texts(runs.get("Env")),
        ports=tuple(_texts(sorted(_object(runs.get("ExposedPorts"))))),
        labels={_text(name): _text(value) for name, value in _first(_object(runs.get("Labels")))},
        history=tuple(_step(_object(step)) for step in _list(values.get("history"))),
    )


def platform_of(fields: Mapping[str, Any]) -> str:
    """The platform that a config or a descriptor says, as `linux/arm64/v8`; empty where it says none, or `unknown`."""
    parts = [_text(fields.get(name)) for name in ("os", "architecture", "variant")]
    if not all(part and part.isascii() and part.replace("-", "").replace("_", "").isalnum() for part in parts[:2]):
        return ""
    named = [part for part in parts if (part and part.isascii() and part.isalnum()) or part in parts[:2]]
    return "" if "unknown" in named else "/".join(named)[:100]


def _content(registry: Registry, name: str, descriptor: Descriptor) -> bytes:
    if descriptor.size > LARGEST_CONFIG:
        raise ConfigUnreadable(f"the config has {descriptor.size} bytes: at most {LARGEST_CONFIG} are read")
    found = registry.database.read(lambda tx: blobs.find(tx, name, descriptor.digest))
    if found is None or found.damage:
        raise ConfigMissing("the config's bytes are not here")
    if found.size > LARGEST_CONFIG:
        raise ConfigUnreadable(f"the config has {found.size} bytes: at most {LARGEST_CONFIG} are read")
    try:
        return b"".join(registry.blobs.read(Key(found.key)))
    except BlobsError as error:
        raise ConfigMissing(f"the config's bytes cannot be read: {error}") from None


def _step(values: Mapping[str, Any]) -> Step:
    return Step(
        created=_text(values.get("created")),
        created_by=_text(values.get("created_by")),
        comment=_text(values.get("comment")),
        empty=values.get("empty_layer") is True,
    )


def _text(value: object) -> str:
    """The text, which can be written as UTF-8; empty for anything else."""
    return value[:LONGEST_TEXT].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _list(value: object) -> list[Any]:
    return value[:MOST_ENTRIES] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items())[:MOST_ENTRIES]
