"""One repository: its versions with their tags, filtered, with check boxes, and rules that choose among them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from jettison.http.console.form import Fields
from jettison.http.console.page import page
from jettison.http.console.selection import Selection
from jettison.http.console.visit import Visit
from jettison.http.response import Response
from jettison.registry import overview, versions
from jettison.registry.access import Action
from jettison.registry.ruled import let_go
from jettison.registry.target import Target
from jettison.registry.versions import Wanted
from jettison.selection.duration import parse_duration
from jettison.selection.pattern import Pattern

A_PAGE: Final = 50

RULE: Final = (("tag", "rule-tag"), ("keep", "keep"), ("older", "older"), ("untagged", "rule-untagged"))
"""The fields of a rule where it deletes, and what they are called here, beside those of the filter."""

ASKED: Final = ("tag", "platform", "age", "untagged", *(own for _, own in RULE))
"""What the next page is asked for, too."""


async def get(visit: Visit) -> Response:
    """Needs pull. Its versions, the newest first; with a rule, what that lets go is ticked."""
    request = visit.request
    name, edge, wanted, caller = request.name, request.edge, await _wanted(visit), request.caller
    fields, rule = visit.fields, _rule(visit)
    found = await edge.run(lambda: versions.versions(edge.registry, name, wanted))
    summary = await edge.run(lambda: overview.of_one(edge.registry, name))
    going: tuple[Target, ...] = ()
    if rule is not None:
        rules = rule.rules()
        going = await edge.run(lambda: let_go(edge.registry, name, rules, caller))
    return page(
        visit,
        "repository.html",
        name=name.value,
        summary=summary,
        found=found,
        tag=fields.one("tag"),
        platform=fields.one("platform"),
        age=fields.one("age"),
        untagged=fields.one("untagged"),
        after=fields.one("after"),
        asked={key: value for key, value in fields.pairs if key in ASKED},
        filtered=wanted != Wanted(limit=A_PAGE, after=wanted.after),
        rule=dict(rule.fields.pairs) if rule is not None else {},
        going={str(target.reference) for target in going},
        going_tags=sum(target.kind == "tag" for target in going),
        may_delete_here=request.caller.may(Action.DELETE, name.value),
    )


def _rule(visit: Visit) -> Selection | None:
    """The rule of the address, None where there is none."""
    given = [(field, visit.fields.one(own)) for field, own in RULE]
    if not any(value for _, value in given):
        return None
    return Selection.of(Fields([("rule", visit.request.name.value), *given]))


async def _wanted(visit: Visit) -> Wanted:
    """The filter of the address. Raises PatternInvalid, RuleInvalid."""
    fields = visit.fields
    pattern, age = fields.one("tag"), fields.one("age")
    length = parse_duration(age) // timedelta(microseconds=1) if age else None
    until = None
    if length is not None:
        database = visit.request.edge.registry.database
        until = await visit.request.edge.read(lambda: database.read(lambda tx: tx.now)) - length
    return Wanted(
        tag=Pattern.parse(pattern) if pattern else None,
        platform=fields.one("platform") or None,
        untagged=True if fields.one("untagged") else None,
        until=until,
        limit=A_PAGE,
        after=fields.one("after"),
    )
