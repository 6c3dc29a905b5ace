"""`catalog`, `tags`, `validation` and `policy`: how content is listed, and what of it is taken."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from jettison.settings.models.section import Section
from jettison.settings.values import Flag, MostEntries, MostTags, Pattern, Text, one_of


class Catalog(Section):
    """`catalog`: the list of repositories."""

    maxentries: MostEntries = Field(
        default=1000, description="Most repositories in one answer of `_catalog`; 0 and less mean the default."
    )


class Tags(Section):
    """`tags`: the list of a repository's tags."""

    maxtags: MostTags = Field(
        default=1000, description="Most tags in one answer that `n` asks for; 0 means the default."
    )


class Platform(Section):
    """`validation.manifests.indexes.platformlist[]`: entries of indexes that must be there."""

    architecture: Text = Field(default="", description="The platform's architecture, as amd64.")
    os: Text = Field(default="", description="The platform's operating system, as linux.")


class Indexes(Section):
    """`validation.manifests.indexes`: what an index must have when it is pushed."""

    platforms: Annotated[Literal["all", "none", "list"], PlainValidator(one_of("all", "none", "list"))] = Field(
        default="all",
        description="Which entries of an index must have been pushed before it: all, none, or those whose platform is"
        " in a list.",
    )
    platformlist: tuple[Platform, ...] = Field(default=(), description="That list; where it is empty, all.")


class Urls(Section):
    """`validation.manifests.urls`: from where layers may come that are not in the registry."""

    allow: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions, one of which each URL must match; without any, all may."
    )
    deny: tuple[Pattern, ...] = Field(default=(), description="Regular expressions, none of which a URL may match.")


class Manifests(Section):
    """`validation.manifests`: what a manifest must be when it is pushed."""

    urls: Urls = Field(default=Urls(), description="From where layers may come that are not in the registry.")
    indexes: Indexes = Field(default=Indexes(), description="What an index must have when it is pushed.")


class Validation(Section):
    """`validation`: what is checked when content is pushed."""

    enabled: Flag = Field(default=False, description="Checks it, even where `validation.disabled` says otherwise.")
    disabled: Flag = Field(default=False, description="Checks nothing of what `validation.manifests` says.")
    manifests: Manifests = Field(default=Manifests(), description="What a manifest must be when it is pushed.")

    @property
    def checked(self) -> Manifests:
        """What is checked in the end: nothing where it is disabled."""
        if self.enabled or not self.disabled:
            return self.manifests
        return Manifests(indexes=Indexes(platforms="none"))


class Classes(Section):
    """`policy.repository`: what repositories may hold."""

    classes: tuple[Text, ...] = Field(
        default=(), description="Classes of images that are taken: image, plugin; without any, everything is."
    )


class Policy(Section):
    """`policy`: what the registry may hold."""

    repository: Classes = Field(default=Classes(), description="What repositories may hold.")
