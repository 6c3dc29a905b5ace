from __future__ import annotations

import pytest

from jettison.cli.exit_status import ExitStatus, status_of, status_of_results
from jettison.client import errors
from jettison.client.item import Item, Kind
from jettison.client.outcome import Outcome, Result, Status
from jettison.oci.errors import PatternInvalid
from jettison.oci.reference import RepositoryName


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Invalid("x"), 2),
        (PatternInvalid("x"), 2),
        (errors.NotFound("x"), 3),
        (errors.NotAllowed("x"), 4),
        (errors.Unsupported("x"), 5),
        (errors.Refused("x"), 1),
        (errors.RateLimited("x"), 1),
        (errors.Unavailable("x"), 1),
        (errors.Unreachable("x"), 1),
        (errors.Untrustworthy("x"), 1),
        (errors.Outdated("x"), 1),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    """What a script can act on is told apart; everything else failed."""
    assert status_of(error) == status


def result(*statuses: Status | str, interrupted: bool = False) -> Result:
    """A result of items that ended like this; "changed" is one that was skipped since it had changed."""
    item = Item(Kind.TAG, RepositoryName("a"), "asked for")
    return Result(
        tuple(
            Outcome(item, Status.SKIPPED, "", "plan again") if each == "changed" else Outcome(item, Status(each))
            for each in statuses
        ),
        interrupted=interrupted,
    )


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([], ExitStatus.DONE),
        ([result("done", "done")], ExitStatus.DONE),
        ([result("done", "skipped")], ExitStatus.DONE),
        ([result("done", "changed")], ExitStatus.PARTLY),
        ([result("changed")], ExitStatus.FAILED),
        ([result("done"), result("failed")], ExitStatus.PARTLY),
        ([result("not_allowed", "not_allowed")], ExitStatus.NOT_ALLOWED),
        ([result("unsupported")], ExitStatus.UNSUPPORTED),
        ([result("not_allowed", "unsupported")], ExitStatus.FAILED),
        ([result("done", "untouched", interrupted=True)], ExitStatus.INTERRUPTED),
    ],
)
def test_deletions_end_with_what_became_of_their_items(results: list[Result], status: ExitStatus) -> None:
    """Gone already is as good as done; what changed is not."""
    assert status_of_results(results) is status
