"""`jettison prune HOST/REPO...`: delete by rules what is old, and keep what has a reason to stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection
from jettison.cli.deletion import Deletion
from jettison.cli.exit_status import ExitStatus
from jettison.cli.show.said import error, note, tell
from jettison.cli.show.working import working

if TYPE_CHECKING:
    from jettison.cli.pruned import Pruned
    from jettison.client.repository import Repository
    from jettison.selection.rules import Rules


@command
def prune(
    connection: Connection,
    deletion: Deletion,
    repositories: Annotated[
        list[str], typer.Argument(metavar="HOST/REPO...", help="Repositories; with * and **, all that match.")
    ],
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", help="Let all tags go but for the newest N.", min=0, show_default=False),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Let go only what is older: 30d, 12h, 2w, 1d12h. What has no known date stays.",
            show_default=False,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="PATTERN", help="Only tags that match, as in 'pr-*'.", show_default=False),
    ] = None,
    keep_tag: Annotated[
        list[str] | None,
        typer.Option(
            "--keep-tag", metavar="PATTERN", help="Tags that stay, whatever else is said.", show_default=False
        ),
    ] = None,
    untagged: Annotated[
        bool, typer.Option("--untagged", help="Versions without tags too, and those that lose their last tag by this.")
    ] = False,
    max_delete: Annotated[
        int | None,
        typer.Option(
            "--max-delete",
            metavar="N",
            min=0,
            help="Delete nothing at all if it would be more than N.",
            show_default=False,
        ),
    ] = None,
) -> ExitStatus | None:
    """Delete what rules let go of repositories, each with its reason; what any of them keeps stays.

    --keep, --older-than and --tag let tags go: those that match --tag, but for the newest N, if they are older than
    AGE. --untagged lets versions go that have no tag. --keep-tag wins over all of them. What a tag that stays needs
    stays: the platforms of an index, its signatures, and the subject of a signature.

    The date is when a tag was pushed, where a registry tells that (Jettison does); elsewhere when an image says that it
    was made. An unknown date, or the fixed one that repeatable builds write, means that it stays wherever a rule asks
    for a date.

    **Examples**

        jettison prune localhost:5000/team/app --keep 10 --dry-run
        jettison prune localhost:5000/team/app --keep 10 --keep-tag 'v*' --keep-tag latest --older-than 30d
        jettison prune 'localhost:5000/team/**' --tag 'pr-*' --older-than 2w --untagged --yes --max-delete 500
    """
    from jettison.cli.glob import matching
    from jettison.client.errors import Invalid

    rules = _rules(keep=keep, older_than=older_than, tag=tag or [], keep_tag=keep_tag or [], untagged=untagged)
    found: dict[tuple[str, str], Repository] = {}
    for text in repositories:
        matched = matching(connection, text)
        if matched.exact is not None and matched.exact.reference is not None:
            raise Invalid(f"{text}: rules are for repositories; `jettison rm {text}` deletes one tag or version")
        if matched.exact is None and "/" not in text:
            raise Invalid(f"{text} is a registry: write {text}/** for all its repositories")
        found |= {(str(each.registry.host), str(each.name)): each for each in matched.repositories}
    return _prune(connection, deletion, list(found.values()), rules, max_delete)


def _rules(*, keep: int | None, older_than: str | None, tag: list[str], keep_tag: list[str], untagged: bool) -> Rules:
    """The rules that the options write. Raises Invalid where nothing could go by them, PatternInvalid, RuleInvalid."""
    from jettison.client.errors import Invalid
    from jettison.selection.duration import parse_duration
    from jettison.selection.pattern import Pattern
    from jettison.selection.rules import Rules, TagRule, Untagged

    age = None if older_than is None else parse_duration(older_than)
    about_tags = keep is not None or bool(tag) or (age is not None and not untagged)
    rules = Rules(
        (TagRule(tuple(map(Pattern.parse, tag)), keep or 0, age),) if about_tags else (),
        tuple(map(Pattern.parse, keep_tag)),
        Untagged(age) if untagged else None,
    )
    if rules.empty:
        raise Invalid("no rule lets anything go: say what may with --keep, --older-than, --tag or --untagged")
    return rules


def _prune(
    connection: Connection, deletion: Deletion, repositories: Sequence[Repository], rules: Rules, max_delete: int | None
) -> ExitStatus:
    from jettison.cli.pruned import plans_of, pruned

    now = datetime.now(UTC)
    with working("looking"):
        done = [pruned(each, connection.vendor_of(each.registry), rules, now) for each in repositories]
        plans = plans_of(done)
    going = sum(len(plan.items) for plan in plans)
    if max_delete is not None and going > max_delete:
        _show(deletion, done, now)
        error(f"{going} would be deleted, and --max-delete is {max_delete}: nothing was deleted")
        return ExitStatus.FAILED
    if deletion.dry_run and not (deletion.as_json or deletion.as_lines):
        _show(deletion, done, now)
    for line in dict.fromkeys(each.note for each in done if each.note):
        note(line)
    if not any(plan.items for plan in plans):
        tell("nothing is to go by these rules")
    return deletion.carry_out(plans, shown=deletion.dry_run)


def _show(deletion: Deletion, done: Sequence[Pruned], now: datetime) -> None:
    """Every decision with its reason, on stdout: those that go first."""
    from jettison.cli.show.data import put_lines
    from jettison.cli.show.table import table
    from jettison.cli.show.times import ago

    if deletion.as_json or deletion.as_lines:
        return
    rows = [
        ("goes" if each.goes else "stays", f"{one.repository}{_name(each.what)}", ago(each.at, now), each.reason)
        for one in done
        for each in sorted(one.decisions, key=lambda each: not each.goes)
    ]
    put_lines(table(("WHAT", "NAME", "AGE", "WHY"), rows, right=(2,)))


def _name(reference: object) -> str:
    return f"@{reference}" if ":" in str(reference) else f":{reference}"
