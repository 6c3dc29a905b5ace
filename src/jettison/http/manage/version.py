"""One version, with all there is to say of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, WithJsonSchema

from jettison.http.manage.form import ACaller, AnEdge, DigestText, Form, Given, NameText, Number, answer
from jettison.http.manage.repositories import ARepository
from jettison.http.manage.versions import Version as Listed
from jettison.http.manage.why import Why
from jettison.oci.digest import DIGEST_PATTERN, Digest
from jettison.oci.reference import TAG_PATTERN, RepositoryName, Tag
from jettison.registry import version

PATH = "/api/v1/version"


class Asked(Given):
    """Which version."""

    model_config = ConfigDict(strict=False)  # a query has nothing but text

    reference: Annotated[
        str,
        WithJsonSchema({"type": "string", "pattern": f"^({TAG_PATTERN}|{DIGEST_PATTERN})$", "examples": ["v1.0"]}),
        Field(description="A tag that points at it, or its digest."),
    ]


class Layer(Form):
    """A layer; `others` are other repositories that have it, `shared` is whether any has, listed or not."""

    digest: DigestText
    mediaType: str  # noqa: N815 - as manifests have it
    size: Number
    here: bool
    shared: bool
    others: list[NameText]


class Step(Form):
    """A step of the history; `empty` made no layer."""

    created: str
    created_by: str
    comment: str
    empty: bool


class Config(Form):
    """What the config of an image says; texts are empty where it says nothing."""

    platform: str
    created: str
    author: str
    user: str
    working_dir: str
    entrypoint: list[str]
    cmd: list[str]
    env: list[str]
    ports: list[str]
    labels: dict[str, str]
    history: list[Step]


class Image(Form):
    """An entry of an index, or the version itself; `config_problem` says why its config cannot be told."""

    digest: DigestText
    mediaType: str  # noqa: N815 - as manifests have it
    platform: str
    size: Number
    here: bool
    layers: list[Layer]
    config: Config | None
    config_problem: str | None


class Version(Listed):
    """A version whole: `manifest` is its text, `within` the indexes that hold it, `why` what else does."""

    repository: NameText
    annotations: dict[str, str]
    subject: DigestText | None
    within: list[DigestText]
    images: list[Image]
    left_out: Number = Field(description="How many entries of a long index are not among the images.")
    manifest: str
    why: Why


async def get(edge: AnEdge, caller: ACaller, repository: ARepository, asked: Annotated[Asked, Query()]) -> JSONResponse:
    """Needs pull. One version with its layers, configs, signatures, and what holds it, as far as one may see that."""
    name = RepositoryName.parse(repository)
    text = asked.reference
    reference = Digest.parse(text) if ":" in text else Tag.parse(text)
    whole = await edge.run(lambda: version.version(edge.registry, name, reference, caller))
    why = await edge.run(lambda: version.why_here(edge.registry, whole.version.digest, caller))
    return answer({**whole.to_json(), "why": why.to_json()})
