"""Usage: where the disk went, of all and of each repository."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.form import AnEdge, Form, NameText, Number, answer
from jettison.http.manage.plans import Bytes
from jettison.oci.reference import RepositoryName
from jettison.registry import usage

PATH = "/api/v1/usage"

Repository = Annotated[NameText, Path(description="The repository's name, whose slashes may stand as they are.")]


class Partition(Form):
    """All bytes at rest by what keeps them; `total` is their sum."""

    exclusive: Number
    shared: Number
    undo: Number
    garbage: Number
    uploads: Number
    total: Number


class RepositoryUsage(Form):
    """What one repository has: `exclusive` bytes are in no other, `shared` ones are."""

    repository: NameText
    bytes: Bytes
    tags: Number
    versions: Number = Field(description="All manifests: platforms of others, signatures and the like, too.")


class Usage(Form):
    """All bytes at rest, and the repositories that have any of them, by name."""

    bytes: Partition
    repositories: list[RepositoryUsage]


async def get_all(edge: AnEdge) -> JSONResponse:
    """Needs admin. Where the disk went: all bytes at rest, and what each repository has."""
    return answer((await edge.run(lambda: usage.usage(edge.registry))).to_json())


async def get(edge: AnEdge, repository: Repository) -> JSONResponse:
    """Needs pull. What one repository has."""
    name = RepositoryName.parse(repository)
    return answer((await edge.run(lambda: usage.usage_of(edge.registry, name))).to_json())
