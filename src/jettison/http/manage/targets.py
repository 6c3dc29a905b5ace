"""What a request asks to delete: named, or chosen by patterns."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, model_validator
from pydantic import Tag as Label

from jettison.http.manage.form import DigestText, Given, NameText, PatternText, TagText
from jettison.http.manage.plans import ManyShown, OneShown
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag
from jettison.registry.choice import Filter
from jettison.registry.deletion import MOST_TARGETS
from jettison.registry.shown import Shown
from jettison.registry.target import Target
from jettison.selection.pattern import Pattern

LONGEST_REASON = 1000
LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
"""Text on one line, without what changes a terminal or turns around what is read."""


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "many" if value.get("kind") == "many" else "one"
    return "plan_id"


Expected = Annotated[
    Annotated[DigestText, Label("plan_id")] | Annotated[OneShown, Label("one")] | Annotated[ManyShown, Label("many")],
    Discriminator(_kind),
]


class Named(Given):
    """A tag, a version by its digest, or, with neither, the whole repository."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["tag", "digest"]}})

    repository: NameText
    tag: TagText | None = Field(default=None, description="The tag, alone.")
    digest: DigestText | None = Field(default=None, description="The version, with its tags and what only it holds.")

    @model_validator(mode="after")
    def _one_reference(self) -> Named:
        if self.tag is not None and self.digest is not None:
            raise ValueError("has a tag and a digest: name one of them, or neither for the whole repository")
        return self

    def parsed(self) -> Target:
        """The target. Raises NameInvalid, TagInvalid or DigestInvalid."""
        name = RepositoryName.parse(self.repository)
        if self.tag is not None:
            return Target(name, Tag.parse(self.tag))
        return Target(name, Digest.parse(self.digest) if self.digest is not None else None)


class Chosen(Given):
    """Whole repositories, or with `tag` or `untagged` what matches of their contents."""

    repository: PatternText = Field(description="Repositories: `*` within a component, `**` across components.")
    tag: PatternText | None = Field(default=None, description="Their tags that match, alone.")
    untagged: bool = Field(default=False, description="Their versions that no tag, index or subject needs.")

    def parsed(self, *, everything: bool) -> Filter:
        """The filter. Raises PatternInvalid."""
        tag = Pattern.parse(self.tag) if self.tag is not None else None
        return Filter(Pattern.parse(self.repository), tag, self.untagged, everything)


class Wanted(Given):
    """A deletion, or with `dry_run` its plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["targets"]}, {"required": ["filter"]}],
            "examples": [
                {"targets": [{"repository": "team/app", "tag": "v1.0"}], "dry_run": True},
                {"filter": {"repository": "team/**", "tag": "pr-*"}, "reason": "merged"},
            ],
        }
    )

    targets: list[Named] | None = Field(default=None, min_length=1, max_length=MOST_TARGETS)
    filter: Chosen | None = Field(default=None, description="Chooses targets, besides those named.")
    dry_run: bool = Field(default=False, description="Only plan: the answer is what would go.")
    purge: bool = Field(default=False, description="For good: it cannot be undone.")
    reason: str = Field(default="", max_length=LONGEST_REASON, pattern=LINE, description="For the journal; one line.")
    all: bool = Field(default=False, description="Confirms a filter that matches everything in the registry.")
    expect: Expected | None = Field(
        default=None,
        description="What a dry run answered, or only its `plan_id`: nothing is done if it is not what happens now."
        " With the whole answer, the refusal tells what changed.",
    )

    @model_validator(mode="after")
    def _something(self) -> Wanted:
        if self.targets is None and self.filter is None:
            raise ValueError("has neither targets nor a filter: name what is to go")
        return self

    def named(self) -> list[Target]:
        """The targets that it names. Raises NameInvalid, TagInvalid or DigestInvalid."""
        return [target.parsed() for target in self.targets or ()]

    def choice(self) -> Filter | None:
        """What chooses others. Raises PatternInvalid."""
        return self.filter.parsed(everything=self.all) if self.filter is not None else None

    def shown(self) -> Shown | None:
        """The plan that the client was shown. Raises DigestInvalid."""
        if self.expect is None:
            return None
        if isinstance(self.expect, str):
            return Shown(str(Digest.parse(self.expect)))
        return Shown.parse(str(Digest.parse(self.expect.plan_id)), self.expect.model_dump())
