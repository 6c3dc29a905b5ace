"""`notifications`: who is told of what happens in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, field_validator, model_validator

from jettison.settings.duration import format_duration
from jettison.settings.models.section import Section
from jettison.settings.values import Flag, HeaderName, HeaderValue, Text, WebUrl, duration, whole, without_secrets

_SECOND = timedelta(seconds=1)
_Second: TypeAlias = Annotated[
    timedelta, PlainValidator(duration(zero_means=_SECOND)), PlainSerializer(format_duration)
]
_Ten: TypeAlias = Annotated[int, PlainValidator(whole(least=0, zero_means=10))]


class Events(Section):
    """`notifications.events`: what an event says."""

    includereferences: Flag = Field(default=False, description="Whether an event names what its manifest refers to.")


class Ignore(Section):
    """`notifications.endpoints[].ignore`: events that an endpoint is not told of."""

    mediatypes: tuple[Text, ...] = Field(default=(), description="Media types whose events are left out.")
    actions: tuple[Text, ...] = Field(default=(), description="Actions (push, pull, mount, delete) that are left out.")


class Endpoint(Section):
    """`notifications.endpoints[]`: one that is told."""

    name: Text = Field(default="", description="Name of the endpoint in logs and metrics; without it, its URL.")
    disabled: Flag = Field(default=False, description="Whether it is told nothing.")
    url: WebUrl | None = Field(default=None, description="URL to which events are posted.", repr=False)
    headers: Mapping[HeaderName, tuple[HeaderValue, ...]] = Field(
        default_factory=dict, description="Headers of each post: each name with a list of its values.", repr=False
    )
    timeout: _Second = Field(default=_SECOND, description="How long one post may take; 0 means the default.")
    threshold: _Ten = Field(
        default=10, description="How many posts in a row fail before it is left alone for a while; 0 means the default."
    )
    backoff: _Second = Field(default=_SECOND, description="How long that while is; 0 means the default.")
    ignoredmediatypes: tuple[Text, ...] = Field(default=(), description="Media types whose events are left out.")
    ignore: Ignore = Field(default=Ignore(), description="Events that it is not told of.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: object) -> object:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("url"), str):
            return values | {"name": without_secrets(values["url"])}
        return values

    @model_validator(mode="after")
    def _reachable(self) -> Endpoint:
        if self.url is None and not self.disabled:
            raise ValueError("has no `url` to post events to: add one, or `disabled: true`")
        return self


class Notifications(Section):
    """`notifications`: who is told of what happens in the registry."""

    events: Events = Field(default=Events(), description="What an event says.")
    endpoints: tuple[Endpoint, ...] = Field(default=(), description="Those who are told.")

    @field_validator("endpoints", mode="after")
    @classmethod
    def _apart(cls, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        names = [endpoint.name for endpoint in endpoints if not endpoint.disabled]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has two endpoints named {twice[0]!r}: events wait for each by its name: rename one")
        return endpoints
