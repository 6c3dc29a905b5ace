"""With which number a command ends: the one table."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jettison.client.outcome import Result


class ExitStatus(IntEnum):
    """What a script can tell apart. The client's verbs end with nothing else."""

    DONE = 0, "all was done"
    FAILED = 1, "it failed, and nothing was done"
    USAGE = 2, "the command cannot be read, or needs --yes"
    NOT_FOUND = 3, "there is no such repository, tag or version; nothing was done"
    NOT_ALLOWED = 4, "the registry does not allow it with these credentials (401, 403)"
    UNSUPPORTED = 5, "the registry does not do this"
    PARTLY = 6, "some of it was done: what was not is said"
    INTERRUPTED = 130, "it was interrupted by Ctrl-C: what was done and what was not is said"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitStatus:
        """A number with what it means."""
        made = int.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made


def status_of(error: Exception) -> ExitStatus:
    """The status with which an error of the client, or of a value that cannot be read, ends the command."""
    from jettison.client.errors import Invalid, NotAllowed, NotFound, Unsupported
    from jettison.oci.errors import RegistryError

    table: dict[type[Exception], ExitStatus] = {
        Invalid: ExitStatus.USAGE,
        RegistryError: ExitStatus.USAGE,
        NotFound: ExitStatus.NOT_FOUND,
        NotAllowed: ExitStatus.NOT_ALLOWED,
        Unsupported: ExitStatus.UNSUPPORTED,
    }
    return next((status for kind, status in table.items() if isinstance(error, kind)), ExitStatus.FAILED)


def status_of_results(results: Sequence[Result]) -> ExitStatus:
    """The status that deletions end with, one of each registry."""
    from jettison.client.outcome import Status

    if any(result.interrupted for result in results):
        return ExitStatus.INTERRUPTED
    outcomes = [outcome for result in results for outcome in result.outcomes]
    # What is skipped is gone already, or has changed: then there is a next step.
    statuses = {each.status for each in outcomes if each.status is not Status.SKIPPED or each.next_step is not None}
    if statuses <= {Status.DONE}:
        return ExitStatus.DONE
    if Status.DONE in statuses:
        return ExitStatus.PARTLY
    alone = {Status.NOT_ALLOWED: ExitStatus.NOT_ALLOWED, Status.UNSUPPORTED: ExitStatus.UNSUPPORTED}
    return alone.get(statuses.pop(), ExitStatus.FAILED) if len(statuses) == 1 else ExitStatus.FAILED
