"""The tests of Oras, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_oras import *  # noqa: F403
