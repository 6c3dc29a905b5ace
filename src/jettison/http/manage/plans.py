"""Plans of deletions as JSON: see docs/design/deletion.md."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field

from jettison.http.manage.form import DigestText, Form, NameText, Number, TagText, Time


class Bytes(Form):
    """Bytes of distinct blobs: `exclusive` ones come back, `shared` ones stay since others need them."""

    exclusive: Number
    shared: Number


class Item(Form):
    """A version, and why it is named."""

    digest: DigestText
    mediaType: str  # noqa: N815 - as manifests have it
    tags: list[TagText]
    reason: str


class _Numbers(Form):
    tags: Number = Field(description="How many tags go.")
    versions: Number = Field(description="How many versions go.")


class _Contents(_Numbers):
    # Absent where a whole repository goes.
    goes: list[Item] = Field(default=[], description="Versions that go; not listed where a whole repository goes.")
    breaks: list[Item] = Field(default=[], description="Indexes that stay and lose a child.")
    stays: list[Item] = Field(default=[], description="Versions that stay, though one might expect them to go.")


class Part(_Contents):
    """What goes of one repository."""

    repository: NameText
    whole: bool


class OnePlan(_Contents):
    """The plan of one target."""

    kind: Literal["repository", "tag", "manifest", "blob"]
    target: str
    repository: NameText
    bytes: Bytes


class ManyPlan(_Numbers):
    """The plan of several targets together."""

    kind: Literal["many"]
    targets: list[str]
    bytes: Bytes
    repositories: list[Part]


class _Identified(Form):
    plan_id: DigestText = Field(description="The digest of what the plan says goes, breaks and stays.")


class _Shown(_Identified):
    dry_run: Literal[True]


class _Done(Form):
    deletion: Number = Field(description="Its number in the journal.")
    undo_until: Time | None = Field(description="Until when it can be undone; null: it cannot.")


class OneShown(OnePlan, _Shown):
    """The plan of one target, of which nothing was done."""


class ManyShown(ManyPlan, _Shown):
    """The plan of several targets, of which nothing was done."""


class OneDone(OnePlan, _Done):
    """A deletion of one target."""


class ManyDone(ManyPlan, _Done):
    """A deletion of several targets."""


AnyPlan = Annotated[OnePlan | ManyPlan, Discriminator("kind")]
AnyShown = Annotated[OneShown | ManyShown, Discriminator("kind")]
AnyDone = Annotated[OneDone | ManyDone, Discriminator("kind")]
