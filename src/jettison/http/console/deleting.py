"""Deleting: what would happen, said first; then done, if it is still that."""

from __future__ import annotations

import json
from typing import Final

from jettison.http.console.form import Fields
from jettison.http.console.page import page
from jettison.http.console.selection import Selection
from jettison.http.console.visit import Visit
from jettison.http.proxies import host_of
from jettison.http.request import BadRequest
from jettison.http.response import Response
from jettison.oci.errors import Json, PlanOutdated
from jettison.registry import deletion
from jettison.registry.plan import Plan
from jettison.registry.shown import Shown
from jettison.registry.target import Target

MOST_SHOWN: Final = 100
LARGEST_SHOWN: Final = 40_000
"""Characters of what a plan says that its form sends back, so that a refusal can say what is different."""

LONGEST_REASON: Final = 1000


async def get(visit: Visit) -> Response:
    """Needs delete. What deleting the chosen would do; nothing is done."""
    selection = Selection.of(visit.fields)
    return await _shown(visit, selection)


async def post(visit: Visit) -> Response:
    """Needs delete. Do it, if it is what was shown; else say what is different."""
    fields = await visit.sent()
    selection, expected, reason = Selection.of(fields), _expected(fields), fields.one("reason")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadRequest(f"a reason is one line of at most {LONGEST_REASON} characters")
    request = visit.request
    registry, caller, origin = request.edge.registry, request.caller, request.origin
    targets = await request.edge.run(lambda: selection.targets(registry, caller))
    if fields.one("typed") != to_type(targets):
        return await _shown(visit, selection, message="The name was not typed as it is: nothing was deleted.")
    try:
        done = await request.edge.run(
            lambda: deletion.delete(registry, *targets, expected=expected, reason=reason, origin=origin, caller=caller)
        )
    except PlanOutdated as error:
        changed = error.detail.get("changed") if isinstance(error.detail, dict) else None
        return await _shown(visit, selection, changed=changed, message=error.message, status=409)
    return visit.redirect(f"/console/trash/{done.id}")


async def _shown(
    visit: Visit, selection: Selection, *, changed: Json = None, message: str = "", status: int = 200
) -> Response:
    request = visit.request
    registry, caller = request.edge.registry, request.caller

    def work() -> tuple[tuple[Target, ...], Plan]:
        targets = selection.targets(registry, caller)
        return targets, deletion.plan(registry, *targets, caller=caller)

    targets, plan = await request.edge.run(work)
    said = json.dumps(Shown.of(plan).says)
    return page(
        visit,
        "deleting.html",
        status,
        plan=plan,
        title=title(targets),
        to_type=to_type(targets),
        command=selection.command(host_of(request.scope, request.edge.proxies) or "localhost", targets),
        chosen=selection.fields.pairs,
        said=said if len(said) <= LARGEST_SHOWN else "",
        undo=registry.rules.undo // 1_000_000,
        most=MOST_SHOWN,
        changed=changed,
        message=message,
        back=_back(targets),
    )


def title(targets: tuple[Target, ...]) -> str:
    """What is asked for, in words."""
    kinds = {target.kind for target in targets}
    names = {target.repository for target in targets}
    where = f" of {targets[0].repository}" if len(names) == 1 else ""
    if len(targets) == 1:
        [target] = targets
        return {
            "repository": f"Delete the repository {target}",
            "tag": f"Remove the tag {target.reference}{where}",
            "manifest": f"Delete one version{where}",
        }[target.kind]
    if kinds == {"repository"}:
        return f"Delete {len(targets):,} repositories"
    if kinds == {"tag"}:
        return f"Remove {len(targets):,} tags{where}"
    return f"Delete {len(targets):,} {'versions' if kinds == {'manifest'} else 'tags and versions'}{where}"


def to_type(targets: tuple[Target, ...]) -> str:
    """What has to be typed to delete them: of a whole repository its name, of several how many; else nothing."""
    whole = [target for target in targets if target.reference is None]
    if len(whole) > 1:
        return f"{len(whole)} repositories"
    return str(whole[0]) if whole else ""


def _back(targets: tuple[Target, ...]) -> str:
    names = {target.repository for target in targets}
    if len(names) == 1 and targets[0].reference is not None:
        return f"/console/repositories/{targets[0].repository}"
    return "/"


def _expected(fields: Fields) -> Shown:
    """The plan that was shown. Raises BadRequest."""
    id, said = fields.one("plan"), fields.one("said")
    if not id:
        raise BadRequest("the form does not say which plan was shown: load the page again")
    if not said:
        return Shown(id)
    try:
        says = json.loads(said)
    except ValueError as error:
        raise BadRequest("the form is broken: load the page again") from error
    if not isinstance(says, dict) or not all(isinstance(each, str) for each in says.values()):
        raise BadRequest("the form is broken: load the page again")
    return Shown(id, says)
