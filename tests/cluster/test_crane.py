"""The tests of Crane, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_crane import *  # noqa: F403
