from __future__ import annotations

import pytest

from jettison.oci.media_types import (
    DOCKER_LAYER_GZIP,
    IMAGE_TYPES,
    INDEX_TYPES,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    SCHEMA1_TYPES,
    is_non_distributable,
)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip+encrypted",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_foreign_layers_may_lie_elsewhere(media_type: str) -> None:
    """Both specifications' types are known in every compression."""
    assert is_non_distributable(media_type)


@pytest.mark.parametrize("media_type", [OCI_LAYER, OCI_LAYER_GZIP, DOCKER_LAYER_GZIP, "application/octet-stream", ""])
def test_other_layers_may_not(media_type: str) -> None:
    """A layer that the registry must have is never taken for a foreign one."""
    assert not is_non_distributable(media_type)


def test_a_media_type_is_of_one_kind() -> None:
    """No type is an index and an image, or schema 1 and served."""
    assert not IMAGE_TYPES & INDEX_TYPES
    assert not SCHEMA1_TYPES & (IMAGE_TYPES | INDEX_TYPES)
