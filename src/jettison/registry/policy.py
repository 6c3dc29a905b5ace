"""What a registry takes of what is well-formed: classes of images, platforms of an index, places of layers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jettison.oci.descriptor import Descriptor
from jettison.oci.digest import Digest
from jettison.oci.errors import Denied, ManifestInvalid, quoted
from jettison.oci.manifest import Manifest

_CLASSES: Final = {
    "application/vnd.oci.image.config.v1+json": "image",
    "application/vnd.docker.container.image.v1+json": "image",
    "application/vnd.docker.plugin.v1+json": "plugin",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be pushed; empty, everything.

    - `classes`: of an image, by its config: image, plugin.
    - `platforms`: (architecture, os) of the entries that an index needs; empty, all of them.
    - `allowed`, `denied`: what each URL of a layer must match, and what it must not.
    """

    classes: frozenset[str] = frozenset()
    platforms: frozenset[tuple[str, str]] = frozenset()
    allowed: re.Pattern[str] | None = None
    denied: re.Pattern[str] | None = None

    def check(self, manifest: Manifest) -> None:
        """Raise Denied for an image of another class, ManifestInvalid for a layer from a place that is not allowed."""
        if self.classes and manifest.config is not None:
            self._check_class(manifest.config.media_type)
        if self.allowed or self.denied:
            for layer in (*manifest.blobs, *manifest.elsewhere):
                self._check_urls(layer)

    def needed(self, manifest: Manifest, lacking: Iterable[Digest]) -> list[Digest]:
        """Those of the missing digests without which an index is not taken."""
        if not self.platforms:
            return list(lacking)
        needed = {child.digest for child in manifest.children if _platform(child) in self.platforms}
        return [digest for digest in lacking if digest in needed]

    def _check_class(self, media_type: str) -> None:
        found = _CLASSES.get(media_type)
        if found not in self.classes:
            what = f"a manifest of the class {found}" if found else f"a manifest whose config is {quoted(media_type)}"
            classes = ", ".join(sorted(self.classes))
            raise Denied(f"{what} is not taken here: this registry takes {classes} (policy.repository.classes)")

    def _check_urls(self, layer: Descriptor) -> None:
        for url in layer.urls:
            if (self.allowed and not self.allowed.search(url)) or (self.denied and self.denied.search(url)):
                raise ManifestInvalid(
                    f"the layer {layer.digest} comes from {quoted(url)}, which is not allowed here: push the layer"
                    " itself (validation.manifests.urls)"
                )


def _platform(child: Descriptor) -> tuple[object, object]:
    platform = child.platform or {}
    return platform.get("architecture", ""), platform.get("os", "")
