"""The tests of Podman, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_podman import *  # noqa: F403
