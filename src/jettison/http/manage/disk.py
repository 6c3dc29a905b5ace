"""A picture of the disk: what takes it, what comes back, and how that went over the last days."""

from __future__ import annotations

from typing import Literal

from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.form import AnEdge, DigestText, Form, Number, Time, answer
from jettison.http.manage.repositories import Repository
from jettison.http.manage.usage import Partition
from jettison.registry import disk

PATH = "/api/v1/disk"


class Returning(Form):
    """Bytes that come back by themselves, what keeps them longest, and when that lets go of the first and the last."""

    why: Literal["undo", "lease", "grace"]
    blobs: Number
    bytes: Number
    first: Time
    last: Time


class Shared(Form):
    """A blob that several repositories have."""

    digest: DigestText
    size: Number
    repositories: Number


class Day(Form):
    """The bytes at rest as they were last counted on a day (UTC)."""

    counted_at: Time
    bytes: Partition


class Disk(Form):
    """The picture as it was last counted; `repositories` with the most exclusive bytes, the largest `shared` blobs."""

    counted_at: Time
    bytes: Partition
    returning: list[Returning]
    repositories: list[Repository]
    shared: list[Shared]
    days: list[Day] = Field(
        description="The last 30 days, the oldest first, without those on which nothing was counted."
    )


async def get(edge: AnEdge) -> JSONResponse:
    """Needs admin. What takes the disk, what comes back and when, and how that went over the last days."""
    return answer((await edge.run(lambda: disk.disk(edge.registry))).to_json())
