"""The tests of Regctl, whose requests nginx spreads over three replicas."""

from __future__ import annotations

from tests.clients.test_regctl import *  # noqa: F403
