"""Repositories: searched, sorted, in pages, with how much each has."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, WithJsonSchema

from jettison.http.manage.form import ACaller, AnEdge, Form, Given, NameText, Number, Time, answer
from jettison.http.manage.plans import Bytes
from jettison.oci.reference import LONGEST_NAME, RepositoryName
from jettison.registry import overview
from jettison.registry.overview import Listing, Sort

PATH = "/api/v1/repositories"
MOST_A_PAGE = 1000

ARepository = Annotated[NameText, Path(description="The repository's name, whose slashes may stand as they are.")]


class Asked(Given):
    """Which page of which repositories."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    search: str = Field(default="", max_length=LONGEST_NAME, description="Only those with this in their name.")
    sort: Annotated[Sort, Field(description="By name, by bytes, by what they have, or by the last push or pull.")] = (
        Sort.NAME
    )
    descending: bool | None = Field(default=None, description="The greatest first, as it is for all but names.")
    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="How many at most.")] = 100
    after: Annotated[
        str,
        WithJsonSchema({"type": "string", "pattern": r"^([0-9]{1,18}:[a-z0-9./_-]{1,255})?$"}),
        Field(description="Where to go on, as `next` has it."),
    ] = ""


class Repository(Form):
    """What a repository has: `exclusive` bytes are in no other, `shared` ones are; null is never, or not yet."""

    repository: NameText
    bytes: Bytes
    versions: Number = Field(description="As `versions` lists them: without platforms, signatures and the like.")
    tags: Number
    pushed_at: Time | None
    pulled_at: Time | None
    counted_at: Time | None = Field(description="As of when the numbers are; null: they will be there in seconds.")


class Repositories(Form):
    """A page, the path of the next one, and how many match: null where there are more than 5000, and for who may list
    some repositories only.
    """

    repositories: list[Repository]
    total: Number | None
    next: str | None


async def get_all(edge: AnEdge, caller: ACaller, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs the catalog. The repositories that one may pull: searched, sorted, in pages."""
    listing = Listing(asked.search, asked.sort, asked.descending, asked.limit, asked.after)
    page = await edge.run(lambda: overview.repositories(edge.registry, listing, caller))
    following = None
    if page.next is not None:
        query = {**asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True), "after": page.next}
        following = edge.url(f"{PATH}?{urlencode(query)}").decode()
    return answer(
        {"repositories": [each.to_json() for each in page.repositories], "total": page.total, "next": following}
    )


async def get(edge: AnEdge, repository: ARepository) -> JSONResponse:
    """Needs pull. What one repository has."""
    name = RepositoryName.parse(repository)
    return answer((await edge.run(lambda: overview.of_one(edge.registry, name))).to_json())
