"""All rules, in the order in which they are asked."""

from __future__ import annotations

from tests.differential.rules import blobs, deletions, everywhere, lists, manifests

RULES = (*everywhere.RULES, *lists.RULES, *manifests.RULES, *blobs.RULES, *deletions.RULES)
