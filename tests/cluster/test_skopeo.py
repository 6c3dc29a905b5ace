"""The tests of Skopeo, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_skopeo import *  # noqa: F403
