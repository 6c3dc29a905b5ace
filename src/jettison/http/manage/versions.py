"""The versions of a repository: filtered, the newest first, in pages."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, WithJsonSchema

from jettison.http.manage.audit import Moment
from jettison.http.manage.form import AnEdge, DigestText, Form, Given, Number, PatternText, Time, answer
from jettison.http.manage.repositories import MOST_A_PAGE, ARepository
from jettison.oci.reference import RepositoryName
from jettison.registry import versions
from jettison.registry.times import microseconds
from jettison.registry.versions import Wanted
from jettison.selection.pattern import Pattern

PATH = "/api/v1/versions"
PLATFORM = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,2}$"


class Asked(Given):
    """Which page of which versions."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    tag: PatternText | None = Field(default=None, description="Only those with a tag that matches.")
    platform: str | None = Field(
        default=None, max_length=100, pattern=PLATFORM, description="Only those for it: `linux/arm64`, or `linux`."
    )
    untagged: bool | None = Field(default=None, description="Only those without a tag, or, if false, with one.")
    since: Moment | None = Field(default=None, description="Not pushed before this time, as of RFC 3339.")
    until: Moment | None = Field(default=None, description="Pushed before this time, as of RFC 3339.")
    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="How many at most.")] = 100
    after: Annotated[
        str,
        WithJsonSchema({"type": "string", "pattern": r"^([0-9]{1,18}\.[0-9]{1,18})?$"}),
        Field(description="Where to go on, as `next` has it."),
    ] = ""


class Tagged(Form):
    """A tag, since when it points there, and when it was last pulled."""

    name: str
    updated_at: Time
    pulled_at: Time | None


class Referring(Form):
    """A version that says something of another."""

    digest: DigestText
    kind: Literal["signature", "sbom", "attestation", "other"]
    artifactType: str | None  # noqa: N815 - as manifests have it
    mediaType: str  # noqa: N815 - as manifests have it
    size: Number
    pushed_at: Time
    tags: list[str]


class Version(Form):
    """A version: `size` is of all that it needs, `pulled_at` the last pull of it or of one of its platforms."""

    digest: DigestText
    mediaType: str  # noqa: N815 - as manifests have it
    artifactType: str | None  # noqa: N815 - as manifests have it
    size: Number
    pushed_at: Time
    pulled_at: Time | None
    tags: list[Tagged]
    platforms: list[str]
    referrers: list[Referring] = Field(description="Signatures and the like, of it or of what it holds.")


class Versions(Form):
    """A page, the newest version first, and the path of the next one."""

    versions: list[Version]
    next: str | None


async def get_all(edge: AnEdge, repository: ARepository, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs pull. The versions of a repository, the newest first; the platforms and signatures of one are within it."""
    name = RepositoryName.parse(repository)
    wanted = Wanted(
        tag=Pattern.parse(asked.tag) if asked.tag is not None else None,
        platform=asked.platform,
        untagged=asked.untagged,
        since=microseconds(asked.since) if asked.since is not None else None,
        until=microseconds(asked.until) if asked.until is not None else None,
        limit=asked.limit,
        after=asked.after,
    )
    page = await edge.run(lambda: versions.versions(edge.registry, name, wanted))
    following = None
    if page.next is not None:
        query = {**asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True), "after": page.next}
        following = edge.url(f"{PATH}/{quote(str(name))}?{urlencode(query)}").decode()
    return answer({"versions": [each.to_json() for each in page.versions], "next": following})
