"""The tests of Docker, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_docker import *  # noqa: F403
