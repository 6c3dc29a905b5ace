"""Why something is still there."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from fastapi.responses import JSONResponse
from pydantic import Field

from jettison.http.manage.form import AnEdge, DigestText, Form, NameText, Number, Time, answer
from jettison.oci.digest import Digest
from jettison.registry.why import why_is

PATH = "/api/v1/why"

Asked = Annotated[DigestText, Path(description="The digest of a blob or a manifest.")]


class Tagged(Form):
    """A tag, and since when it points there."""

    name: str
    since: Time


class Holder(Form):
    """A version that holds it: it is it or needs it (`itself`), or others that do stay because of it."""

    digest: DigestText
    mediaType: str  # noqa: N815 - as manifests have it
    since: Time
    itself: bool
    tags: list[Tagged]
    indexes: list[DigestText]
    subject: DigestText | None


class Taking(Form):
    """The deletion that took it."""

    deletion: Number
    kind: str
    state: str
    actor: str
    reason: str
    deleted_at: Time
    held_until: Time


class Place(Form):
    """A repository that has it, or what a deletion took out of one."""

    repository: NameText
    deletion: Taking | None
    leased_until: Time | None
    holders: list[Holder]


class Upload(Form):
    """An upload that may become it."""

    upload: str
    repository: NameText
    received: Number
    since: Time
    touched_at: Time


class Awaiting(Form):
    """A version that names it, in a repository that does not have it."""

    repository: NameText
    digest: DigestText


class Going(Form):
    """When it goes. `held_by` null: nothing holds it, and the next sweep drops it."""

    held_by: Literal["lease", "undo", "grace"] | None
    held_until: Time | None
    bytes_at: Time = Field(description="When its bytes go, at the earliest.")


class Why(Form):
    """What it is, and what holds it where; `going` is null where it stays."""

    digest: DigestText
    known: bool
    size: Number | None
    blob: bool
    manifest: bool
    damaged: bool
    versions: Number = Field(description="How many versions need it; of many, the places name some.")
    places: list[Place]
    uploads: list[Upload]
    awaited_by: list[Awaiting]
    going: Going | None


async def get(edge: AnEdge, digest: Asked) -> JSONResponse:
    """Needs admin. What holds a digest, since when, and when it goes."""
    wanted = Digest.parse(digest)
    return answer((await edge.run(lambda: why_is(edge.registry, wanted))).to_json())
