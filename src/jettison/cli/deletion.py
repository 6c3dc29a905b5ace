"""What `rm` and `prune` share: plans are shown, asked about, carried out, and what became of them is said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from jettison.cli.exit_status import ExitStatus, status_of_results
from jettison.cli.show.data import AsJson, AsLines, document, json_line, put
from jettison.cli.show.said import error, note, tell, warn
from jettison.cli.sizes import number

if TYPE_CHECKING:
    from jettison.client.outcome import Outcome, Result
    from jettison.client.plan import Plan
    from jettison.oci.errors import Json

_LISTED: Final = 50
"""Items that are listed of those that an interruption left."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """How deletions are carried out: the options of `rm` and `prune`."""

    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would go, and change nothing.")] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Needed where there is no terminal.")] = False
    no_placeholder: Annotated[
        bool,
        typer.Option(
            "--no-placeholder",
            help="Never move a tag to a placeholder, where a registry (distribution 2) can delete it in no other way.",
        ),
    ] = False
    purge: Annotated[
        bool, typer.Option("--purge", help="For good: on a Jettison server, leave nothing that can be undone.")
    ] = False
    no_journal: Annotated[
        bool, typer.Option("--no-journal", help="Write nothing down here; `undo` then cannot push anything back.")
    ] = False
    as_json: AsJson = False
    as_lines: AsLines = False

    def carry_out(self, plans: Sequence[Plan], *, shown: bool = False) -> ExitStatus:
        """Carry out plans, one of each registry; only show them in a dry run (not even that where they were `shown`).

        Asks before, unless that is not wanted. Raises Invalid where the journal cannot be written.
        """
        plans = [plan for plan in plans if plan.items or plan.stays]
        if self.dry_run:
            self._rehearse(plans, shown=shown)
            return ExitStatus.DONE
        if any(plan.items for plan in plans) and not self.yes:
            refused = self._refused(plans, shown=shown)
            if refused is not None:
                return refused
        return self._execute(plans)

    def _rehearse(self, plans: Sequence[Plan], *, shown: bool) -> None:
        if self.as_lines:
            for plan in plans:
                for item in plan.items:
                    json_line({"host": plan.host, **item.to_json()})
        elif self.as_json:
            document(_document(plans, [None] * len(plans), dry_run=True))
        elif not shown:
            from jettison.cli.show.plan import tree
            from jettison.cli.show.terminal import draw

            for plan in plans:
                draw(tree(plan))
        tell("this was a dry run: nothing was changed")

    def _refused(self, plans: Sequence[Plan], *, shown: bool) -> ExitStatus | None:
        """Shows and asks; None where the answer is yes."""
        from jettison.cli.show.plan import MOST_SHOWN, total, tree
        from jettison.cli.show.terminal import draw

        if not shown:
            for plan in plans:
                draw(tree(plan, most=MOST_SHOWN), err=True)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            error("there is no terminal to ask on: add --yes to delete this, or --dry-run to only look at it")
            return ExitStatus.USAGE
        what = "; ".join(f"{total(plan)} of {plan.host}" for plan in plans if plan.items)
        sys.stderr.write(f"{what}. Delete? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in {"y", "yes"}:
            return None
        tell("nothing was deleted")
        return ExitStatus.FAILED

    def _execute(self, plans: Sequence[Plan]) -> ExitStatus:
        try:
            return self._executed(plans)
        except KeyboardInterrupt:
            error(
                "interrupted: what was under way may or may not be done. `jettison undo --list` has what is known, and "
                "`jettison undo` brings it back; the same command again goes on with what is there still"
            )
            return ExitStatus.INTERRUPTED

    def _executed(self, plans: Sequence[Plan]) -> ExitStatus:
        from jettison.cli.show.working import counting

        results: list[Result] = []
        with counting("deleting", sum(len(plan.items) for plan in plans)) as advance:
            for plan in plans:
                if results and results[-1].interrupted:
                    break
                results.append(self._one(plan, advance))
        if self.as_json:
            document(_document(plans, [*results, *[None] * (len(plans) - len(results))], dry_run=False))
        _said(plans, results)
        if self.yes and any(result.outcomes for result in results):  # else the tree has shown them
            for line in dict.fromkeys(line for plan in plans for line in plan.notes):
                note(line)
        return self._status(plans, results)

    def _one(self, plan: Plan, advance: Callable[[int], None]) -> Result:
        def told(outcome: Outcome) -> None:
            advance(1)
            if self.as_lines:
                json_line({"host": plan.host, **outcome.to_json()})
            elif not self.as_json and str(outcome.status) == "done":
                put(f"deleted {plan.host}/{outcome.item.name}")

        return plan.execute(
            progress=told, placeholder=not self.no_placeholder, purge=self.purge, journal=not self.no_journal
        )

    def _status(self, plans: Sequence[Plan], results: Sequence[Result]) -> ExitStatus:
        status = status_of_results(results)
        stays = [stay for plan in plans for stay in plan.stays]
        if status is ExitStatus.DONE and stays:
            return ExitStatus.PARTLY if any(result.outcomes for result in results) else ExitStatus.FAILED
        return status


def _document(plans: Sequence[Plan], results: Sequence[Result | None], *, dry_run: bool) -> dict[str, Json]:
    registries: list[Json] = [
        {"plan": plan.to_json(), "result": None if result is None else result.to_json()}
        for plan, result in zip(plans, results, strict=True)
    ]
    return {"dry_run": dry_run, "registries": registries}


def _said(plans: Sequence[Plan], results: Sequence[Result]) -> None:
    """On stderr: what was not done and why, how much was, and how to take it back."""
    from jettison.client.outcome import Status

    for plan in plans:
        for stay in plan.stays:
            warn(f"{plan.host}/{stay.what} stays: {stay.reason}")
    done, left = 0, [f"{plan.host}/{item.name}" for plan in plans[len(results) :] for item in plan.items]
    journals = []
    for plan, result in zip(plans, results, strict=False):
        done += len(result.of(Status.DONE))
        left += [f"{plan.host}/{each.item.name}" for each in result.of(Status.UNTOUCHED)]
        for outcome in result.of(Status.FAILED, Status.NOT_ALLOWED, Status.UNSUPPORTED, Status.SKIPPED):
            next_step = f"; {outcome.next_step}" if outcome.next_step else ""
            say = warn if outcome.status is Status.SKIPPED else error
            say(f"{plan.host}/{outcome.item.name}: {outcome.reason}{next_step}")
        journals += [result.journal] if result.journal is not None and result.of(Status.DONE) else []
    if any(result.interrupted for result in results):
        error(f"interrupted: {done} deleted, {len(left)} not begun")
        for name in left[:_LISTED]:
            tell(f"not deleted: {name}")
        if len(left) > _LISTED:
            tell(f"and {len(left) - _LISTED} more")
        tell("the same command again goes on with what is there still, with --ignore-missing if it names what is gone")
    elif done:
        tell(f"deleted {number(done, 'item')}")
    for journal in journals:
        note(f"`jettison undo {journal}` brings back what can be brought back")
