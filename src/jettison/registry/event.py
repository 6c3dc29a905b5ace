"""Events, field for field as those of CNCF distribution 3: what happened to what, and who asked for it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jettison.oci.digest import Digest
from jettison.oci.errors import Json
from jettison.registry.origin import Origin

BLOB = "application/octet-stream"
"""What distribution says of every blob: what it is, only manifests tell."""

_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps would make one for each event
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DESCRIPTOR = ("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType")


@dataclass(frozen=True, slots=True)
class Source:
    """The server that tells: its host name and port, and an id that it gets anew at every start."""

    addr: str = ""
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What something happened to. ``kind`` (manifests, blobs) is where its URL leads; what is deleted has none.

    ``content`` is a manifest's, where its references are to be told.
    """

    repository: str
    digest: Digest | None = None
    media_type: str = ""
    size: int = 0
    kind: str = ""
    tag: str = ""
    source: str = ""
    content: bytes | None = None

    def to_json(self, base: str) -> dict[str, Json]:
        """As a JSON object. Of what is empty, the first three are told all the same."""
        digest = "" if self.digest is None else str(self.digest)
        made: dict[str, Json] = {"mediaType": self.media_type, "digest": digest, "size": self.size}
        more: dict[str, Json] = {
            "length": self.size,
            "repository": self.repository,
            "fromRepository": self.source,
            "url": f"{base}/v2/{self.repository}/{self.kind}/{digest}" if self.kind else "",
            "tag": self.tag,
            "references": references(self.content) if self.content is not None else [],
        }
        return made | _filled(more)


@dataclass(frozen=True, slots=True)
class Event:
    """An action on a target, at a time in microseconds since 1970."""

    action: str
    target: Target
    origin: Origin
    at: int

    def encode(self, source: Source) -> str:
        """As JSON, with an id of its own: whoever gets an event twice knows it by that."""
        origin = self.origin
        made: dict[str, Json] = {
            "id": str(uuid.uuid4()),
            "timestamp": _timestamp(self.at),
            "action": self.action,
            "target": self.target.to_json(origin.base),
            "request": {
                "id": origin.id,
                **_filled({"addr": origin.addr, "host": origin.host}),
                "method": origin.method,
                "useragent": origin.useragent,
            },
            "actor": _filled({"name": origin.actor}),
            "source": _filled({"addr": source.addr, "instanceID": source.instance_id}),
        }
        return _encode(made)


def references(content: bytes) -> list[Json]:
    """The descriptors of what a manifest names: config and layers, or the entries of an index; each as often as it
    does, with the fields that OCI image 1.1 knows.
    """
    manifest = json.loads(content)
    named = [manifest.get("config"), *(manifest.get("layers") or manifest.get("blobs") or ())]
    if "manifests" in manifest:
        named = manifest["manifests"] or []
    return [{name: each[name] for name in _DESCRIPTOR if each.get(name) is not None} for each in named if each]


def _filled(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if value}


def _timestamp(at: int) -> str:
    return (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")
