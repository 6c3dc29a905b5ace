"""The settings that are served, nested and named as in `config.yml`.

A default here is what a configuration file gets that does not say otherwise, distribution's own wherever it has one.
Without a file, `load.BUILT_IN` comes first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from jettison.settings.duration import format_duration
from jettison.settings.models.auth import Auth
from jettison.settings.models.content import Catalog, Policy, Tags, Validation
from jettison.settings.models.health import Health
from jettison.settings.models.http import Http
from jettison.settings.models.jettison import Jettison
from jettison.settings.models.log import Log
from jettison.settings.models.notifications import Notifications
from jettison.settings.models.section import Misfit, Section
from jettison.settings.models.storage import Storage
from jettison.settings.values import one_of

SHORTEST_REDIRECTED_GRACE = timedelta(seconds=10)
"""Signed URLs are good for half of the time that bytes stay once nothing needs them: a few seconds are needed."""


class Settings(Section):
    """Everything that can be set, checked and unchangeable."""

    version: Annotated[Literal["0.1"], PlainValidator(one_of("0.1"))] = Field(
        description="Version of the configuration's format: 0.1."
    )
    log: Log = Field(default=Log(), description="What is logged, and how.")
    storage: Storage = Field(description="Where content lies.")
    auth: Auth = Field(default=Auth(), description="How the registry knows who asks.")
    http: Http = Field(default=Http(), description="Where the registry listens, and what its answers carry.")
    notifications: Notifications = Field(
        default=Notifications(), description="Who is told of what happens in the registry."
    )
    health: Health = Field(default=Health(), description="What is looked at to say whether the registry is well.")
    catalog: Catalog = Field(default=Catalog(), description="The list of repositories.")
    tags: Tags = Field(default=Tags(), description="The list of a repository's tags.")
    validation: Validation = Field(default=Validation(), description="What is checked when content is pushed.")
    policy: Policy = Field(default=Policy(), description="What the registry may hold.")
    jettison: Jettison = Field(default=Jettison(), description="What distribution has no word for.")

    @model_validator(mode="after")
    def _sent_somewhere(self) -> Settings:
        if self.auth.token is not None and self.auth.token.autoredirect and self.http.host is None:
            raise ValueError(
                "`auth.token.autoredirect` needs `http.host`: clients are never sent where their own request says"
            )
        return self

    @model_validator(mode="after")
    def _shared_whole(self) -> Settings:
        if self.storage.s3 is None:
            return self
        if self.jettison.database.url is None:
            raise Misfit(
                "storage.s3",
                "needs a PostgreSQL: name it in `jettison.database.url` (REGISTRY_JETTISON_DATABASE_URL),"
                " where `postgresql://` alone leaves all of it to the PG* variables",
            )
        if not self.storage.redirect.disable and self.jettison.sweep.grace < SHORTEST_REDIRECTED_GRACE:
            raise Misfit(
                "jettison.sweep.grace",
                f"{format_duration(self.jettison.sweep.grace)} is too short for clients that are redirected to the"
                f" bucket: write {format_duration(SHORTEST_REDIRECTED_GRACE)} or more, or"
                " `storage.redirect.disable: true`",
            )
        return self
