from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.distribution import DistributionServer
from tests.support.engine import DockerEngine


@pytest.mark.needs("distribution")
def test_the_engine_builds_pushes_and_pulls(engine: DockerEngine, tmp_path: Path) -> None:
    """An image made from nothing goes to a registry on loopback and comes back the same."""
    (tmp_path / "hello").write_text("hello\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY hello /hello\n")
    with DistributionServer() as registry:
        name = f"{registry.address}/engine/hello:1"
        engine.docker("build", "--quiet", "--tag", name, str(tmp_path))
        image = engine.docker("image", "inspect", "--format", "{{.Id}}", name).stdout
        engine.docker("push", "--quiet", name)
        engine.docker("image", "rm", name)
        engine.docker("pull", "--quiet", name)

        assert engine.docker("image", "inspect", "--format", "{{.Id}}", name).stdout == image
        engine.docker("image", "rm", name)
