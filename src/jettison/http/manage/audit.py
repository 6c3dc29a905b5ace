"""The audit log: who did what, from where, with what result."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from jettison.http.manage.form import LARGEST_ID, AnEdge, Form, Given, NameText, Number, Time, answer
from jettison.metadata.audit import Filter
from jettison.oci.reference import RepositoryName
from jettison.registry import audit
from jettison.registry.access import Kind
from jettison.registry.audit import Deed, Result
from jettison.registry.times import microseconds

PATH = "/api/v1/audit"
MOST_A_PAGE = 1000


def _moment(text: str) -> str:
    microseconds(text)
    return text


Moment = Annotated[str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class Asked(Given):
    """Which page of the log, of which lines."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="How many at most.")] = 100
    before: Annotated[int, Field(ge=1, le=LARGEST_ID, description="Only those with a smaller number.")] = LARGEST_ID
    who: str | None = Field(default=None, description="Only what this account did.", max_length=255)
    action: Deed | None = Field(default=None, description="Only this action.")
    repository: NameText | None = Field(default=None, description="Only what was done to it.")
    since: Moment | None = Field(default=None, description="Not before this time, as of RFC 3339.")
    until: Moment | None = Field(default=None, description="Before this time, as of RFC 3339.")


class Line(Form):
    """One line of the log; what is not known is empty."""

    id: Number
    at: Time
    kind: Kind = Field(description="What sort of caller it was.")
    who: str = Field(description="The account, or what a command beside the server calls itself.")
    address: str = Field(description="Where it came from.")
    request: str = Field(description="The request's id, as the access log has it.")
    action: Deed
    repositories: list[str]
    target: str = Field(description="What it was done to: a tag, a digest, an account, a deletion's number.")
    result: Result
    detail: dict[str, Any]


class Log(Form):
    """A page of the log, the newest line first, and the path of the next page."""

    audit: list[Line]
    next: str | None


async def get_all(edge: AnEdge, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs admin. The audit log, the newest line first."""
    only = Filter(
        who=asked.who,
        action=asked.action.value if asked.action is not None else None,
        repository=RepositoryName.parse(asked.repository).value if asked.repository is not None else None,
        since=microseconds(asked.since) if asked.since is not None else None,
        until=microseconds(asked.until) if asked.until is not None else None,
    )
    # What is rare is looked for in all of the log.
    page = await edge.run(lambda: audit.page(edge.registry, asked.limit, asked.before, only))
    following = None
    if page.more:
        query = {**asked.model_dump(mode="json", exclude_none=True), "before": page.entries[-1].id}
        following = edge.url(f"{PATH}?{urlencode(query)}").decode()
    return answer({"audit": [audit.entry_json(entry) for entry in page.entries], "next": following})
